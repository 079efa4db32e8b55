"""The vote on verdicts, worked out by hand."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.consensus import Status
from hooks.core.errors import AnswerError
from hooks.core.verdicts import VerdictConsensus, VerdictVote, decide

VERDICTS = ("good", "fix", "redo")


def ask(*said: str, **weights: float) -> VerdictConsensus:
    votes = [VerdictVote(f"w{number}", verdict) for number, verdict in enumerate(said)]
    return decide(votes, VERDICTS, weights)


@pytest.mark.parametrize(
    ("said", "verdict", "status"),
    [
        pytest.param(["good", "good", "fix"], "good", Status.CONSENSUS, id="majority"),
        pytest.param(["redo", "redo"], "redo", Status.CONSENSUS, id="agreed"),
        pytest.param(["good"], "good", Status.SINGLE_ANNOTATOR, id="alone"),
        pytest.param(["good", "fix"], "fix", Status.NEEDS_ADJUDICATION, id="a tie: the cautious"),
        pytest.param(["good", "fix", "redo"], "redo", Status.NEEDS_ADJUDICATION, id="of three"),
        pytest.param(
            ["good", "good", "good", "fix", "fix", "redo", "redo"],
            "good",
            Status.NEEDS_ADJUDICATION,
            id="the most, but no half",
        ),
    ],
)
def test_the_vote(said: list[str], verdict: str, status: Status) -> None:
    result = ask(*said)
    assert (result.verdict, result.status) == (verdict, status)
    assert bool(result.reason) == (status is Status.NEEDS_ADJUDICATION)


def test_a_tie_names_who_is_tied() -> None:
    assert ask("good", "redo").reason == "the workers are evenly divided between good and redo."


def test_weights_count() -> None:
    assert ask("good", "redo", "redo", w0=3).verdict == "good"
    assert ask("good", "redo", "redo", w0=2).status is Status.NEEDS_ADJUDICATION


def test_few_votes_are_less_certain_than_many() -> None:
    assert ask("good").confidence == 0  # no evidence
    assert ask("good", "good", "good").confidence == pytest.approx((3 + 1 / 3) / 4)
    assert ask(*["good"] * 9).confidence == pytest.approx((9 + 1 / 3) / 10)
    assert ask("good", "good", "fix").confidence == pytest.approx((2 + 1 / 3) / 4)
    # One worker of all the weight counts as one vote, however many there are.
    heavy = ask("good", "good", "good", w0=1e9)
    assert heavy.confidence == pytest.approx((1 + 1 / 3) / 2)


def test_agreement_is_with_the_others() -> None:
    result = ask("good", "good", "fix")
    assert result.agreement == {"w0": 0.5, "w1": 0.5, "w2": 0.0}
    assert ask("good").agreement == {"w0": None}
    assert ask("good", "good", "fix", w1=3).agreement["w0"] == pytest.approx(0.75)


def test_shares_name_every_verdict() -> None:
    assert ask("good", "fix").shares == {"good": 0.5, "fix": 0.5, "redo": 0.0}


def test_what_cannot_be_decided_is_refused() -> None:
    with pytest.raises(AnswerError, match="'bored' is not one of good, fix, redo"):
        ask("bored")
    with pytest.raises(ValueError, match="no votes"):
        decide([], VERDICTS)
    with pytest.raises(ValueError, match="a votes twice"):
        decide([VerdictVote("a", "good"), VerdictVote("a", "fix")], VERDICTS)
    with pytest.raises(ValueError, match="one of them twice"):
        decide([VerdictVote("a", "good")], ["good", "good"])
    with pytest.raises(ValueError, match="weight of worker w0"):
        ask("good", w0=0)


votes = st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=9)
weight_lists = st.lists(st.sampled_from([0.5, 1.0, 2.0, 3.7]), min_size=9, max_size=9)


@given(votes, weight_lists, st.randoms(use_true_random=False))
def test_the_order_of_workers_changes_nothing(
    said: list[str], weights: list[float], rng: random.Random
) -> None:
    weight_of = {f"w{number}": weight for number, weight in enumerate(weights)}
    cast = [VerdictVote(f"w{number}", verdict) for number, verdict in enumerate(said)]
    first = decide(cast, VERDICTS, weight_of)
    rng.shuffle(cast)
    assert decide(tuple(cast), list(VERDICTS), weight_of) == first


@given(votes, st.permutations(VERDICTS))
def test_the_order_of_the_list_matters_in_ties_only(said: list[str], order: list[str]) -> None:
    cast = [VerdictVote(f"w{number}", verdict) for number, verdict in enumerate(said)]
    plain, other = decide(cast, VERDICTS), decide(cast, order)
    assert other.shares == plain.shares
    assert other.confidence == plain.confidence
    assert other.agreement == plain.agreement
    assert other.status == plain.status
    best = [verdict for verdict in order if said.count(verdict) == max(map(said.count, order))]
    assert other.verdict == best[-1]


@given(st.sampled_from(VERDICTS), st.integers(2, 9), weight_lists)
def test_what_everybody_says_comes_out(verdict: str, workers: int, weights: list[float]) -> None:
    weight_of = {f"w{number}": weight for number, weight in enumerate(weights)}
    result = ask(*[verdict] * workers, **weight_of)
    assert result.verdict == verdict
    assert result.status is Status.CONSENSUS
    assert 0.5 < result.confidence <= 1
    assert set(result.agreement.values()) == {1.0}
