"""The export benchmark, on a handful of lines."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from scripts.__main__ import app


@pytest.mark.slow
def test_both_contestants_run_and_are_measured() -> None:
    done = CliRunner().invoke(app, ["bench-export", "--lines", "12", "--lines", "4", "--json"])
    assert done.exit_code == 0, f"{done.output} {done.exception}"
    few, fewer = json.loads(done.stdout)
    assert (few["lines"], fewer["lines"]) == (12, 4)
    for contest in (few, fewer):
        assert contest["share"] > 0
        assert contest["export_mb"] > contest["copy_mb"] > 20
