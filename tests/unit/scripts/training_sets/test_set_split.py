"""The split: seeded, stratified by class, groups whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.training_sets.set_split import Group, count_sides, split_groups


def groups_of(classes: list[set[str]]) -> dict[str, Group]:
    groups: dict[str, Group] = {}
    for place, names in enumerate(classes):
        groups[f"photo {place}"] = Group()
        groups[f"photo {place}"].add(names)
    return groups


def test_every_class_gets_its_share_on_both_sides() -> None:
    groups = groups_of([{"cat"}] * 80 + [{"dog"}] * 15 + [{"cat", "bird"}] * 5)
    sides = split_groups(groups, 0.2, seed=1)
    kept = [name for name, side in sides.items() if side == "validation"]
    assert len(kept) == 20
    for label, expected in (("cat", 17), ("dog", 3), ("bird", 1)):
        assert sum(label in groups[name].classes for name in kept) == expected


def test_a_seed_decides_the_split_and_the_order_does_not() -> None:
    groups = groups_of([{"cat"}] * 50)
    turned = dict(reversed(groups.items()))
    assert split_groups(groups, 0.2, 1) == split_groups(turned, 0.2, 1)
    assert split_groups(groups, 0.2, 1) != split_groups(groups, 0.2, 2)


def test_nothing_is_kept_aside_on_request() -> None:
    sides = split_groups(groups_of([{"cat"}, set()] * 5), 0.0, 1)
    assert count_sides(list(sides.values())) == {"train": 10, "validation": 0}


@given(
    st.lists(st.tuples(st.integers(1, 20), st.sets(st.sampled_from("abc")))),
    st.floats(0.05, 0.5),
    st.integers(0, 9),
)
def test_shares_are_kept_as_nearly_as_groups_allow(
    drawn: list[tuple[int, set[str]]], share: float, seed: int
) -> None:
    groups: dict[str, Group] = {}
    for place, (images, classes) in enumerate(drawn):
        groups[str(place)] = Group()
        for _ in range(images):
            groups[str(place)].add(classes)
    sides = split_groups(groups, share, seed)
    assert sides.keys() == groups.keys()
    kept = sum(groups[name].images for name, side in sides.items() if side == "validation")
    largest = max((group.images for group in groups.values()), default=0)
    total = sum(group.images for group in groups.values())
    # Each class, and the images without any, may miss its share by the largest group.
    assert kept == pytest.approx(share * total, abs=4 * largest + 1)
