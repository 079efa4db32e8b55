"""What of a model's answer becomes a label, and how sure that label is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.boxes import MAX_BOXES
from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from hooks.core.masks import PlacedMask
from scripts.auto_labeling.answers.model_answer import (
    FoundObject,
    LabelMapAnswer,
    ObjectsAnswer,
    UnreadableAnswerError,
)
from scripts.auto_labeling.found_label import LabelRules, boxes_of, left_out_classes, mask_of
from tests.grid import grid, label_grid

SIZE = Size(4, 2)
LABELS = LabelCategories.from_names(["cat", "dog"])
RULES = LabelRules(LABELS, {"cat": "cat", "hound": "dog"}, 0.5)


def seen(name: str, score: float, picture: str) -> FoundObject:
    mask = PlacedMask.cut(grid(picture))
    return FoundObject(name, score, *mask.box.edges, mask=mask)


def box(name: str, score: float) -> FoundObject:
    return FoundObject(name, score, 0, 0, 2, 2)


def answer(*objects: FoundObject) -> ObjectsAnswer:
    return ObjectsAnswer(objects)


def test_the_models_names_become_the_jobs() -> None:
    found = mask_of(
        answer(seen("cat", 0.9, "##../##.."), seen("hound", 0.8, "...#/...#")), RULES, SIZE
    )
    assert np.array_equal(found.label_map, label_grid("11.2/11.2"))
    assert found.class_confidence == {1: 0.9, 2: 0.8}
    assert found.confidence == pytest.approx(0.85)


def test_of_objects_that_overlap_the_surer_one_is_seen() -> None:
    objects = [seen("cat", 0.9, "##../##.."), seen("hound", 0.6, ".###/....")]
    for order in (objects, objects[::-1]):
        found = mask_of(answer(*order), RULES, SIZE)
        assert np.array_equal(found.label_map, label_grid("1122/11.."))
        assert [(item.label, item.placed.area) for item in found.instances] == [(2, 2), (1, 4)]


def test_an_object_that_is_wholly_hidden_is_no_object() -> None:
    found = mask_of(
        answer(seen("hound", 0.6, ".#../...."), seen("cat", 0.9, "##../##..")), RULES, SIZE
    )
    assert [item.label for item in found.instances] == [1]
    assert found.class_confidence == {1: 0.9}


def test_a_classs_confidence_weighs_its_objects_by_their_pixels() -> None:
    found = mask_of(
        answer(seen("cat", 0.9, "###./...."), seen("cat", 0.5, "..../...#")), RULES, SIZE
    )
    assert found.class_confidence[1] == pytest.approx((3 * 0.9 + 0.5) / 4)


def test_nothing_sure_enough_is_a_label_that_says_how_sure_nothing_is() -> None:
    found = mask_of(
        answer(seen("cat", 0.3, "##../##.."), seen("car", 0.99, "...#/...#")), RULES, SIZE
    )
    assert found.is_nothing
    assert not found.label_map.any()
    assert found.confidence == pytest.approx(0.7)
    assert "found nothing" in found.reason


def test_where_the_model_names_nothing_its_confidence_is_the_least_it_can_mean() -> None:
    assert mask_of(answer(), RULES, SIZE).confidence == 0.5
    assert boxes_of(answer(), RULES).confidence == 0.5


def test_boxes_alone_make_no_mask() -> None:
    with pytest.raises(UnreadableAnswerError, match="no masks"):
        mask_of(answer(box("cat", 0.9)), RULES, SIZE)


def test_boxes_are_as_sure_as_their_scores_and_the_surest_come_first() -> None:
    found = boxes_of(answer(box("cat", 0.6), box("hound", 0.9), box("cat", 0.2)), RULES)
    assert [(item.box.label, item.confidence) for item in found.boxes] == [(2, 0.9), (1, 0.6)]
    assert found.confidence == pytest.approx(0.75)


def test_more_boxes_than_a_label_holds_are_cut_and_said() -> None:
    found = boxes_of(answer(*[box("cat", 0.9)] * (MAX_BOXES + 1)), RULES)
    assert len(found.boxes) == MAX_BOXES
    assert "surest" in found.reason


CLASSES = ("background", "cat", "hound", "sky")
MAP = label_grid("123x/1.3.")


def test_a_class_a_pixel_with_its_own_confidences() -> None:
    found = mask_of(LabelMapAnswer(MAP, CLASSES, {1: 0.9, 2: 0.7, 3: 0.1}, 0.4), RULES, SIZE)
    assert np.array_equal(found.label_map, label_grid("12.x/1..."))
    assert found.class_confidence == {1: 0.9, 2: 0.7}
    assert found.confidence == pytest.approx(0.8)
    assert not found.reason


def test_an_unsure_class_is_background() -> None:
    found = mask_of(LabelMapAnswer(MAP, CLASSES, {1: 0.9, 2: 0.3}), RULES, SIZE)
    assert np.array_equal(found.label_map, label_grid("1..x/1..."))


def test_the_confidence_of_a_model_that_says_none_is_zero_and_said() -> None:
    found = mask_of(LabelMapAnswer(MAP, CLASSES), RULES, SIZE)
    assert found.class_confidence == {1: 0.0, 2: 0.0}
    assert found.confidence == 0
    assert "does not say how sure" in found.reason


def test_one_confidence_of_the_whole_counts_for_every_class() -> None:
    found = mask_of(LabelMapAnswer(MAP, CLASSES, {}, 0.7), RULES, SIZE)
    assert found.class_confidence == {1: 0.7, 2: 0.7}


def test_nothing_in_a_class_a_pixel() -> None:
    empty = label_grid("3333/....")
    sure = mask_of(LabelMapAnswer(empty, CLASSES, {0: 0.9, 3: 0.7}), RULES, SIZE)
    assert sure.is_nothing
    assert sure.confidence == pytest.approx(0.8)
    unsure = mask_of(LabelMapAnswer(MAP, CLASSES, {1: 0.3, 2: 0.4, 0: 0.9}), RULES, SIZE)
    assert unsure.is_nothing
    assert unsure.confidence == pytest.approx(0.6)


def test_two_model_classes_may_be_one_label() -> None:
    rules = LabelRules(LABELS, {"cat": "cat", "hound": "dog", "sky": "dog"}, 0.5)
    found = mask_of(LabelMapAnswer(MAP, CLASSES, {1: 0.9, 2: 0.6, 3: 0.9}), rules, SIZE)
    assert found.class_confidence[2] == pytest.approx(0.8)


def test_a_class_a_pixel_makes_no_boxes() -> None:
    with pytest.raises(UnreadableAnswerError, match="no boxes"):
        boxes_of(LabelMapAnswer(MAP, CLASSES), RULES)


def test_sure_objects_of_other_classes_are_counted() -> None:
    found = answer(box("car", 0.9), box("car", 0.6), box("car", 0.1), box("cat", 0.9))
    assert left_out_classes(found, RULES) == {"car": 2}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["cat", "hound", "car"]),
            st.floats(0, 1),
            st.lists(st.booleans(), min_size=8, max_size=8).filter(any),
        ),
        max_size=6,
    )
)
def test_no_two_objects_share_a_pixel_and_together_they_are_the_label_map(
    drawn: list[tuple[str, float, list[bool]]],
) -> None:
    objects = []
    for name, score, pixels in drawn:
        mask = PlacedMask.cut(np.array(pixels).reshape(2, 4))
        objects.append(FoundObject(name, score, *mask.box.edges, mask=mask))
    found = mask_of(answer(*objects), RULES, SIZE)
    again = np.zeros(SIZE.shape, np.uint8)
    for item in found.instances:
        mask = item.placed.to_mask(SIZE)
        assert not again[mask].any()
        again[mask] = item.label
    assert np.array_equal(again, found.label_map)
    assert 0 <= found.confidence <= 1
    assert set(found.class_confidence) == set(np.unique(found.label_map).tolist()) - {0}
