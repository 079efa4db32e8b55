"""Questions of several threads, answered together."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from model_endpoint.batching import Batcher


class Doubler:
    """Doubles numbers once it may, refuses 13, and remembers how many came at a time."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.may = threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        assert self.may.wait(10)
        self.sizes.append(len(items))
        if 13 in items:
            raise ValueError("13 is not for doubling")
        return [2 * item for item in items]


def test_what_waits_is_answered_together() -> None:
    run = Doubler()
    double = Batcher(run, largest=8, window_seconds=0.0)
    with ThreadPoolExecutor(12) as threads:
        answers = [threads.submit(double, item) for item in range(12)]
        time.sleep(0.2)  # all have asked; the first of them is being held up
        run.may.set()
        assert [answer.result(10) for answer in answers] == [2 * item for item in range(12)]
    assert sum(run.sizes) == 12
    assert max(run.sizes) > 1
    assert max(run.sizes) <= 8


def test_one_bad_question_does_not_take_the_others_down() -> None:
    run = Doubler()
    double = Batcher(run, largest=8, window_seconds=0.05)
    run.may.set()
    with ThreadPoolExecutor(4) as threads:
        answers = {item: threads.submit(double, item) for item in (11, 12, 13, 14)}
        with pytest.raises(ValueError, match="13 is not"):
            answers.pop(13).result(10)
        assert {item: answer.result(10) for item, answer in answers.items()} == {
            11: 22,
            12: 24,
            14: 28,
        }
    assert double(5) == 10
