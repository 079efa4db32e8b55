"""The worker's verdict: what is written is read back, and what cannot be used is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.answer_block import Outcome
from hooks.core.errors import AnswerError
from hooks.core.verification_answer import VerificationAnswer

VERDICTS = ("good", "needs fixing", "wrong")
REASONS = ("outline", "missing")


def parse(fields: dict[str, Any]) -> VerificationAnswer:
    return VerificationAnswer.from_fields(fields, VERDICTS, REASONS)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
answers = st.one_of(
    st.builds(
        VerificationAnswer,
        outcome=st.just(Outcome.LABELED),
        verdict=st.sampled_from(VERDICTS),
        reasons=st.sets(st.sampled_from(REASONS)).map(
            lambda chosen: tuple(reason for reason in REASONS if reason in chosen)
        ),
        comment=texts.map(str.strip),
        reason=st.just(""),
        seconds=st.integers(0, 10_000).map(lambda tenths: tenths / 10),
    ),
    st.builds(
        VerificationAnswer,
        outcome=st.just(Outcome.CANNOT_LABEL),
        verdict=st.just(""),
        reasons=st.just(()),
        comment=texts.map(str.strip),
        reason=texts,
        seconds=st.just(1.5),
    ),
)


@given(answers)
def test_any_answer_survives_being_written(answer: VerificationAnswer) -> None:
    assert parse(json.loads(answer.to_json())) == answer


def test_what_crowd_image_classifier_answers_is_read() -> None:
    answer = parse({"label": "wrong", "workerComment": " no cat "})
    assert (answer.outcome, answer.verdict, answer.comment) == (Outcome.LABELED, "wrong", "no cat")
    assert (answer.reasons, answer.clicks, answer.seconds) == ((), 0, 0)


def test_what_is_written_is_what_crowd_image_classifier_answers() -> None:
    written = json.loads(parse({"label": "good", "workerComment": "fine"}).to_json())
    assert {name: written[name] for name in ("label", "workerComment")} == {
        "label": "good",
        "workerComment": "fine",
    }
    assert "workerComment" not in json.loads(parse({"label": "good"}).to_json())


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, '"label" is missing'),
        ({"label": ""}, '"label" is missing'),
        ({"label": ["good"]}, '"label" is missing'),
        ({"label": "superb"}, "'superb' is not one of good, needs fixing, wrong"),
        ({"label": "good", "fewclick": {"reasons": "outline"}}, '"reasons" is not a list'),
        ({"label": "good", "fewclick": {"reasons": [{}]}}, "is not one of this job's"),
        ({"label": "good", "fewclick": {"outcome": "nothing-here"}}, "nothing-here"),
        ({"label": "good", "fewclick": {"outcome": "perhaps"}}, "'perhaps' is not known"),
        ({"label": "good", "fewclick": {"schema_version": 9}}, "schema version 9"),
        ({"label": "good", "fewclick": []}, "not a JSON object"),
    ],
    ids=str,
)
def test_what_says_nothing_is_refused_with_a_reason(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(AnswerError, match=problem):
        parse(fields)
