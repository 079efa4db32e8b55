from __future__ import annotations

import pytest

from hooks.core.agreement_weights import relative_weights


def test_two_workers_say_nothing_of_each_other() -> None:
    assert relative_weights({"a": 0.2, "b": 0.2}) == {}
    assert relative_weights({"a": 0.2, "b": 0.2, "c": None}) == {}


def test_who_agrees_with_nobody_counts_little() -> None:
    weights = relative_weights({"a": 0.5, "b": 0.5, "c": 0.0})
    assert weights["a"] == weights["b"] == pytest.approx(1.5 / 1.05)
    assert weights["c"] == pytest.approx(0.15 / 1.05)


def test_workers_who_agree_alike_are_like_anybody() -> None:
    assert relative_weights(dict.fromkeys("abcd", 0.7)) == pytest.approx(dict.fromkeys("abcd", 1.0))
