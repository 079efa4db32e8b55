"""How low the mean of photos nobody has seen may be, given the values of some that were drawn.

The test is a betting one (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by
betting", JRSS B 2024): whoever bets on the next value being above what the hypothesis says cannot
expect to gain while it is true, so the chance of ever owning 1/error times the stake is at most the
error (Ville's inequality). It holds for values in [0, 1] of whatever distribution, at every size.

The values are drawn without replacement (section 5 there) from the drawn ones and `unseen` others,
and the mean is that of *those others*: of the machine labels themselves, not of a population that
they come from. It is for the caller that their order says nothing.

How much is bet decides how many values it takes, not whether the test is right. The number of
values is known, so what counts is the chance of owning enough at the end, and every bet is made
anew for what is still lacking, as in Voráček and Orabona, "STaR-Bets" (NeurIPS 2025). Here it is
the bet that replicates an option which pays all or nothing: with a share p of the goal in hand and
k values of spread s to come, phi(z) / (p s sqrt(k)) where Phi(z) = p. Were the values normal, no
test could need fewer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

MOST_AT_STAKE = 0.97
"""Share of the fortune that is lost if the next value is 0. All of it is never bet."""
SPREAD, SPREAD_WEIGHT = 0.25, 20.0
"""Of the values, as long as none were seen, and how many values that is worth."""
GRID = 0.005
"""Steps in which bounds are found."""
MOST_NEEDED = 20_000

_NORMAL = NormalDist()


def is_above(
    values: Sequence[float], target: float, error: float, unseen: int | None = None
) -> bool:
    """Whether the values show that the mean is above `target`; wrongly with a chance of `error`.

    Args:
        values: each in [0, 1], a random sample.
        target: in (0, 1].
        unseen: how many others the sample was drawn from and the mean is of; None when it is the
            mean of a population that has no end.
    """
    if unseen == 0:
        return True  # the mean of nothing
    drawn = np.asarray(values, float)
    drawn = drawn[_order(drawn.size)]
    count = drawn.size
    to_come = np.arange(count, 0, -1)
    if unseen is None:
        expected = np.full(count, target)
    else:
        # If the others' mean is the target, the mean of all that is still to be drawn from.
        expected = (unseen * target + np.cumsum(drawn[::-1])[::-1]) / (unseen + to_come)
    goal = math.log(1 / error)
    owned = total = 0.0
    squares, weight = SPREAD_WEIGHT * SPREAD**2, SPREAD_WEIGHT
    for place, (value, mean, left) in enumerate(
        zip(drawn.tolist(), expected.tolist(), to_come.tolist(), strict=True)
    ):
        share = min(math.exp(owned - goal), 1 - 1e-9)
        spread = math.sqrt(squares / weight)
        slope = _NORMAL.pdf(_NORMAL.inv_cdf(max(share, 1e-12))) / max(share, 1e-12)
        bet = min(slope / (spread * math.sqrt(left)), MOST_AT_STAKE / mean)
        owned += math.log(1 + bet * (value - mean))
        if owned >= goal:
            return True
        if place:
            before = total / place
            squares += (value - before) ** 2 * place / (place + 1)
            weight += 1
        total += value
    return False


def lower_bound(
    values: Sequence[float], error: float, unseen: int | None = None, at_least: float = 0.0
) -> float:
    """The mean is at least this, but for a chance of `error`; see `is_above`.

    Args:
        at_least: what `is_above` has found, with this error; 0 when nothing was asked.
    """
    # Each step is taken only from the one below: if the mean lies below what is returned, the first
    # step above it was taken wrongly.
    bound = at_least
    while bound + GRID < 1 and is_above(values, bound + GRID, error, unseen):
        bound += GRID
    return bound


def how_many_needed(
    target: float,
    error: float,
    like: Sequence[float] = (1.0,),
    unseen_per_drawn: float | None = None,
) -> int | None:
    """About how many values like these show that the mean is above `target`.

    Args:
        like: values of the distribution expected; by default perfect ones, which gives the number
            below which no sample can be enough.
        unseen_per_drawn: size of the others by that of the sample; None when they have no end.

    Returns:
        The number; None when no number would, because their mean is not above `target`, or would
        have to be larger than MOST_NEEDED.
    """
    if float(np.mean(like)) <= target:
        return None

    def suffice(count: int) -> bool:
        repeated = np.resize(np.asarray(like, float), count).tolist()
        unseen = None if unseen_per_drawn is None else max(round(unseen_per_drawn * count), 1)
        return is_above(repeated, target, error, unseen)

    low, high = 0, 1
    while not suffice(high):
        low, high = high, 2 * high
        if high > MOST_NEEDED:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffice(middle) else (middle, high)
    return high


@cache
def _order(count: int) -> npt.NDArray[np.intp]:
    """Values come sorted by photo, which may say something; this order says nothing."""
    return np.random.default_rng(count).permutation(count)
