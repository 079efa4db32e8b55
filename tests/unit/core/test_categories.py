"""Label lists, their class indices and colours."""

from __future__ import annotations

import pytest

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError


def test_labels_count_from_one() -> None:
    labels = LabelCategories.from_names(["cat", "dog"])
    assert labels.num_classes == 3
    assert labels.index("dog") == 2
    assert labels.index("cow") is None
    assert labels.name(0) == "BACKGROUND"
    assert labels.colors() == {0: "#ffffff", 1: "#e69f00", 2: "#56b4e9"}


def test_every_label_of_the_longest_list_has_a_colour_of_its_own() -> None:
    labels = LabelCategories.from_names([f"label {number}" for number in range(254)])
    assert len(set(labels.colors().values())) == 255


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        pytest.param([], "empty", id="empty"),
        pytest.param(["cat", "cat"], r"labels\[1\]: 'cat' stands twice", id="duplicate"),
        pytest.param(["cat", " cat "], "stands twice", id="duplicate but for blanks"),
        pytest.param(["cat", " "], r"labels\[1\]: a label must be", id="blank"),
        pytest.param(["cat", None], r"labels\[1\]: a label must be", id="not a text"),
        pytest.param(["x" * 257], "257 characters", id="long"),
        pytest.param(["Background"], "background's own name", id="reserved"),
        pytest.param([str(number) for number in range(255)], "255 labels", id="too many"),
    ],
)
def test_a_list_that_cannot_be_used_names_the_label(names: list[object], problem: str) -> None:
    with pytest.raises(ContractError, match=problem):
        LabelCategories.from_names(names)


def test_the_category_file_is_ground_truths() -> None:
    labels = LabelCategories.from_names(["cat", "<b>'\"🐈</b>"])
    document = labels.to_category_file()
    assert document["document-version"] == "2018-11-28"
    assert document["labels"][0] == {"label": "cat"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"labels": [{"name": "cat"}]}', '{"labels": []}']
)
def test_a_category_file_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ContractError):
        LabelCategories.from_category_file(text)
