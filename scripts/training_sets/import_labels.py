"""`fewclick import`: other tools' labels become the input manifest of a job that checks them.

Every line has the form of a built-in semantic segmentation job's output, so that adjustment and
verification jobs, this tool's and Ground Truth's, take it; and `fewclick export` reads it.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from hooks.core.categories import LabelCategories
from hooks.core.errors import FewclickError
from hooks.core.manifest import METADATA_SUFFIX
from hooks.core.masks import VOID, write_label_map
from hooks.core.photo import open_photo
from scripts.object_store import open_store
from scripts.training_sets.export_target import StoreTarget
from scripts.training_sets.exporters.augmented_manifest import segmentation_metadata
from scripts.training_sets.importers.coco import open_coco
from scripts.training_sets.importers.cvat import open_cvat
from scripts.training_sets.importers.imported import (
    ImportedImage,
    ImportedSet,
    Importer,
    ImportProblem,
    header_of,
)
from scripts.training_sets.importers.plain_masks import open_plain_masks
from scripts.training_sets.importers.voc import open_voc
from scripts.training_sets.importers.yolo import open_yolo
from scripts.training_sets.labeled_pixels import MEDIA_TYPES

THREADS = 16
AHEAD = 2
MANIFEST_FILE = "input.manifest"
LABELS_FILE = "labels.json"


class ImportFormat(StrEnum):
    """What can be imported."""

    COCO = "coco"
    VOC = "voc"
    YOLO = "yolo"
    CVAT = "cvat"
    PNG = "png"


IMPORTERS: Mapping[ImportFormat, Importer] = {
    ImportFormat.COCO: open_coco,
    ImportFormat.VOC: open_voc,
    ImportFormat.YOLO: open_yolo,
    ImportFormat.CVAT: open_cvat,
    ImportFormat.PNG: open_plain_masks,
}


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the command line asked for; see `fewclick import --help`."""

    path: Path
    format: ImportFormat
    out: str
    images: Path | None = None
    photos: str | None = None
    attribute: str = "imported"
    human: bool = True
    s3_folder: Path | None = None
    as_json: bool = False


@dataclass
class ImportResult:
    """What came of it; `problems` are sentences on images that were left out."""

    lines: int = 0
    problems: list[str] = field(default_factory=list)
    class_images: dict[str, int] = field(default_factory=dict)


def run_import(options: ImportOptions) -> int:
    """Import; the exit code."""
    console = Console(stderr=True)
    if not options.out.startswith("s3://"):
        raise FewclickError(
            f"--out {options.out}: labeling jobs read from S3, so it must be an s3:// address; "
            "with --s3-folder it is one of the local Ground Truth."
        )
    try:
        imported = IMPORTERS[options.format](options.path, options.images)
    except ImportError as error:
        raise FewclickError("this format needs OpenCV: pip install 'fewclick[export]'.") from error
    target = StoreTarget(open_store(options.s3_folder), options.out.rstrip("/"))
    writer = _Writer(options, imported.labels, target, datetime.now(UTC))
    result = ImportResult()
    images = track(imported.images(), "importing", console=console, transient=True)
    lines = _lines(writer, images, result)
    target.write_long(
        MANIFEST_FILE, (line.encode() + b"\n" for line in lines), "application/x-jsonlines"
    )
    categories = json.dumps(imported.labels.to_category_file(), ensure_ascii=False)
    target.write(LABELS_FILE, categories.encode(), "application/json")
    _say(options, target, imported, result, console)
    return 1 if result.problems or not result.lines else 0


def _say(
    options: ImportOptions,
    target: StoreTarget,
    imported: ImportedSet,
    result: ImportResult,
    console: Console,
) -> None:
    said = {
        "images": result.lines,
        "classes": {name: result.class_images.get(name, 0) for name in imported.labels},
        "manifest": f"{target.address}/{MANIFEST_FILE}",
        "labels": f"{target.address}/{LABELS_FILE}",
        "attribute": f"{options.attribute}-ref",
        "problems": result.problems,
    }
    if options.as_json:
        typer.echo(json.dumps(said, ensure_ascii=False, indent=1))
        return
    typer.echo(f"{result.lines} images imported.")
    for name in imported.labels:
        typer.echo(f"{name[:28]:<28} {result.class_images.get(name, 0):>7}")
    for problem in result.problems:
        console.print(problem, soft_wrap=True, markup=False)
    console.print(f"Input manifest   {said['manifest']}", soft_wrap=True)
    console.print(f"Label categories {said['labels']}", soft_wrap=True)


@dataclass(frozen=True, slots=True)
class _Line:
    """A manifest line, and the class indices that its mask has."""

    text: str
    classes: tuple[int, ...]


def _lines(writer: _Writer, images: Iterable[ImportedImage], result: ImportResult) -> Iterator[str]:
    """Manifest lines in order; images are worked on side by side, a bounded number at a time."""
    names = writer.labels
    with ThreadPoolExecutor(THREADS) as pool:
        begun: deque[tuple[ImportedImage, Future[_Line]]] = deque()

        def finished() -> Iterator[str]:
            image, future = begun.popleft()
            try:
                line = future.result()
            except (FewclickError, OSError) as error:
                result.problems.append(f"{image.where}: {error}")
                return
            result.lines += 1
            for index in line.classes:
                name = names.name(index)
                result.class_images[name] = result.class_images.get(name, 0) + 1
            yield line.text

        for image in images:
            begun.append((image, pool.submit(writer.write, image, writer.name_of(image))))
            if len(begun) > THREADS * AHEAD:
                yield from finished()
        while begun:
            yield from finished()


class _Writer:
    """Puts photos and masks where the manifest says they are."""

    def __init__(
        self,
        options: ImportOptions,
        labels: LabelCategories,
        target: StoreTarget,
        made: datetime,
    ) -> None:
        self.labels = labels
        self._options, self._target = options, target
        self._made = made.strftime("%Y-%m-%dT%H:%M:%S.%f")
        self._names: set[str] = set()

    def name_of(self, image: ImportedImage) -> str:
        """The photo's stem, with a number if that is taken, whatever its case."""
        name, number = image.photo.stem, 1
        while name.lower() in self._names:
            number += 1
            name = f"{image.photo.stem}_{number}"
        self._names.add(name.lower())
        return name

    def write(self, image: ImportedImage, name: str) -> _Line:
        """Raises FewclickError or OSError when the image cannot be used."""
        if image.problem:
            raise ImportProblem(image.problem)
        header = header_of(image.photo)
        label_map = image.read(header)
        raw = image.photo.read_bytes()
        open_photo(raw, str(image.photo))  # a damaged one must not go to workers
        colors = self.labels.colors()
        png = write_label_map(label_map, colors, orientation=header.orientation)
        source = self._source(image, name, raw)
        mask = f"masks/{name}.png"
        self._target.write(mask, png, "image/png")
        indices = [int(index) for index in np.unique(label_map) if index != VOID]
        attribute = f"{self._options.attribute}-ref"
        metadata: dict[str, Any] = segmentation_metadata(
            self.labels,
            sorted({0, *indices}),
            0.0,
            human=self._options.human,
            job_name="labeling-job/fewclick-import",
            creation_date=self._made,
        )
        line = {
            "source-ref": source,
            attribute: f"{self._target.address}/{mask}",
            f"{attribute}{METADATA_SUFFIX}": metadata,
        }
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        return _Line(text, tuple(index for index in indices if index))

    def _source(self, image: ImportedImage, name: str, raw: bytes) -> str:
        """The photo's address in S3: where it is already, or where it is put."""
        if self._options.photos is not None:
            return f"{self._options.photos.rstrip('/')}/{image.photo.name}"
        suffix = image.photo.suffix.lower().replace(".jpeg", ".jpg")
        file = f"photos/{name}{suffix}"
        self._target.write(file, raw, MEDIA_TYPES.get(suffix, "application/octet-stream"))
        return f"{self._target.address}/{file}"
