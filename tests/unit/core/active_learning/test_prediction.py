"""Predictions, written and read line by line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.core.active_learning.prediction import (
    ImagePrediction,
    read_predictions,
    write_predictions,
)
from hooks.core.errors import ManifestError
from tests.unit.core.active_learning.plans import predict


def test_predictions_survive_their_file() -> None:
    predictions = [predict(4, 0.75), ImagePrediction(9, 0.0)]
    assert read_predictions(write_predictions(predictions)) == {
        4: predictions[0],
        9: predictions[1],
    }


def test_a_photo_in_which_nothing_was_seen_has_an_empty_label() -> None:
    assert ImagePrediction(9, 0.0).is_empty
    assert not predict(4, 0.75).is_empty


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("line", -1),
        ("confidence", 1.5),
        ("confidence", float("nan")),
        ("entropy", "high"),
        ("margin", None),
        ("embedding", [1, "2"]),
        ("label", None),
        ("main_class", ""),
    ],
)
def test_a_field_that_cannot_be_used_is_named_with_its_line(name: str, value: Any) -> None:
    good = predict(0, 0.5).to_json()
    text = f"{json.dumps(good)}\n{json.dumps({**good, 'line': 1, name: value})}\n"
    with pytest.raises(ManifestError, match=rf"^line 2, prediction\.{name}"):
        read_predictions(text)


def test_two_predictions_of_one_photo_are_refused() -> None:
    with pytest.raises(ManifestError, match="a second one of line 4"):
        read_predictions(write_predictions([predict(4, 0.5), predict(4, 0.6)]))


def test_what_is_not_json_is_refused_with_its_line() -> None:
    with pytest.raises(ManifestError, match="line 1: not JSON"):
        read_predictions("{")
