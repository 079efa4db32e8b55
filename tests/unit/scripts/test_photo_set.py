"""Photos and their reference masks, found by file name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hooks.core.categories import LabelCategories
from hooks.core.photo import orientation_exif
from scripts.photo_set import (
    PhotoSetError,
    ReferenceObject,
    find_photos,
    labels_of,
    read_references,
    reference_label_map,
)
from tests.grid import grid, label_grid


def save(path: Path, picture: str) -> None:
    Image.fromarray(grid(picture)).save(path)


def test_the_demo_has_sixteen_photos_and_thirteen_with_masks(demo_photos: Path) -> None:
    photos = find_photos(demo_photos / "images")
    assert len(photos) == 16
    references = [read_references(demo_photos / "masks", photo) for photo in photos]
    assert sum(bool(found) for found in references) == 13
    assert sum(len(found) for found in references) == 26
    assert "fire hydrant" in labels_of(demo_photos / "masks", photos)


def test_masks_belong_to_the_photo_whose_whole_name_they_begin_with(tmp_path: Path) -> None:
    for name in ("cat.png", "cat_2.png"):
        save(tmp_path / name, "..../....")
    masks = tmp_path / "masks"
    masks.mkdir()
    save(masks / "cat_0_sea-lion.png", "##../....")
    save(masks / "cat_2_1_dog.png", "####/....")
    (first,) = read_references(masks, tmp_path / "cat.png")
    assert first.label == "sea lion"
    (second,) = read_references(masks, tmp_path / "cat_2.png")
    assert second.label == "dog"


def test_masks_of_a_turned_photo_are_turned_with_it(tmp_path: Path) -> None:
    Image.new("RGB", (2, 4)).save(tmp_path / "a.jpg", exif=orientation_exif(6))
    save(tmp_path / "a_0_cat.png", "../../../##")  # at the bottom of the file
    (reference,) = read_references(tmp_path, tmp_path / "a.jpg")
    assert np.array_equal(reference.mask, grid("#.../#..."))  # at the left of what is seen


def test_a_mask_of_another_size_is_named(tmp_path: Path) -> None:
    save(tmp_path / "a.png", "..../....")
    save(tmp_path / "a_0_cat.png", "..../..../....")
    with pytest.raises(PhotoSetError, match=r"a_0_cat.png is 4 x 3 pixels, its photo a.png 4 x 2"):
        read_references(tmp_path, tmp_path / "a.png")


def test_a_mask_that_is_no_image_is_named(tmp_path: Path) -> None:
    save(tmp_path / "a.png", "..../....")
    (tmp_path / "a_0_cat.png").write_text("nothing")
    with pytest.raises(PhotoSetError, match=r"a_0_cat\.png is not an image"):
        read_references(tmp_path, tmp_path / "a.png")


def test_a_folder_without_photos_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotoSetError, match="holds no photos"):
        find_photos(tmp_path)
    with pytest.raises(PhotoSetError, match="is not a folder"):
        find_photos(tmp_path / "nowhere")


def test_smaller_objects_lie_on_top() -> None:
    labels = LabelCategories.from_names(["cat", "dog"])
    references = [
        ReferenceObject("dog", grid(".#../....")),
        ReferenceObject("cat", grid("###./###.")),
        ReferenceObject("cow", grid("...#/....")),
    ]
    assert np.array_equal(reference_label_map(references, labels), label_grid("121./111."))
