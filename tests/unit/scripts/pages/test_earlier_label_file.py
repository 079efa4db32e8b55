"""Masks and boxes of the user's own, as a task begins with them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hooks.core.categories import LabelCategories
from hooks.core.earlier_label import EarlierBoxes, EarlierMask, read_earlier_label
from hooks.core.geometry import Size
from hooks.core.label_reader import ColorMap
from hooks.core.mask_reader import decode_mask
from hooks.core.photo import PhotoHeader
from scripts.pages.earlier_label_file import EarlierLabelError, box_fields, mask_fields
from tests.grid import grid

LABELS = LabelCategories.from_names(["cat", "dog"])
PHOTO = PhotoHeader(Size(3, 2), 1, "JPEG")


class Stored:
    """Keeps what was put."""

    def __init__(self) -> None:
        self.png = b""

    def __call__(self, png: bytes) -> str:
        self.png = png
        return "s3://bucket/mask.png"


def label_map_of(
    tmp_path: Path, values: Any, mode: str = "L", photo: PhotoHeader = PHOTO
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """What a worker's page would see of a mask file."""
    file, stored = tmp_path / "mask.png", Stored()
    Image.fromarray(np.asarray(values, dtype=np.uint8)).convert(mode).save(file)
    fields = mask_fields(file, "earlier", LABELS, photo, stored)
    earlier = read_earlier_label({"source-ref": "s3://b/p", **fields}, "earlier", photo.size)
    assert isinstance(earlier, EarlierMask)
    assert earlier.names == {"cat", "dog"}
    colors = ColorMap.from_json(fields["earlier"]["internal-color-map"])
    return decode_mask(stored.png, colors, photo, tuple(LABELS)).label_map


def test_values_are_numbers_of_labels(tmp_path: Path) -> None:
    values = [[0, 1, 2], [0, 0, 1]]
    assert label_map_of(tmp_path, values).tolist() == values


def test_black_and_white_is_the_first_label(tmp_path: Path) -> None:
    mask = grid("..#/.##")
    for mode in ("L", "1", "RGB"):
        assert np.array_equal(label_map_of(tmp_path, mask * 255, mode), mask)


def test_the_mask_is_that_of_the_upright_photo(tmp_path: Path) -> None:
    values = [[0, 1, 2], [0, 0, 1]]
    turned = PhotoHeader(Size(3, 2), 6, "JPEG")
    assert label_map_of(tmp_path, values, photo=turned).tolist() == values


def test_boxes_name_their_labels(tmp_path: Path) -> None:
    file = tmp_path / "boxes.json"
    file.write_text(json.dumps([{"label": "dog", "left": 0, "top": 1, "width": 2, "height": 1}]))
    fields = box_fields(file, "earlier", LABELS, PHOTO)
    earlier = read_earlier_label(fields, "earlier", PHOTO.size)
    assert isinstance(earlier, EarlierBoxes)
    (box,) = earlier.boxes
    assert (box.label, box.left, box.top, box.width, box.height) == ("dog", 0, 1, 2, 1)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is not an image"),
        (np.zeros((4, 4), np.uint8), "has 4 x 4 pixels, the photo 3 x 2"),
        (np.full((2, 3), 7, np.uint8), "value 7; the labels have numbers 1 to 2"),
    ],
    ids=["no image", "size", "value"],
)
def test_a_mask_that_cannot_be_one_is_explained(tmp_path: Path, content: Any, problem: str) -> None:
    file = tmp_path / "mask.png"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        stream = io.BytesIO()
        Image.fromarray(content).save(stream, "PNG")
        file.write_bytes(stream.getvalue())
    with pytest.raises(EarlierLabelError, match=problem):
        mask_fields(file, "earlier", LABELS, PHOTO, Stored())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not JSON"),
        ("{}", "must hold a list"),
        ('[{"label": "cow"}]', "box 1 needs a label, one of cat, dog"),
    ],
)
def test_boxes_that_cannot_be_some_are_explained(
    tmp_path: Path, content: str, problem: str
) -> None:
    file = tmp_path / "boxes.json"
    file.write_text(content)
    with pytest.raises(EarlierLabelError, match=problem):
        box_fields(file, "earlier", LABELS, PHOTO)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EarlierLabelError, match=r"none\.png cannot be read"):
        mask_fields(tmp_path / "none.png", "earlier", LABELS, PHOTO, Stored())
