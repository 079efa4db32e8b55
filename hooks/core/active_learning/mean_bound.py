"""How low the mean of photos nobody has seen may be, given the values of some that were drawn.

The test is a betting one (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by
betting", JRSS B 2024): whoever bets on the next value being above what the hypothesis says cannot
expect to gain while it is true, so by Markov's inequality a fortune of 1/error has at most that
chance. Several bets are placed side by side, as a mixture, so none has to be tuned. It holds for
values in [0, 1] of whatever distribution, at every size, and needs about half of the values that a
Hoeffding-Bentkus bound does at the IoUs met here.

With `unseen` the values are drawn without replacement (section 5 there) from the drawn ones and
that many others, and the bound is on the mean of *those others*: the machine labels themselves, not
a population that they come from. The order of the draws matters then and is nobody's business, so
the fortune is averaged over many orders, which leaves its expectation as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

BETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97)
"""Shares of the fortune that are put on the next value."""
ORDERS = 24
MOST_NEEDED = 1_000_000


def log_evidence(values: Sequence[float], target: float, unseen: int | None = None) -> float:
    """Logarithm of the evidence that the mean is above `target`; log(1 / error) is enough.

    Args:
        values: each in [0, 1], a random sample.
        target: in (0, 1].
        unseen: how many others the sample was drawn from and the mean is of; None when it is the
            mean of a population that has no end.
    """
    drawn = np.asarray(values, float)
    if unseen == 0:
        return np.inf  # the mean of nothing
    if drawn.size == 0:
        return 0.0
    if unseen is None:
        # Factors commute here: one order says all.
        drawn, expected = drawn[None], np.full((1, drawn.size), target)
    else:
        drawn = drawn[_orders(drawn.size)]
        left = np.cumsum(drawn[:, ::-1], 1)[:, ::-1]
        expected = (unseen * target + left) / (unseen + np.arange(drawn.shape[1], 0, -1))
    bets = np.asarray(BETS)[:, None, None]
    fortunes = np.log(1 - bets + bets * drawn / expected).sum(2)
    most = float(fortunes.max())
    return most + float(np.log(np.exp(fortunes - most).mean()))


def lower_bound(values: Sequence[float], error: float, unseen: int | None = None) -> float:
    """The mean is at least this, but for a chance of `error`; see `log_evidence`."""
    enough = float(np.log(1 / error))
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        if log_evidence(values, middle, unseen) >= enough:
            low = middle
        else:
            high = middle
    return low


def how_many_needed(
    target: float,
    error: float,
    like: Sequence[float] = (1.0,),
    unseen_per_drawn: float | None = None,
) -> int | None:
    """How many values like these show that the mean is above `target`.

    Args:
        like: values of the distribution expected; by default perfect ones, which gives the number
            below which no sample can be enough.
        unseen_per_drawn: size of the others by that of the sample; None when they have no end.

    Returns:
        The number; None when no number would, because their mean is not above `target`.
    """
    if float(np.mean(like)) <= target:
        return None
    enough = float(np.log(1 / error))

    def suffice(count: int) -> bool:
        repeated = np.resize(np.asarray(like, float), count).tolist()
        unseen = None if unseen_per_drawn is None else max(round(unseen_per_drawn * count), 1)
        return log_evidence(repeated, target, unseen) >= enough

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
def _orders(count: int) -> npt.NDArray[np.intp]:
    generator = np.random.default_rng(count)
    return np.stack([generator.permutation(count) for _ in range(ORDERS)])
