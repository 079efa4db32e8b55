"""The benchmark of conversion, on a handful of answers; and that memory does not grow."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from scripts.__main__ import app

pytestmark = pytest.mark.slow


def measure(*arguments: str) -> list[dict[str, float]]:
    done = CliRunner().invoke(app, ["bench-conversion", *arguments, "--json"])
    assert done.exit_code == 0, f"{done.output} {done.exception}"
    found: list[dict[str, float]] = json.loads(done.stdout)
    return found


def test_large_answers_are_measured() -> None:
    (found,) = measure("--answers", "6", "--format", "jumpstart-instances")
    assert found["answers"] == 6
    assert found["megabytes"] > 20


def test_ten_times_the_answers_take_no_more_memory() -> None:
    few, many = measure("--answers", "200", "--answers", "2000")
    assert many["megabytes"] < few["megabytes"] + 25
