"""What a run of active learning may cost, before it is begun."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.active_learning.cost_forecast import (
    PUBLISHED_SHARE,
    LoopRates,
    LoopSizes,
    forecast,
)
from scripts.prices import load_prices
from scripts.refusal import RefusedError

PRICES = load_prices()
ARTICLE = LoopSizes(objects=1000, test=10, validation=190, training=200, batch=200, max_rounds=5)
FREE_TRAINING = LoopRates(5, Decimal("0.036"), Decimal(0))


def test_the_published_run_comes_out() -> None:
    """608 labels of people at 0.26 USD and 392 of the machine at 0.08: 189.44 in place of 260."""
    cases = forecast(PRICES, ARTICLE, FREE_TRAINING, {"published": PUBLISHED_SHARE})
    published = cases[1]
    assert (published.human, published.machine) == (608, 392)
    assert published.human_cost == Decimal("158.08")
    assert published.machine_cost == Decimal("31.36")
    assert published.total == Decimal("189.44")
    assert published.all_human_cost == Decimal(260)
    assert published.saved == pytest.approx(0.2714, abs=1e-4)


def test_the_range_goes_from_nothing_to_all_that_can_be_labeled_by_machine() -> None:
    rates = LoopRates(5, Decimal("0.036"), Decimal("2.50"))
    nothing, most = forecast(PRICES, ARTICLE, rates, {})
    assert (nothing.machine, nothing.rounds) == (0, 4)
    assert nothing.total == Decimal(260) + 4 * Decimal("2.50")
    assert nothing.saved < 0
    assert (most.human, most.machine, most.rounds) == (400, 600, 1)
    assert most.total == 400 * Decimal("0.26") + 600 * Decimal("0.08") + Decimal("2.50")


def test_private_workers_are_not_in_the_bill_but_the_fees_are() -> None:
    rates = LoopRates(3, None, Decimal(0))
    nothing, most = forecast(PRICES, ARTICLE, rates, {})
    assert nothing.total == most.total == 1000 * Decimal("0.08")


def test_fewer_objects_than_the_first_sets_are_refused() -> None:
    with pytest.raises(RefusedError, match=r"300 objects are fewer than the 400"):
        LoopSizes(objects=300, test=10, validation=190, training=200, batch=100, max_rounds=5)


@given(
    objects=st.integers(30, 100_000),
    share=st.floats(0, 1),
    batch=st.integers(1, 500),
    rounds=st.integers(1, 20),
)
def test_every_object_is_billed_once(objects: int, share: float, batch: int, rounds: int) -> None:
    sizes = LoopSizes(objects, 5, 10, 15, batch, rounds)
    for case in forecast(PRICES, sizes, FREE_TRAINING, {"some": share}):
        assert case.human + case.machine == objects
        assert case.human >= sizes.first
        assert 1 <= case.rounds <= rounds
