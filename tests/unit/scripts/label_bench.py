"""Labeled photos in a folder that stands for S3, with the output manifests that name them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.masks import LabelMap, write_label_map
from hooks.core.photo import orientation_exif, to_file_grid
from scripts.object_store import FolderObjects
from tests.grid import label_grid

BUCKET = "labels"
COLORS = {"cat": "#e69f00", "dog": "#56b4e9", "bird": "#009e73"}
WHITE = "#ffffff"


@dataclass
class LabelBench:
    """Photos, masks and a manifest, made line by line."""

    folder: Path
    lines: list[str] = field(default_factory=list)

    @property
    def s3_folder(self) -> Path:
        return self.folder / "s3"

    @property
    def store(self) -> FolderObjects:
        return FolderObjects(self.s3_folder)

    def put(self, key: str, body: bytes) -> str:
        uri = f"s3://{BUCKET}/{key}"
        self.store.write(uri, body, "application/octet-stream")
        return uri

    def add(
        self,
        key: str,
        picture: str | LabelMap,
        labels: tuple[str, ...] = ("cat", "dog"),
        *,
        colors: Mapping[str, str] | None = None,
        attribute: str = "pets",
        kind: str = "JPEG",
        orientation: int = 1,
        confidence: float = 0.9,
        photo: bytes | None = None,
        mask: bytes | None = None,
        **more: Any,
    ) -> None:
        """A line in this tool's form; digits of the picture are places in `labels`, from 1."""
        label_map = label_grid(picture) if isinstance(picture, str) else picture
        shades = {name: (colors or COLORS)[name] for name in labels}
        number = len(self.lines)
        palette = {0: WHITE} | dict(enumerate(shades.values(), start=1))
        png = mask or write_label_map(label_map, palette, orientation=orientation)
        source = self.put(key, photo or photo_of(label_map, kind, orientation))
        line: dict[str, Any] = {
            "source-ref": source,
            attribute: {
                "mask-ref": self.put(f"masks/{attribute}/{number}.png", png),
                "internal-color-map": color_map(labels, shades),
                "confidence": confidence,
                "status": "consensus",
            },
            f"{attribute}-metadata": {
                "type": "groundtruth/custom",
                "human-annotated": "yes",
                "creation-date": "2026-11-20T10:00:00",
            },
        }
        self.lines.append(json.dumps(line | more))

    def add_built_in(self, key: str, picture: str, labels: tuple[str, ...], **more: Any) -> None:
        """A line as a built-in semantic segmentation job writes it."""
        label_map = label_grid(picture)
        palette = {0: WHITE} | {place: COLORS[name] for place, name in enumerate(labels, start=1)}
        line = {
            "source-ref": self.put(key, photo_of(label_map)),
            "street-ref": self.put(
                f"masks/street/{len(self.lines)}.png", write_label_map(label_map, palette)
            ),
            "street-ref-metadata": {
                "internal-color-map": color_map(labels, COLORS),
                "type": "groundtruth/semantic-segmentation",
                "human-annotated": "no",
                "creation-date": "2026-11-20T10:00:00",
            },
        }
        self.lines.append(json.dumps(line | more))

    def manifest(self, name: str = "output.manifest") -> str:
        """Write the lines so far to a manifest of their own and begin another; its path."""
        path = self.folder / name
        path.write_text("".join(line + "\n" for line in self.lines), encoding="utf-8")
        self.lines = []
        return str(path)


def color_map(labels: tuple[str, ...], colors: Mapping[str, str]) -> dict[str, Any]:
    entries = {"0": {"class-name": "BACKGROUND", "hex-color": WHITE, "confidence": 0.9}}
    for place, name in enumerate(labels, start=1):
        entries[str(place)] = {"class-name": name, "hex-color": colors[name], "confidence": 0.9}
    return entries


def photo_of(label_map: LabelMap, kind: str = "JPEG", orientation: int = 1) -> bytes:
    """A photo of the label map's size, lighter where there is something."""
    grey = np.where(label_map > 0, 200, 60).astype(np.uint8)
    pixels = to_file_grid(np.stack([grey] * 3, axis=-1), orientation)
    return saved(pixels, kind, orientation)


def saved(pixels: npt.NDArray[np.uint8], kind: str = "JPEG", orientation: int = 1) -> bytes:
    stream = io.BytesIO()
    options: dict[str, Any] = {"quality": 95} if kind == "JPEG" else {}
    if orientation != 1:
        options["exif"] = orientation_exif(orientation)
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()
