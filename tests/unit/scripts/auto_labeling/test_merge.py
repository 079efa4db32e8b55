"""Labels of several task models become one: worked out by hand, and what must hold for any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.instances import FusedInstance
from hooks.core.labeled_box import LabeledBox, ScoredBox
from hooks.core.masks import LabelMap, PlacedMask
from scripts.auto_labeling.found_label import NOTHING, FoundBoxes, FoundMask
from scripts.auto_labeling.merge import merge_boxes, merge_masks
from tests.grid import grid, label_grid

PERSON, CAT = 1, 2


def plain(picture: str, confidence: float) -> FoundMask:
    """A label without objects; every class of it as sure as the whole."""
    return of_map(label_grid(picture), confidence)


def of_map(label_map: LabelMap, confidence: float) -> FoundMask:
    classes = [int(label) for label in np.unique(label_map) if 0 < label < 255]
    return FoundMask(label_map, dict.fromkeys(classes, confidence), confidence)


def objects(*found: tuple[int, float, str]) -> FoundMask:
    """A label of objects that do not overlap."""
    label_map = np.zeros(grid(found[0][2]).shape, np.uint8)
    instances = []
    for label, score, picture in found:
        label_map[grid(picture)] = label
        instances.append(FusedInstance(label, PlacedMask.cut(grid(picture)), score, ()))
    confidence = {label: score for label, score, _ in found}
    return FoundMask(label_map, confidence, 0.5, tuple(instances))


def test_a_models_background_only_says_that_its_own_classes_are_not_there() -> None:
    merged = merge_masks([plain("11../....", 0.9), plain("..../..22", 0.6)])
    assert np.array_equal(merged.label_map, label_grid("11../..22"))
    assert merged.class_confidence == {PERSON: 0.9, CAT: 0.6}
    assert merged.confidence == pytest.approx(0.75)


def test_where_classes_meet_the_surer_one_is_seen() -> None:
    people, cats = plain("111.", 0.7), plain("..22", 0.9)
    for parts in ([people, cats], [cats, people]):
        assert np.array_equal(merge_masks(parts).label_map, label_grid("1122"))


def test_priority_goes_before_confidence() -> None:
    parts = [plain("111.", 0.7), plain("..22", 0.9)]
    assert np.array_equal(merge_masks(parts, [PERSON]).label_map, label_grid("1112"))
    assert np.array_equal(merge_masks(parts, [CAT, PERSON]).label_map, label_grid("1122"))


def test_of_equals_the_earlier_label_is_seen() -> None:
    parts = [plain("111.", 0.7), plain("..22", 0.7)]
    assert np.array_equal(merge_masks(parts).label_map, label_grid("1112"))
    assert np.array_equal(merge_masks(parts[::-1]).label_map, label_grid("1122"))


def test_objects_go_by_their_own_scores() -> None:
    people = objects((PERSON, 0.95, "##......"), (PERSON, 0.5, "....##.."))
    cats = objects((CAT, 0.8, ".##..##."))
    merged = merge_masks([people, cats])
    assert np.array_equal(merged.label_map, label_grid("112.122."))
    assert [(item.label, item.placed.area) for item in merged.instances] == [
        (PERSON, 1),
        (CAT, 3),
        (PERSON, 2),
    ]


def test_an_object_that_two_models_found_is_one() -> None:
    first = objects((CAT, 0.8, "####...."))
    second = objects((CAT, 0.9, "###....."))
    merged = merge_masks([first, second])
    assert [item.confidence for item in merged.instances] == [0.9]
    assert np.array_equal(merged.label_map, label_grid("222....."))


def test_what_no_object_covers_stays() -> None:
    sky = FoundMask(label_grid("1133"), {PERSON: 0.9, 3: 0.6}, 0.75, (
        FusedInstance(PERSON, PlacedMask.cut(grid("##..")), 0.9, ()),
    ))  # fmt: skip
    merged = merge_masks([sky, plain("....", 0.9)])
    assert np.array_equal(merged.label_map, label_grid("1133"))
    assert len(merged.instances) == 1


def test_void_yields_to_any_class_and_not_to_background() -> None:
    merged = merge_masks([plain("xx..", 0.9), plain(".22.", 0.6)])
    assert np.array_equal(merged.label_map, label_grid("x22."))


def test_nothing_is_as_sure_as_all_parts_together() -> None:
    merged = merge_masks([plain("....", 0.9), plain("....", 0.8)])
    assert merged.is_nothing
    assert merged.confidence == pytest.approx(0.72)
    assert merged.reason == NOTHING


def test_other_photos_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        merge_masks([plain("....", 0.9), plain("...", 0.8)])
    with pytest.raises(ValueError, match="one shape"):
        merge_masks([])


@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 3), min_size=6, max_size=6), st.floats(0, 1)),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_is_merged_every_pixel_is_some_parts(
    drawn: list[tuple[list[int], float]],
) -> None:
    parts = [
        of_map(np.array(values, np.uint8).reshape(2, 3), confidence) for values, confidence in drawn
    ]
    merged = merge_masks(parts)
    said = np.stack([part.label_map for part in parts])
    assert ((said == merged.label_map) | ((merged.label_map == 0) & (said == 0))).any(0).all()
    assert ((merged.label_map == 0) == (said == 0).all(0)).all()
    assert set(merged.class_confidence) == set(np.unique(merged.label_map).tolist()) - {0}
    assert 0 <= merged.confidence <= 1
    if len(parts) == 1:
        assert np.array_equal(merged.label_map, parts[0].label_map)


def box(label: int, left: float, confidence: float) -> ScoredBox:
    return ScoredBox(LabeledBox(label, left, 0, 10, 10), confidence)


def test_boxes_are_put_together_and_each_thing_counts_once() -> None:
    merged = merge_boxes(
        [
            FoundBoxes((box(PERSON, 0, 0.9), box(PERSON, 50, 0.6)), 0.75),
            FoundBoxes((box(PERSON, 2, 0.8), box(CAT, 0, 0.7)), 0.75),
        ]
    )
    assert merged.boxes == (box(PERSON, 0, 0.9), box(CAT, 0, 0.7), box(PERSON, 50, 0.6))
    assert merged.confidence == pytest.approx((0.9 + 0.7 + 0.6) / 3)


def test_no_boxes_at_all() -> None:
    merged = merge_boxes([FoundBoxes((), 0.5), FoundBoxes((), 0.9)])
    assert merged.is_nothing
    assert merged.confidence == pytest.approx(0.45)
