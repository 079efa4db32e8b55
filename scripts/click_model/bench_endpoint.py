"""`fewclick bench-endpoint`: how long workers wait for a mask, and for what.

The demo's photos go to the local S3; what a worker would click on their objects is found out once,
through the stack itself. Then several workers send those requests again at a time, every object's
points moved by a fraction of a pixel, so that its features are computed anew.
"""

from __future__ import annotations

import io
import json
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import httpx
import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hooks.core.allowance import Allowance
from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.errors import FewclickError
from hooks.core.geometry import Point, Size
from hooks.core.masks import Mask
from hooks.core.task_token import SigningKeys, TaskToken
from hooks.core.wire import SegmentRequest, SegmentResponse
from model_endpoint.click_simulator import Policy, extreme_points, next_click
from scripts.click_model.bench_table import summarise, table_of
from scripts.click_model.load_workers import (
    STAGES,
    Load,
    Pace,
    ScriptedObject,
    ScriptedPhoto,
    drive,
)
from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.photo_set import find_photos, mask_files, read_references

DEMO_PHOTOS = Path(__file__).parent.parent / "demo_photos"
PHOTOS = 4
OBJECTS_PER_PHOTO = 2
CLICKS = 5
TOKEN_SECONDS = 24 * 3600
NO_LIMIT = Allowance(calls=10**9, per_second=1e6)
"""What is measured is how fast calls are answered, not how they are bounded."""
TABLE_WIDTH = 124


class BenchError(FewclickError):
    """The stack does not answer as it must before it can be measured."""


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """The command's options, as `fewclick bench-endpoint --help` names them."""

    workers: tuple[int, ...] = (1, 4, 16)
    seconds: float = 20.0
    megapixels: float | None = None
    model_dir: Path | None = None
    out: Path = Path("out/bench")
    seed: int = 1
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class BenchPhoto:
    """A photo as bytes, and the masks of its largest objects, bool (height, width)."""

    name: str
    body: bytes
    masks: tuple[Mask, ...]


def run_bench(options: BenchOptions) -> int:
    """Measure, print the table, write `bench.json` and `bench.png`; the exit code."""
    errors = Console(stderr=True)
    photos = read_photos(options.megapixels)
    levels: list[dict[str, Any]] = []
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn())
    paces: tuple[Pace, ...] = get_args(Pace)
    with (
        LocalGroundTruth(options.out / "stack", model_dir=options.model_dir) as local,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process,
        Progress(*columns, TimeRemainingColumn(), console=errors) as progress,
    ):
        task = progress.add_task(
            "finding out what to click", total=len(paces) * len(options.workers)
        )
        stack = _Stack(local, f"{time.time_ns():x}")
        scripts = [stack.script(photo) for photo in photos]
        model = stack.model
        for pace in paces:
            for count in options.workers:
                progress.update(task, description=f"{count} at a time, {pace}")
                load = Load(
                    click_api=local.click_api_url,
                    photos=stack.photos_of(f"{pace}-{count}", count, photos, scripts),
                    pace=pace,
                    seconds=options.seconds,
                    seed=options.seed,
                )
                samples = process.submit(drive, load).result()
                levels.append(summarise(pace, count, options.seconds, samples))
                progress.advance(task)
    found = {
        "model": model,
        "processors": os.cpu_count(),
        "seconds": options.seconds,
        "megapixels": [_megapixels(photo) for photo in photos],
        "stages": list(STAGES),
        "levels": levels,
    }
    written = write_results(found, options.out, errors)
    if options.as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        console = Console()
        console.width = max(console.width, TABLE_WIDTH)
        console.print(table_of(found))
        console.print(f"Written to {options.out}: {', '.join(written)}")
    answered = all(kind["answered"] for level in levels for kind in level["kinds"])
    return 0 if answered else 1


class _Stack:
    """The local stack as the bench uses it: photos go in, tokens and requests come out."""

    def __init__(self, local: LocalGroundTruth, run: str) -> None:
        self._local = local
        self._run = run
        self.model = ""
        secrets = local.client("secretsmanager")
        name = secrets.list_secrets()["SecretList"][0]["ARN"]
        self._keys = SigningKeys.from_secret(
            secrets.get_secret_value(SecretId=name)["SecretString"]
        )

    def token(self, folder: str, photo: BenchPhoto) -> str:
        """Put a photo into S3; the token that lets a page click on it."""
        key = f"bench/{self._run}/{folder}/{photo.name}"
        self._local.s3.put_object(Bucket=self._local.bucket, Key=key, Body=photo.body)
        address = f"s3://{self._local.bucket}/{key}"
        expires = int(time.time()) + TOKEN_SECONDS
        return TaskToken("bench", "bench", address, expires, key, NO_LIMIT).mint(self._keys)

    def photos_of(
        self,
        level: str,
        workers: int,
        photos: Sequence[BenchPhoto],
        scripts: Sequence[tuple[ScriptedObject, ...]],
    ) -> tuple[tuple[ScriptedPhoto, ...], ...]:
        """For every worker the photos, under addresses that nobody has opened yet."""
        return tuple(
            tuple(
                ScriptedPhoto(self.token(f"{level}/{worker}", photo), objects)
                for photo, objects in zip(photos, scripts, strict=True)
            )
            for worker in range(workers)
        )

    def script(self, photo: BenchPhoto) -> tuple[ScriptedObject, ...]:
        """What a worker sends for a photo's objects: points, then a click on each mask."""
        token = self.token("script", photo)
        return tuple(self._script_object(token, mask) for mask in photo.masks)

    def _script_object(self, token: str, reference: Mask) -> ScriptedObject:
        size = Size(reference.shape[1], reference.shape[0])
        points = ExtremePoints.from_points(
            [Point(float(x), float(y)) for x, y in extreme_points(reference)]
        )
        requests = [SegmentRequest("1", 0, points)]
        clicks: list[Click] = []
        for count in range(1, CLICKS + 1):
            answer = self._segment(token, requests[-1])
            policy: Policy = "boundary" if count % 2 else "region"
            click = next_click(reference, answer.mask.to_mask(size), policy)
            if click is None:
                break
            clicks.append(Click(Point(click.x, click.y), ClickKind(click.kind)))
            requests.append(SegmentRequest("1", count, points, tuple(clicks), answer.previous_mask))
        return ScriptedObject(tuple(requests))

    def _segment(self, token: str, request: SegmentRequest) -> SegmentResponse:
        reply = httpx.post(
            f"{self._local.click_api_url}/segment",
            content=request.to_json(),
            headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
            timeout=60,
            trust_env=False,
        )
        if reply.status_code != 200:
            raise BenchError(f"the click API answered {reply.status_code}: {reply.text[:300]}")
        answer = SegmentResponse.from_json(reply.content)
        self.model = answer.model
        return answer


def read_photos(megapixels: float | None) -> list[BenchPhoto]:
    """The first of the demo's photos that have masks, enlarged to so many megapixels if asked."""
    masks = DEMO_PHOTOS / "masks"
    chosen = [path for path in find_photos(DEMO_PHOTOS / "images") if mask_files(masks, path)]
    photos = []
    for path in chosen[:PHOTOS]:
        objects = [reference.mask for reference in read_references(masks, path)]
        body = path.read_bytes()
        kept = objects[:OBJECTS_PER_PHOTO]
        if megapixels is not None:
            body, kept = _enlarged(body, kept, megapixels)
        photos.append(BenchPhoto(path.name, body, tuple(kept)))
    return photos


def _enlarged(body: bytes, masks: Sequence[Mask], megapixels: float) -> tuple[bytes, list[Mask]]:
    """A JPEG of so many megapixels, and the masks as large."""
    with Image.open(io.BytesIO(body)) as image:
        scale = math.sqrt(megapixels * 1e6 / (image.width * image.height))
        size = (round(image.width * scale), round(image.height * scale))
        stream = io.BytesIO()
        image.convert("RGB").resize(size).save(stream, "JPEG", quality=90)
    large = [np.asarray(Image.fromarray(mask).resize(size)) for mask in masks]
    return stream.getvalue(), large


def _megapixels(photo: BenchPhoto) -> float:
    return round(photo.masks[0].size / 1e6, 2)


def write_results(found: dict[str, Any], folder: Path, errors: Console) -> list[str]:
    """Write the figures and the plot; the names of the files."""
    (folder / "bench.json").write_text(json.dumps(found, indent=1) + "\n")
    try:
        from scripts.click_model.bench_plot import plot_bench

        plot_bench(found, folder / "bench.png")
    except ImportError:
        errors.print("No plot: it needs matplotlib (pip install 'fewclick[train]').")
        return ["bench.json"]
    return ["bench.json", "bench.png"]
