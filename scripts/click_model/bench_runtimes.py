"""`fewclick bench-runtimes`: what runs the click model fastest on this machine's processors.

The same crops of the demo's photos go through every runtime, taking turns so that other work on
the machine hits all of them alike. int8 is ONNX Runtime's static quantisation, calibrated on the
first crops.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from hooks.core.errors import FewclickError
from hooks.core.masks import iou
from hooks.core.photo import open_photo
from model_endpoint.click_simulator import extreme_points
from model_endpoint.crop import CropBox
from model_endpoint.guidance import CropClick, encoder_input, prompt_maps
from model_endpoint.model_directory import CONFIG_FILE, SHIPPED
from model_endpoint.onnx_network import DECODER_FILE, ENCODER_FILE, FEATURE_NAMES
from scripts.click_model.bench_endpoint import DEMO_PHOTOS
from scripts.photo_set import find_photos, mask_files, read_references

Arrays = list[npt.NDArray[np.float32]]
OBJECTS = 16
CALIBRATION_OBJECTS = 8
WARM_UP = 3


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """The command's options, as `fewclick bench-runtimes --help` names them."""

    threads: tuple[int, ...] = (1, 2)
    repeats: int = 30
    model_dir: Path | None = None
    compile: bool = True
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Runtime:
    """One way to run both graphs.

    Attributes:
        encode: (1, 5, s, s) -> features at four strides.
        decode: those and (1, 6, s/2, s/2) prompts -> (1, 1, s, s) logits.
        before: called before each turn, for settings that a whole process shares.
    """

    name: str
    threads: int
    encode: Callable[[npt.NDArray[np.float32]], Arrays]
    decode: Callable[[Arrays, npt.NDArray[np.float32]], npt.NDArray[np.float32]]
    before: Callable[[], None] = lambda: None


def run_bench_runtimes(options: RuntimeOptions) -> int:
    """Measure and print; the exit code."""
    try:
        from scripts.click_model.runtime_kinds import build_runtimes
    except ImportError as error:
        raise FewclickError(
            "this comparison needs torch and onnx: pip install 'fewclick[train]'."
        ) from error
    directory = options.model_dir or SHIPPED
    try:
        size = int(json.loads((directory / CONFIG_FILE).read_text())["size"])
    except (OSError, ValueError, KeyError) as error:
        raise FewclickError(f"{directory}: no readable model configuration ({error}).") from error
    for name in (ENCODER_FILE, DECODER_FILE):
        if not (directory / name).exists():
            raise FewclickError(f"{directory} has no {name}: it is no ONNX model directory.")
    crops = read_crops(size)
    clicks = [CropClick(size / 2, size / 2, "inside")]
    prompts = prompt_maps(clicks, np.full((size // 2, size // 2), 0.4, np.float32), size)[None]
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<24}"), BarColumn())
    with tempfile.TemporaryDirectory() as scratch, Progress(*columns, console=console) as progress:
        task = progress.add_task("preparing", total=None)
        runtimes = build_runtimes(
            directory,
            size,
            options.threads,
            crops[:CALIBRATION_OBJECTS],
            prompts,
            Path(scratch),
            with_compile=options.compile,
        )
        progress.update(task, description="measuring", total=options.repeats)
        rows = measure(runtimes, crops, prompts, options.repeats, lambda: progress.advance(task))
    found = {"model_dir": directory.name, "processors": os.cpu_count(), "rows": rows}
    if options.as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        Console().print(table_of(rows))
    return 0


def read_crops(size: int) -> list[npt.NDArray[np.float32]]:
    """Encoder inputs, (1, 5, size, size), of the demo's objects."""
    masks = DEMO_PHOTOS / "masks"
    crops: list[npt.NDArray[np.float32]] = []
    for path in find_photos(DEMO_PHOTOS / "images"):
        if not mask_files(masks, path):
            continue
        photo = open_photo(path.read_bytes(), path.name)
        for reference in read_references(masks, path)[:2]:
            points = extreme_points(reference.mask)
            left, top = points.min(0)
            right, bottom = points.max(0)
            crop = CropBox.around((left, top, right, bottom), size)
            colours, covered = crop.cut(photo)
            at = crop.to_crop(points).astype(np.float32)
            crops.append(encoder_input(colours, at, covered)[None])
    return crops[:OBJECTS]


def measure(
    runtimes: Sequence[Runtime],
    crops: Sequence[npt.NDArray[np.float32]],
    prompts: npt.NDArray[np.float32],
    repeats: int,
    advance: Callable[[], None],
) -> list[dict[str, Any]]:
    """Median and p90 milliseconds by runtime, and the mean IoU of its masks with the first's."""
    took: list[tuple[list[float], list[float]]] = [([], []) for _ in runtimes]
    masks: list[list[npt.NDArray[np.bool_]]] = [[] for _ in runtimes]
    for turn in range(repeats + WARM_UP):
        crop = crops[turn % len(crops)]
        for place, runtime in enumerate(runtimes):
            runtime.before()
            started = time.perf_counter()
            features = runtime.encode(crop)
            encoded = time.perf_counter()
            logits = runtime.decode(features, prompts)
            decoded = time.perf_counter()
            if turn >= WARM_UP:
                took[place][0].append(1000 * (encoded - started))
                took[place][1].append(1000 * (decoded - encoded))
                masks[place].append(np.asarray(logits)[0, 0] > 0)
        if turn >= WARM_UP:
            advance()
    rows = []
    for runtime, (encode, decode), made in zip(runtimes, took, masks, strict=True):
        alike = [iou(one, other) for one, other in zip(made, masks[0], strict=True)]
        rows.append(
            {
                "runtime": runtime.name,
                "threads": runtime.threads,
                "encode_ms": [round(float(np.percentile(encode, p)), 1) for p in (50, 90)],
                "decode_ms": [round(float(np.percentile(decode, p)), 1) for p in (50, 90)],
                "mask_iou": round(float(np.mean(alike)), 4),
            }
        )
    return rows


def table_of(rows: Sequence[dict[str, Any]]) -> Table:
    """One row per runtime and number of threads."""
    table = Table(title="milliseconds, p50 · p90", title_justify="left", box=SIMPLE_HEAD)
    for name in ("runtime", "threads"):
        table.add_column(name)
    for name in ("encode", "decode", "masks' IoU with the first's"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row["runtime"],
            str(row["threads"]),
            " · ".join(f"{value:.1f}" for value in row["encode_ms"]),
            " · ".join(f"{value:.1f}" for value in row["decode_ms"]),
            f"{row['mask_iou']:.4f}",
        )
    return table


def feature_inputs(features: Arrays, prompts: npt.NDArray[np.float32]) -> dict[str, Any]:
    """The decoder graph's inputs by name."""
    return dict(zip(FEATURE_NAMES, features, strict=True)) | {"prompts": prompts}
