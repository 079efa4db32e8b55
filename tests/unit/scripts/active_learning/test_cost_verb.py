"""`fewclick cost`: a forecast as people and programs read it."""

from __future__ import annotations

import json

from tests.unit.scripts.cloud_bench import fewclick


def test_a_forecast_has_a_range_and_what_people_alone_would_cost() -> None:
    result = fewclick(
        "cost", "--objects", 1000, "--workers", 5, "--price", "0.036", "--hours", 0,
        "--test-size", 10, "--validation-size", 190, "--training-size", 200,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "People alone: 260.00 USD. With the loop: 152.00 USD to 260.00 USD." in result.stdout
    assert "39%, as published" in result.stdout


def test_shares_of_a_simulation_are_cases_for_programs_too() -> None:
    result = fewclick(
        "cost", "--objects", 780, "--workers", 5, "--price", "0.036", "--test-size", 10,
        "--validation-size", 150, "--training-size", 100, "--machine-share", 0.55, "--json",
    )  # fmt: skip
    cases = json.loads(result.stdout)["cases"]
    assert [case["machine"] for case in cases] == [0, 429, 520]
    assert cases[1]["saved"] > 0.3


def test_what_is_missing_or_unknown_is_named() -> None:
    assert "give a run's name, or --objects" in fewclick("cost").output.replace("\n", " ")
    unknown = fewclick("cost", "--objects", 1000, "--instance-type", "ml.p9.huge")
    assert unknown.exit_code == 2
    assert "the price table does not know ml.p9.huge" in unknown.output
    free = fewclick("cost", "--objects", 1000, "--price", "cheap")
    assert free.exit_code == 2
    assert "'cheap' is no amount of dollars" in free.output
