"""`fewclick bench-conversion`: how fast answers become labels, and in how much memory.

Photos of 640 x 480 pixels and answers lie in the local S3, which runs in a process of its own. A
conversion is a whole process, from its start to its written manifests; its peak memory can be
compared between numbers of answers: it must not grow with them.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hooks.core.manifest import ManifestLine
from hooks.core.masks import LabelMap
from scripts.auto_labeling.answered import Answered
from scripts.auto_labeling.answers.format_name import FormatName
from scripts.auto_labeling.answers.own_answer import encode_label_map
from scripts.auto_labeling.conversion import ConversionSettings, convert_answers, open_conversion
from scripts.auto_labeling.found_label import LabelRules
from scripts.auto_labeling.label_manifest import write_manifests
from scripts.local_ground_truth.s3_disk import S3Disk
from scripts.object_store import open_store
from scripts.training_sets.bench_export import BUCKET, LABELS, measured_run, scene, serving

SCENES = 20
"""Different photos; the other lines have them under names of their own."""
CREATION_DATE = "2026-11-25T10:00:00.000000"


@dataclass(frozen=True, slots=True)
class Measured:
    """One number of answers: seconds, and peak memory in MB."""

    answers: int
    seconds: float
    megabytes: float

    def to_json(self) -> dict[str, float]:
        return {
            "answers": self.answers,
            "per_second": round(self.answers / self.seconds, 2),
            "seconds": round(self.seconds, 2),
            "megabytes": round(self.megabytes, 1),
        }


def run_bench(counts: Sequence[int], answer_format: FormatName, seed: int, *, as_json: bool) -> int:
    """Convert so many answers each and print the table; the exit code."""
    console = Console(stderr=True)
    found = []
    with tempfile.TemporaryDirectory(prefix="fewclick-bench-") as folder:
        root = Path(folder)
        with console.status("Drawing photos"):
            write_objects(root / "s3", max(counts), answer_format, seed)
        with serving(root / "s3") as environment:
            for count in counts:
                with console.status(f"{count} answers"):
                    found.append(_measure(count, answer_format, root / str(count), environment))
    if as_json:
        typer.echo(json.dumps([item.to_json() for item in found], indent=1))
    else:
        Console().print(table_of(found))
    return 0


def write_objects(folder: Path, count: int, answer_format: FormatName, seed: int) -> None:
    """`count` photos and answers as the local S3 keeps them; equal ones are one file on disk."""
    S3Disk(folder).save_bucket(BUCKET, {})
    for place in ("photos", "answers"):
        (folder / BUCKET / place).mkdir(parents=True)
    for number in range(min(count, SCENES)):
        photo, label_map = scene(np.random.default_rng([seed, number]))
        (folder / BUCKET / "photos" / f"{number}.jpg").write_bytes(photo)
        body = _answer(label_map, answer_format)
        (folder / BUCKET / "answers" / f"{number}.out").write_bytes(body)
    for number in range(SCENES, count):
        for place, suffix in (("photos", "jpg"), ("answers", "out")):
            parent = folder / BUCKET / place
            os.link(parent / f"{number % SCENES}.{suffix}", parent / f"{number}.{suffix}")


def _answer(label_map: LabelMap, name: FormatName) -> bytes:
    """A model's answer that says what is on the photo."""
    present = np.unique(label_map[label_map > 0]).tolist()
    if name is FormatName.FEWCLICK:
        sure = {LABELS.name(index): 0.9 for index in present}
        return encode_label_map(label_map, ("BACKGROUND", *LABELS.names), 0.9, sure)
    height, width = label_map.shape
    document = {
        "ids": [index - 1 for index in present],
        "scores": [0.9] * len(present),
        "bboxes": [[0, 0, width, height]] * len(present),
        "masks": [(label_map == index).astype(int).tolist() for index in present],
        "labels": list(LABELS.names),
    }
    return json.dumps(document).encode()


def _measure(
    count: int, answer_format: FormatName, folder: Path, environment: Mapping[str, str]
) -> Measured:
    command = [sys.executable, "-m", __name__, str(count), answer_format.value, str(folder)]
    seconds, megabytes = measured_run(command, environment)
    return Measured(count, seconds, megabytes)


def convert_all(count: int, answer_format: FormatName, folder: Path) -> None:
    """What is measured: `count` answers converted, and the manifests written."""
    labels = {name: name for name in LABELS}
    settings = ConversionSettings(
        answer_format,
        "masks",
        LabelRules(LABELS, labels, 0.5),
        "auto",
        f"s3://{BUCKET}/masks-{count}",
        "bench",
    )
    outcomes = (
        Answered(line, f"s3://{BUCKET}/photos/{line}.jpg", f"s3://{BUCKET}/answers/{line}.out")
        for line in range(count)
    )

    def lines() -> Iterator[ManifestLine]:
        for line in range(count):
            yield ManifestLine(line + 1, {"source-ref": f"s3://{BUCKET}/photos/{line}.jpg"})

    with open_conversion(folder, settings, CREATION_DATE) as journal:
        summary = convert_answers(outcomes, open_store(None), settings, journal)
        files = write_manifests(lines(), journal, LABELS, folder)
    if not summary.labeled + summary.nothing_found == files.labeled_count == count:
        raise SystemExit(f"of {count} answers {files.labeled_count} became labels: {summary}")


def table_of(found: Sequence[Measured]) -> Table:
    """One row a number of answers."""
    table = Table(header_style="bold", box=SIMPLE_HEAD)
    for name in ("answers", "answers / s", "seconds", "peak MB"):
        table.add_column(name, justify="right")
    for item in found:
        table.add_row(
            str(item.answers),
            f"{item.answers / item.seconds:.1f}",
            f"{item.seconds:.0f}",
            f"{item.megabytes:.0f}",
        )
    return table


if __name__ == "__main__":
    convert_all(int(sys.argv[1]), FormatName(sys.argv[2]), Path(sys.argv[3]))
