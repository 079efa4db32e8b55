"""A training set in SageMaker's channels, as `fewclick export` writes it, to be read again."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.errors import FewclickError
from hooks.core.masks import VOID, LabelMap
from hooks.core.photo import open_photo
from scripts.training_sets.export_summary import SUMMARY_FILE
from scripts.training_sets.export_target import Target
from scripts.training_sets.set_split import SIDES

CHANNELS = ("train", "validation", "train_annotation", "validation_annotation")


class ChannelSetError(FewclickError):
    """A folder or prefix does not hold the channels; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class ChannelImage:
    """One image of a channel with its annotation.

    `read` gives the photo, uint8 (height, width, 3), and the label map, uint8 (height, width).
    """

    name: str
    photo_file: str
    read: Callable[[], tuple[npt.NDArray[np.uint8], LabelMap]]


@dataclass(frozen=True, slots=True)
class ChannelSet:
    """A whole set.

    Attributes:
        classes: names, the background's first; class 3 without a name is "class 3".
    """

    target: Target
    classes: tuple[str, ...]
    train: tuple[ChannelImage, ...]
    validation: tuple[ChannelImage, ...]

    @property
    def address(self) -> str:
        return self.target.address


def open_channels(target: Target) -> ChannelSet:
    """The channels at a folder or prefix.

    Raises:
        ChannelSetError: a channel is empty, or images and annotations do not pair up.
    """
    classes = _classes(target)
    sides = {side: _images(target, side, len(classes)) for side in SIDES}
    if not sides["train"]:
        raise ChannelSetError(
            f"{target.address} has no images in train/. `fewclick export` makes such a set."
        )
    return ChannelSet(target, classes, sides["train"], sides["validation"])


def _classes(target: Target) -> tuple[str, ...]:
    body = target.read(SUMMARY_FILE)
    if body is None:
        raise ChannelSetError(
            f"{target.address} has no {SUMMARY_FILE}, which names the classes: it is no training "
            "set of `fewclick export`, or one that was interrupted. The same export goes on."
        )
    summary: dict[str, Any] = json.loads(body)
    if summary.get("format") != "channels":
        raise ChannelSetError(
            f"{target.address} is an export as {summary.get('format')}; "
            "training reads --format channels."
        )
    return tuple(item["name"] for item in summary["classes"] if item["index"] != VOID)


def _images(target: Target, side: str, classes: int) -> tuple[ChannelImage, ...]:
    photos = {name.rpartition(".")[0]: name for name in target.names(side)}
    annotations = {name.rpartition(".")[0] for name in target.names(f"{side}_annotation")}
    alone = sorted(photos.keys() ^ annotations)
    if alone:
        raise ChannelSetError(
            f"{target.address}: {len(alone)} images in {side}/ and {side}_annotation/ have no "
            f"partner, {alone[0]!r} among them."
        )
    return tuple(
        ChannelImage(
            name,
            f"{side}/{file}",
            partial(_read, target, f"{side}/{file}", f"{side}_annotation/{name}.png", classes),
        )
        for name, file in sorted(photos.items())
    )


def _read(
    target: Target, photo_file: str, annotation: str, classes: int
) -> tuple[npt.NDArray[np.uint8], LabelMap]:
    """Raises ChannelSetError or PhotoError when a file is missing or the two do not fit."""
    raw, png = target.read(photo_file), target.read(annotation)
    if raw is None or png is None:
        raise ChannelSetError(f"{target.address}/{photo_file} or its annotation is gone.")
    photo = open_photo(raw, photo_file)
    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
            label_map = np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise ChannelSetError(f"{annotation} cannot be read ({error}).") from error
    if label_map.shape != photo.shape[:2] or label_map.dtype != np.uint8:
        raise ChannelSetError(f"{annotation} is no 8-bit mask of its photo's size.")
    if ((label_map >= classes) & (label_map != VOID)).any():
        raise ChannelSetError(f"{annotation} has values past the last class, {classes - 1}.")
    return photo, label_map
