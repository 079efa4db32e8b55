"""Which labeled images are trained on and which are kept aside to measure with.

Seeded, and stratified by class: every class gets its share on both sides as nearly as whole groups
allow. A group (the frames of one video, the photos of one animal) never lies on both sides.

The method is iterative stratification (Sechidis, Tsoumakas and Vlahavas, ECML PKDD 2011): of the
groups that are left, those with the rarest class are dealt first, each to the side that lacks most
of that class.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

TRAIN = "train"
VALIDATION = "validation"
SIDES = (TRAIN, VALIDATION)


@dataclass
class Group:
    """Images that must stay together.

    Attributes:
        images: how many they are.
        classes: class name to how many of the images have it.
    """

    images: int = 0
    classes: Counter[str] = field(default_factory=Counter)

    def add(self, classes: Collection[str]) -> None:
        self.images += 1
        self.classes.update(classes)


def split_groups(groups: Mapping[str, Group], validation: float, seed: int) -> dict[str, str]:
    """Each group's side, by its name. The same for the same groups and seed, in any order.

    Args:
        validation: the share of images to keep aside, 0 to 1.
    """
    totals: Counter[str] = Counter()
    for group in groups.values():
        totals.update(group.classes)
    shares = {TRAIN: 1 - validation, VALIDATION: validation}
    images = sum(group.images for group in groups.values())
    wanted = {side: share * images for side, share in shares.items()}
    wanted_of = {
        side: {name: share * total for name, total in totals.items()}
        for side, share in shares.items()
    }
    sides: dict[str, str] = {}
    for name in _dealing_order(groups, totals, seed):
        group = groups[name]
        rarest = min(group.classes, key=lambda label: (totals[label], label), default=None)
        side = max(
            SIDES,
            key=lambda side: (
                wanted_of[side][rarest] if rarest is not None else 0.0,
                wanted[side],
                side == TRAIN,
            ),
        )
        if shares[side] == 0:
            side = TRAIN if side == VALIDATION else VALIDATION
        sides[name] = side
        wanted[side] -= group.images
        for label, count in group.classes.items():
            wanted_of[side][label] -= count
    return sides


def _dealing_order(groups: Mapping[str, Group], totals: Mapping[str, int], seed: int) -> list[str]:
    """Groups with the rarest class first, large ones before small ones, else in a drawn order."""

    def key(name: str) -> tuple[int, int, bytes]:
        group = groups[name]
        rarest = min((totals[label] for label in group.classes), default=1 << 60)
        drawn = hashlib.sha256(f"{seed}\0{name}".encode()).digest()
        return rarest, -group.images, drawn

    return sorted(groups, key=key)


def count_sides(sides: Sequence[str]) -> dict[str, int]:
    """How many are on each side; both sides are named."""
    counts = Counter(sides)
    return {side: counts[side] for side in SIDES}
