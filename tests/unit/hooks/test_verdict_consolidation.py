"""Verification jobs: several workers' verdicts become one, in Ground Truth's own words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.core.answer_block import Outcome
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.verification_answer import VerificationAnswer
from hooks.core.worker_record import read_evidence
from tests.unit.hooks.batch import LABELS, OUTPUT, annotated, consolidate, details_of, label_of
from tests.unit.hooks.conftest import Account, LambdaContext

SETTINGS = JobSettings(
    "pets-01",
    JobKind.VERIFICATION,
    "pets",
    LABELS,
    earlier_label="masks",
    verdicts=("good", "fix", "redo"),
    reasons=("outline", "class"),
)


@pytest.fixture(autouse=True)
def _verification_job(account: Account) -> None:
    account.put(settings_key("pets-01"), SETTINGS.to_json())


def said(verdict: str, *reasons: str, comment: str = "") -> str:
    answer = VerificationAnswer(Outcome.LABELED, verdict, reasons, comment, "", 3.0)
    return json.dumps({"crowd-image-classifier": answer.to_json()})


CANNOT = json.dumps(
    {
        "crowd-image-classifier": VerificationAnswer(
            Outcome.CANNOT_LABEL, "", (), "", "too dark", 1.0
        ).to_json()
    }
)


def metadata_of(entry: dict[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = entry["consolidatedAnnotation"]["content"]["pets-metadata"]
    return metadata


def test_most_workers_verdict_is_the_labels(account: Account, context: LambdaContext) -> None:
    (entry,) = consolidate(
        account,
        context,
        annotated(
            account,
            3,
            said("fix", "outline", comment="the tail is missing"),
            said("fix", "outline", "class"),
            said("good", comment="fine"),
        ),
    )
    label = label_of(entry)
    assert (label["class-name"], label["class-id"]) == ("fix", 1)
    assert (label["status"], label["workers"]) == ("consensus", 3)
    assert label["reasons"] == {"outline": 2, "class": 1}
    feedback = [{"comment": "the tail is missing"}, {"comment": "fine"}]
    assert label["worker-feedback"] == feedback
    assert 1 / 3 < label["confidence"] < 1
    details = details_of(account, entry)
    assert [worker["verdict"] for worker in details["workers"]] == ["fix", "fix", "good"]
    assert [worker["agreement"] for worker in details["workers"]] == [0.5, 0.5, 0.0]
    assert details["shares"]["redo"] == 0


def test_readers_of_built_in_verifications_find_what_they_read(
    account: Account, context: LambdaContext
) -> None:
    """The documented metadata: class-name, confidence, type and, if there is any, feedback."""
    (entry, silent) = consolidate(
        account,
        context,
        annotated(account, 3, said("redo", comment="no cat")),
        annotated(account, 4, said("good"), said("good")),
    )
    metadata = metadata_of(entry)
    assert metadata["type"] == "groundtruth/label-verification"
    assert metadata["class-name"] == "redo"
    assert metadata["confidence"] == 0.0
    assert metadata["worker-feedback"] == [{"comment": "no cat"}]
    assert metadata["human-annotated"] == "yes"
    assert "worker-feedback" not in metadata_of(silent)
    assert "worker-feedback" not in label_of(silent)


def test_what_crowd_image_classifier_submits_counts(
    account: Account, context: LambdaContext
) -> None:
    crowd = json.dumps({"crowd-image-classifier": {"label": "redo", "workerComment": "no"}})
    (entry,) = consolidate(account, context, annotated(account, 3, crowd, said("redo")))
    assert (label_of(entry)["class-name"], label_of(entry)["status"]) == ("redo", "consensus")


def test_a_tie_goes_to_the_more_cautious_and_needs_another_look(
    account: Account, context: LambdaContext
) -> None:
    (entry,) = consolidate(account, context, annotated(account, 3, said("good"), said("redo")))
    assert (label_of(entry)["class-name"], label_of(entry)["status"]) == (
        "redo",
        "needs-adjudication",
    )


def test_who_cannot_tell_and_who_says_nonsense_are_told(
    account: Account, context: LambdaContext
) -> None:
    (some, none) = consolidate(
        account,
        context,
        annotated(account, 3, said("good"), CANNOT, said("superb")),
        annotated(account, 4, CANNOT),
    )
    assert label_of(some)["status"] == "needs-adjudication"
    assert "1 of 2 workers could not" in label_of(some)["reason"]
    assert "'superb' is not one of" in details_of(account, some)["discarded"][0]["reason"]
    assert label_of(none)["status"] == "failed"
    assert "cannot label it: too dark" in label_of(none)["reason"]


def test_workers_are_remembered_by_their_agreement(
    account: Account, context: LambdaContext
) -> None:
    consolidate(account, context, annotated(account, 3, said("good"), said("good"), said("redo")))
    uri = f"{OUTPUT}/worker-quality/2026-11-20T10:11:12.json"
    weights = [item.relative_weight or 0 for item in read_evidence(account.get(uri), uri)]
    assert weights[0] == weights[1] > 1 > weights[2]


def test_comments_longer_than_a_line_lie_in_the_details(
    account: Account, context: LambdaContext
) -> None:
    answers = [said("good", comment="é" * 1000) for _ in range(9)]
    (entry,) = consolidate(account, context, annotated(account, 3, *answers))
    assert label_of(entry)["left-out"] == ["worker-feedback"]
    assert len(json.dumps(metadata_of(entry))) < 20_000
    assert len(details_of(account, entry)["label"]["worker-feedback"]) == 9
