"""Worker-response files: everything that the workers submitted for one object, with times."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

from scripts.local_ground_truth.assignments import Assignment, worker_id
from scripts.local_ground_truth.clock import from_epoch, iso_milliseconds, key_time
from scripts.local_ground_truth.job_store import DataObject, Job


def worker_response_uri(job: Job, data_object: DataObject) -> str:
    """Named by the time of the object's last answer, so that writing it again overwrites it."""
    assert data_object.done_at is not None, "only a finished object has a worker-response file"
    return (
        f"{job.output}/annotations/worker-response/iteration-{data_object.iteration}/"
        f"{data_object.object_id}/{key_time(from_epoch(data_object.done_at))}.json"
    )


def worker_response(answers: Iterable[Assignment], region: str) -> dict[str, Any]:
    """The file's JSON; here an answer's content is an object, unlike in the payload."""
    return {"answers": [_answer(assignment, region) for assignment in answers]}


def _answer(assignment: Assignment, region: str) -> dict[str, Any]:
    assert assignment.submitted_at is not None, "only submitted assignments have an answer"
    return {
        "answerContent": json.loads(assignment.answer or "{}"),
        "acceptanceTime": iso_milliseconds(from_epoch(assignment.accepted_at)),
        "submissionTime": iso_milliseconds(from_epoch(assignment.submitted_at)),
        "timeSpentInSeconds": round(assignment.submitted_at - assignment.accepted_at, 3),
        "workerId": worker_id(region, assignment.worker),
        "workerMetadata": {
            "identityData": {
                "identityProviderType": "Cognito",
                "issuer": f"https://cognito-idp.{region}.amazonaws.com/{region}_local",
                "sub": str(uuid.uuid5(uuid.NAMESPACE_URL, f"worker:{assignment.worker}")),
            }
        },
    }
