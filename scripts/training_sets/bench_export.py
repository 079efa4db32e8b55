"""`fewclick bench-export`: how fast an export is beside a loop that only copies the same bytes.

Photos of 640 x 480 pixels and their masks lie in the local S3, which runs in a process of its own.
Each contestant is a whole process, from its start to its end: `fewclick export` as SageMaker's
channels, and a loop that reads the same objects with as many threads and writes their bytes to
files. Peak memory is that of the process, so that it can be compared between numbers of lines.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import typer
from PIL import Image
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hooks.core.categories import LabelCategories
from hooks.core.masks import LabelMap, write_label_map
from scripts.local_ground_truth.s3_disk import S3Disk
from scripts.object_store import open_store
from scripts.training_sets.export_run import THREADS
from scripts.training_sets.labeled_set import LabeledImage, read_labeled_set

BUCKET = "labels"
WIDTH, HEIGHT = 640, 480
SCENES = 40
"""Different photos; the other lines have copies of them under names of their own."""
LABELS = LabelCategories.from_names(["cat", "dog", "bird"])
SECONDS_BETWEEN_LOOKS = 0.02
"""At a process's memory."""
KEY, SECRET, REGION = "LOCALKEY", "local secret", "us-east-1"


@dataclass(frozen=True, slots=True)
class Contest:
    """One number of lines: seconds and peak memory in MB of both contestants."""

    lines: int
    export_seconds: float
    export_mb: float
    copy_seconds: float
    copy_mb: float

    @property
    def share(self) -> float:
        """The export's rate as a share of the copying loop's."""
        return self.copy_seconds / self.export_seconds

    def to_json(self) -> dict[str, float]:
        return {
            "lines": self.lines,
            "export_per_second": round(self.lines / self.export_seconds, 2),
            "copy_per_second": round(self.lines / self.copy_seconds, 2),
            "share": round(self.share, 3),
            "export_mb": round(self.export_mb, 1),
            "copy_mb": round(self.copy_mb, 1),
        }


def run_bench(counts: Sequence[int], seed: int, *, as_json: bool) -> int:
    """Run all contests and print the table; the exit code."""
    console = Console(stderr=True)
    contests = []
    with tempfile.TemporaryDirectory(prefix="fewclick-bench-") as folder:
        root = Path(folder)
        with console.status("Drawing photos"):
            write_objects(root / "s3", max(counts), seed)
        with serving(root / "s3") as environment:
            for count in counts:
                manifest = root / f"{count}.manifest"
                manifest.write_text("".join(_lines(count)), encoding="utf-8")
                with console.status(f"{count} lines"):
                    contests.append(_contest(count, manifest, root / f"out-{count}", environment))
    if as_json:
        typer.echo(json.dumps([contest.to_json() for contest in contests], indent=1))
    else:
        Console().print(table_of(contests))
    return 0


def write_objects(folder: Path, count: int, seed: int) -> None:
    """`count` photos and masks as the local S3 keeps them."""
    S3Disk(folder).save_bucket(BUCKET, {})
    for place in ("photos", "masks"):
        (folder / BUCKET / place).mkdir(parents=True, exist_ok=True)
    drawn = [scene(np.random.default_rng([seed, number])) for number in range(SCENES)]
    scenes = [(photo, write_label_map(mask, LABELS.colors())) for photo, mask in drawn]
    for number in range(count):
        photo, mask = scenes[number % SCENES]
        (folder / BUCKET / "photos" / f"{number:06d}.jpg").write_bytes(photo)
        (folder / BUCKET / "masks" / f"{number:06d}.png").write_bytes(mask)


def scene(rng: np.random.Generator) -> tuple[bytes, LabelMap]:
    """A photo's JPEG, about as many bytes as real ones have, and what is on it."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    for index in rng.integers(1, len(LABELS) + 1, 4):
        y, x = rng.uniform(0, HEIGHT), rng.uniform(0, WIDTH)
        radius = rng.uniform(40, 140)
        wave = radius * (1 + 0.2 * np.sin(7 * np.arctan2(rows - y, columns - x)))
        label_map[np.hypot(rows - y, columns - x) < wave] = index
    coarse = rng.integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3)).astype(np.uint8)
    smooth = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    pixels = (
        np.asarray(smooth) // 2
        + 40 * label_map[..., None]
        + rng.integers(0, 12, (HEIGHT, WIDTH, 1))
    )
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue(), label_map


def _lines(count: int) -> Iterator[str]:
    colors = {
        str(index): {"class-name": LABELS.name(index), "hex-color": LABELS.color(index)}
        for index in range(LABELS.num_classes)
    }
    for number in range(count):
        line = {
            "source-ref": f"s3://{BUCKET}/photos/{number:06d}.jpg",
            "bench-ref": f"s3://{BUCKET}/masks/{number:06d}.png",
            "bench-ref-metadata": {
                "internal-color-map": colors,
                "type": "groundtruth/semantic-segmentation",
                "human-annotated": "yes",
                "creation-date": "2026-11-25T10:00:00.000000",
                "job-name": "labeling-job/bench",
            },
        }
        yield json.dumps(line) + "\n"


@contextmanager
def serving(folder: Path) -> Iterator[Mapping[str, str]]:
    """The local S3 over a folder in another process; variables that lead boto3 there."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(folder, theirs), daemon=True)
    server.start()
    try:
        url = ours.recv()
        yield {
            **os.environ,
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
        }
    finally:
        ours.send("stop")
        server.join()


def _serve(folder: Path, connection: Connection) -> None:
    from botocore.credentials import Credentials

    from scripts.local_ground_truth.clock import system_clock
    from scripts.local_ground_truth.cloud import Cloud, cloud_request_handler
    from scripts.local_ground_truth.http_server import LocalServer

    server = LocalServer(handler=cloud_request_handler())
    cloud = Cloud(
        S3Disk(folder),
        Credentials(KEY, SECRET),
        system_clock,
        control_plane=lambda environ, start_response: [],
        control_plane_targets=frozenset(),
    )
    server.start(cloud)
    connection.send(server.url)
    connection.recv()
    server.stop()
    cloud.close()


def _contest(count: int, manifest: Path, out: Path, environment: Mapping[str, str]) -> Contest:
    copying = [sys.executable, "-m", __name__, str(manifest), f"{out}-copied"]
    copy_seconds, copy_mb = measured_run(copying, environment)
    exporting = [sys.executable, "-m", "scripts", "export", str(manifest), "--out", str(out)]
    export_seconds, export_mb = measured_run(exporting, environment)
    return Contest(count, export_seconds, export_mb, copy_seconds, copy_mb)


def measured_run(command: list[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds and peak memory in MB of a process.

    Raises:
        CalledProcessError: it failed.
    """
    import psutil  # comes with the local Ground Truth

    started, peak = time.monotonic(), 0
    with tempfile.TemporaryFile() as output:
        process = psutil.Popen(
            command, env=dict(environment), stdout=output, stderr=subprocess.STDOUT
        )
        while process.poll() is None:
            with suppress(psutil.Error):
                peak = max(peak, process.memory_info().rss)
            time.sleep(SECONDS_BETWEEN_LOOKS)
        seconds = time.monotonic() - started
        if process.returncode:
            output.seek(0)
            raise subprocess.CalledProcessError(process.returncode, command, output.read())
    return seconds, peak / 1024**2


def copy_bytes(manifest: str, out: Path) -> None:
    """The plain loop: read every photo and mask, write their bytes to files."""
    store = open_store(None)
    for folder in ("photos", "masks"):
        (out / folder).mkdir(parents=True, exist_ok=True)

    def copy(uri: str) -> None:
        out.joinpath(*uri.split("/")[-2:]).write_bytes(store.read(uri))

    def copy_line(image: Any) -> None:
        assert isinstance(image, LabeledImage)
        copy(image.source_ref)
        copy(image.label.mask_ref)

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(copy_line, read_labeled_set([manifest], store)):
            pass


def table_of(contests: Sequence[Contest]) -> Table:
    """One row a number of lines."""
    table = Table(header_style="bold", box=SIMPLE_HEAD)
    names = ("lines", "export / s", "copy / s", "share", "export MB", "copy MB")
    for name in names:
        table.add_column(name, justify="right")
    for contest in contests:
        table.add_row(
            str(contest.lines),
            f"{contest.lines / contest.export_seconds:.1f}",
            f"{contest.lines / contest.copy_seconds:.1f}",
            f"{100 * contest.share:.0f} %",
            f"{contest.export_mb:.0f}",
            f"{contest.copy_mb:.0f}",
        )
    return table


if __name__ == "__main__":
    copy_bytes(sys.argv[1], Path(sys.argv[2]))
