"""Which photos people label next.

A choice goes through the photos that nobody has labeled *and* those of the validation set, by one
rule that does not look at which is which, until enough of the former are found. Validation photos
that it comes across on the way leave their set (their labels serve for training): those that stay
are then still a random sample of what stays unlabeled. Were they kept, later thresholds would be
judged by photos of a kind that is no longer there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from hooks.core.active_learning.prediction import ImagePrediction

UNCERTAIN_SHARE = 3
"""Diversity chooses among this many times as many photos as are wanted, the least sure."""


class Acquisition(StrEnum):
    """How photos are chosen."""

    RANDOM = "random"
    ENTROPY = "entropy"
    MARGIN = "margin"
    DISAGREEMENT = "disagreement"
    DIVERSITY = "diversity"
    """Unsure ones that are unlike each other."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Manifest lines that people label next, in the order of the choice, and the validation photos
    that leave their set."""

    lines: tuple[int, ...]
    left_validation: tuple[int, ...]


def choose_batch(
    pool: Sequence[ImagePrediction],
    validation: Sequence[ImagePrediction],
    count: int,
    acquisition: Acquisition,
    seed: int,
) -> Choice:
    """`count` photos of the pool, or all if there are no more; the same for the same seed."""
    generator = np.random.default_rng(seed)
    # Sorted first: the choice must not hang on the order in which predictions came.
    unlabeled = sorted(pool, key=lambda item: item.line)
    if acquisition is Acquisition.RANDOM:
        # Independent of everything, so the validation set stays as it is.
        order = generator.permutation(len(unlabeled))[:count]
        return Choice(tuple(unlabeled[place].line for place in order), ())
    everything = sorted([*unlabeled, *validation], key=lambda item: item.line)
    ties = generator.permutation(len(everything))
    by_doubt = [
        everything[place]
        for place in sorted(
            range(len(everything)), key=lambda at: (-_DOUBT[acquisition](everything[at]), ties[at])
        )
    ]
    order_of_choice: Iterator[ImagePrediction] = iter(by_doubt)
    if acquisition is Acquisition.DIVERSITY and unlabeled:
        wanted = round(UNCERTAIN_SHARE * count * len(everything) / len(unlabeled))
        order_of_choice = _unlike_each_other(by_doubt, wanted, generator)
    members = {item.line for item in unlabeled}
    chosen: list[int] = []
    left: list[int] = []
    for item in order_of_choice:
        if len(chosen) == min(count, len(unlabeled)):
            break
        (chosen if item.line in members else left).append(item.line)
    return Choice(tuple(chosen), tuple(left))


_DOUBT: dict[Acquisition, Callable[[ImagePrediction], float]] = {
    Acquisition.ENTROPY: lambda item: item.entropy,
    Acquisition.MARGIN: lambda item: -item.margin,
    Acquisition.DISAGREEMENT: lambda item: item.disagreement,
    Acquisition.DIVERSITY: lambda item: item.entropy,
}


def _unlike_each_other(
    by_doubt: Sequence[ImagePrediction], candidates: int, generator: np.random.Generator
) -> Iterator[ImagePrediction]:
    """The first `candidates` in the order of k-means++ (Arthur and Vassilvitskii, 2007): each with
    a chance that grows as the square of its distance to those before. Then the others."""
    doubtful, others = by_doubt[:candidates], by_doubt[candidates:]
    embeddings = np.asarray([item.embedding for item in doubtful], float)
    left = np.ones(len(doubtful), bool)
    nearest = np.ones(len(doubtful))  # the first is any of them
    while left.any():
        weights = np.where(left, nearest, 0.0)
        if weights.sum() <= 0:  # only copies of what was chosen are left
            weights = left.astype(float)
        place = int(generator.choice(len(doubtful), p=weights / weights.sum()))
        distance = ((embeddings - embeddings[place]) ** 2).sum(1)
        nearest = distance if left.all() else np.minimum(nearest, distance)
        left[place] = False
        yield doubtful[place]
    yield from others
