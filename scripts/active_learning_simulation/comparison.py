"""What a number of runs says: how often something holds, and how two ways compare run by run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLED = 10_000


@dataclass(frozen=True, slots=True)
class Share:
    """Of `runs`, `held` did; with the exact interval of Clopper and Pearson (1934)."""

    held: int
    runs: int
    low: float
    high: float


def share_of(held: Sequence[bool], certainty: float = 0.95) -> Share:
    """How often something held, and how often it would in the long run."""
    runs, count = len(held), sum(held)
    tail = (1 - certainty) / 2
    low = 0.0 if count == 0 else _root(lambda p: _at_least(count, runs, p) - tail)
    high = 1.0 if count == runs else _root(lambda p: tail - _at_least(count + 1, runs, p, True))
    return Share(count, runs, low, high)


@dataclass(frozen=True, slots=True)
class Paired:
    """One way minus another, run by run.

    Attributes:
        difference: the mean.
        error: its standard error.
        low, high: the 95 % interval of the mean, by bootstrap over runs.
        wins, losses: runs in which the one way gave more, or less.
    """

    difference: float
    error: float
    low: float
    high: float
    wins: int
    losses: int
    runs: int


def paired(one: Sequence[float], other: Sequence[float]) -> Paired:
    """Values of the same runs, in the same order.

    Raises:
        ValueError: there is none, or not as many of one as of the other.
    """
    differences = np.asarray(one, float) - np.asarray(other, float)
    if not differences.size:
        raise ValueError("there are no runs to compare")
    count = differences.size
    rng = np.random.default_rng(0)
    means = differences[rng.integers(count, size=(RESAMPLED, count))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    error = differences.std(ddof=1) / math.sqrt(count) if count > 1 else math.nan
    return Paired(
        float(differences.mean()),
        float(error),
        float(low),
        float(high),
        int((differences > 0).sum()),
        int((differences < 0).sum()),
        int(count),
    )


def _at_least(count: int, runs: int, chance: float, other: bool = False) -> float:
    """Probability of `count` or more successes; with `other`, of fewer."""
    more = sum(
        math.comb(runs, k) * chance**k * (1 - chance) ** (runs - k) for k in range(count, runs + 1)
    )
    return 1 - more if other else more


def _root(rising: Callable[[float], float]) -> float:
    """Where a function that rises from below 0 to above it on [0, 1] is 0."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
