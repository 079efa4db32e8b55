"""Gold photos: where their masks lie, and how workers score on them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError, MaskError
from hooks.core.geometry import Size
from hooks.core.gold import GoldIndex, gold_iou, gold_key, read_gold_mask
from hooks.core.masks import write_label_map
from hooks.core.photo import PhotoHeader
from tests.grid import label_grid

LABELS = LabelCategories.from_names(["cat", "dog"])


def test_the_index_names_a_mask_for_a_photo() -> None:
    index = GoldIndex({"s3://b/1.jpg": "s3://b/jobs/pets/gold/1.png"})
    assert GoldIndex.from_json(index.to_json()) == index
    assert gold_key("Pets") == "jobs/pets/gold/index.json"


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"schema_version": 2}', '{"schema_version": 1, "masks": {"1.jpg": "s3://b/1"}}'],
)
def test_an_index_that_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match="gold"):
        GoldIndex.from_json(text)
    with pytest.raises(ContractError, match=r"gold\.masks\.s3://b/1\.jpg"):
        GoldIndex.from_json(json.dumps({"schema_version": 1, "masks": {"s3://b/1.jpg": 5}}))


def test_a_consolidated_mask_can_be_gold() -> None:
    truth = label_grid("11../.22.")
    png = write_label_map(truth, LABELS.colors())
    photo = PhotoHeader(Size(4, 2), 1, "PNG")
    assert np.array_equal(read_gold_mask(png, LABELS, photo), truth)
    with pytest.raises(MaskError):
        read_gold_mask(png, LABELS, PhotoHeader(Size(9, 9), 1, "PNG"))


def test_a_worker_scores_by_overlap_where_the_truth_is_known() -> None:
    assert gold_iou(label_grid("11../.22."), label_grid("11../.22.")) == 1.0
    assert gold_iou(label_grid("1.../...."), label_grid("11../....")) == 0.5
    assert gold_iou(label_grid("1..1/...."), label_grid("1..x/....")) == 1.0
    assert gold_iou(label_grid("..../...."), label_grid("..../....")) == 1.0
