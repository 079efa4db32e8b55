"""The price table, overridden and added up."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.jobs.job_cost import job_cost
from scripts.local_ground_truth.request_rules import ALLOWED_PRICES
from scripts.prices import TaskType, load_prices
from scripts.refusal import RefusedError

PRICES = load_prices()


def test_the_official_notebooks_example_comes_out() -> None:
    """AWS's object detection notebook: 0.26 USD an object of five workers at 0.036, 0.08 alone."""
    human = job_cost(PRICES, objects=1000, workers_per_object=5, task_price=Decimal("0.036"))
    assert human.total == Decimal("260")
    assert PRICES.machine_fees(392) == Decimal("31.36")


def test_the_fee_falls_by_tiers() -> None:
    assert PRICES.object_fees(50_000) == Decimal(4000)
    assert PRICES.object_fees(60_000) == Decimal(4400)
    assert PRICES.object_fees(10_000, already_this_month=50_000) == Decimal(400)
    assert PRICES.object_fees(2_000_000) == Decimal(4000 + 38_000 + 20_000)


@given(st.integers(0, 3_000_000), st.integers(0, 3_000_000))
def test_a_month_costs_the_same_however_it_is_cut(first: int, second: int) -> None:
    apart = PRICES.object_fees(first) + PRICES.object_fees(second, already_this_month=first)
    assert apart == PRICES.object_fees(first + second)


def test_what_workers_may_be_paid_is_what_the_local_ground_truth_lets_pass() -> None:
    allowed = [int(price * 1000) for price in PRICES.worker_task[TaskType.CUSTOM]]
    assert allowed == list(ALLOWED_PRICES)


def test_a_file_of_ones_own_overrides_what_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "prices.toml"
    own.write_text('[instance_hour]\n"ml.g5.xlarge" = 1.5\n', encoding="utf-8")
    prices = load_prices(own)
    assert prices.instance_hours("ml.g5.xlarge", 2) == Decimal("3.0")
    assert prices.instance_hours("ml.g4dn.xlarge", 1) == Decimal("0.7364")
    assert prices.instance_hours("ml.p9.huge", 1) is None
    monkeypatch.setenv("FEWCLICK_PRICES", str(own))
    assert load_prices() == prices


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("tax = 3", "'tax' is no entry"),
        ('machine_label = {price = "cheap"}', "machine_label cannot be used"),
        ("[instance_hour]\nx = -1", "instance_hour cannot be used"),
        ('[[object_fee]]\nup_to = 5\nprice = "1"', "object_fee cannot be used"),
        ("dated = 3", "dated cannot be used"),
        ("= 3", "is not TOML"),
    ],
)
def test_a_table_that_cannot_be_used_is_named(tmp_path: Path, text: str, named: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError, match=named):
        load_prices(own)


def test_an_endpoint_is_billed_by_the_hour_or_named() -> None:
    known = job_cost(
        PRICES, objects=10, workers_per_object=1, instance_type="ml.g4dn.xlarge", hours=10
    )
    assert known.total == Decimal("0.80") + Decimal("7.364")
    unknown = job_cost(PRICES, objects=10, workers_per_object=1, instance_type="ml.p9.huge")
    assert any("ml.p9.huge" in note for note in unknown.notes)
    hourly = job_cost(PRICES, objects=10, workers_per_object=1, instance_type="ml.g5.xlarge")
    assert any("1.41 USD an hour" in note for note in hourly.notes)
