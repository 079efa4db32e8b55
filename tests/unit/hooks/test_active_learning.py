"""The steps of an active-learning run, and the whole of it under its deployed definition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hooks import aws_loop
from tests.unit.hooks.conftest import Account
from tests.unit.hooks.loop_bench import LoopBench, plan_of, standing_in


@pytest.fixture
def bench(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopBench]:
    aws_loop._sagemaker.cache_clear()
    bench = LoopBench(account, plan_of())
    with standing_in(bench, monkeypatch):
        yield bench


def test_a_run_labels_every_photo_by_people_or_by_machine(bench: LoopBench, tmp_path: Path) -> None:
    bench.start()
    ended = bench.execute(tmp_path / "run")
    assert ended.status == "SUCCEEDED", ended
    lines = bench.lines(bench.folder.output)
    assert [line["id"] for line in lines] == list(range(60))
    assert {line["cats-metadata"]["human-annotated"] for line in lines} == {"yes", "no"}
