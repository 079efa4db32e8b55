"""How many calls a token may make, at once, in the long run, and in all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hooks.core.allowance import ALLOWANCE, BURST_SECONDS, EXCHANGES, Allowance, Counter

SLOW = Allowance(calls=100, per_second=0.5)  # six at once


def test_calls_may_come_at_once_and_then_at_their_pace() -> None:
    counter = Counter()
    assert [counter.spend("a", SLOW, 10.0) for _ in range(7)] == [0, 0, 0, 0, 0, 0, 2.0]
    assert counter.spend("a", SLOW, 11.0) == 1.0
    assert counter.spend("a", SLOW, 12.0) == 0
    assert counter.spend("a", SLOW, 12.0) == 2.0


def test_tokens_do_not_use_up_each_others_calls() -> None:
    counter = Counter()
    for _ in range(7):
        counter.spend("a", SLOW, 0.0)
    assert counter.spend("b", SLOW, 0.0) == 0


def test_a_token_that_is_used_up_stays_so() -> None:
    counter = Counter()
    spent = [counter.spend("a", Allowance(3, 1.0), 10.0 * call) for call in range(5)]
    assert spent == [0, 0, 0, None, None]


def test_what_was_not_used_for_longest_is_forgotten() -> None:
    counter = Counter(most=2)
    once = Allowance(1, 1.0)
    for name in ("a", "b", "a", "c"):
        counter.spend(name, once, 0.0)
    assert counter.spend("a", once, 0.0) is None
    assert counter.spend("b", once, 0.0) == 0


def test_a_grant_alone_can_have_a_token_for_every_worker() -> None:
    assert EXCHANGES.calls >= 9 * 8 * 6 * 2
    assert ALLOWANCE.calls / 600 >= 2


@given(
    st.lists(st.floats(0, 30), max_size=200),
    st.integers(1, 50),
    st.floats(0.1, 10),
)
def test_nobody_makes_more_calls_than_are_allowed(
    pauses: list[float], calls: int, rate: float
) -> None:
    counter, allowance, now, made = Counter(), Allowance(calls, rate), 0.0, 0
    for pause in pauses:
        now += pause
        wait = counter.spend("a", allowance, now)
        made += wait == 0
        assert wait is None or wait >= 0
        assert made <= calls
        assert made <= max(rate * BURST_SECONDS, 1) + rate * now + 1e-6
