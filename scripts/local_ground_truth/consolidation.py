"""Takes an iteration's answered objects through the annotation-consolidation Lambda.

The answers go into a payload file, the function is invoked with its address, and what it returns
is written beside it and becomes the objects' labels. Nothing here depends on when it runs: after
a crash the same payload is written to the same key and the function is invoked once more.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hooks.core.manifest import MAX_ATTRIBUTE_CHARACTERS, METADATA_SUFFIX
from scripts.local_ground_truth.assignments import Assignment
from scripts.local_ground_truth.batches import Batch, Outcome
from scripts.local_ground_truth.clock import from_epoch, key_time
from scripts.local_ground_truth.job_services import JobServices
from scripts.local_ground_truth.job_store import DataObject, Job, ObjectState
from scripts.local_ground_truth.lambda_events import consolidation_event, payload_entry
from scripts.local_ground_truth.lambda_runtime import Answer, InvocationRefusedError
from scripts.local_ground_truth.manifest_writer import custom_metadata
from scripts.local_ground_truth.worker_response import worker_response_uri

logger = logging.getLogger(__name__)

MAX_BATCH_OBJECTS = 100
MAX_BATCH_CHARACTERS = 32_000_000
"""AWS does not say how many objects it puts into one payload; these keep a batch within what a
function of ordinary memory and timeout can hold and finish."""
ATTEMPTS = 3
SECONDS_BETWEEN_ATTEMPTS = 0.5


class ConsolidationAnswerError(Exception):
    """The function answered with something that is not a list of consolidated annotations."""


class Consolidation:
    """Consolidation of one job's answers."""

    def __init__(self, services: JobServices) -> None:
        self._services = services

    def plan(self, job: Job) -> None:
        """Put every answered object into a batch; workers can correct its answers no more."""
        unplanned = [
            data_object
            for data_object in self._services.jobs.objects(job.name, ObjectState.ANSWERED)
            if data_object.batch is None
        ]
        if unplanned:
            groups = list(self._groups(job, unplanned))
            self._services.batches.plan(job.name, job.iteration, groups, self._services.now())

    def run(self, job: Job) -> None:
        """Consolidate every planned object; they are labeled or failed when this returns."""
        for batch in self._services.batches.unfinished(job.name):
            self._run_batch(job, batch)

    def _groups(self, job: Job, objects: Sequence[DataObject]) -> Iterator[list[int]]:
        group: list[int] = []
        characters = 0
        for data_object in objects:
            size = sum(len(answer.answer or "") for answer in self._answers(job, data_object))
            if group and (
                len(group) == MAX_BATCH_OBJECTS or characters + size > MAX_BATCH_CHARACTERS
            ):
                yield group
                group, characters = [], 0
            group.append(data_object.object_id)
            characters += size
        if group:
            yield group

    def _run_batch(self, job: Job, batch: Batch) -> None:
        objects = [
            data_object
            for data_object in self._services.jobs.objects(job.name, ObjectState.ANSWERED)
            if data_object.batch == batch.number
        ]
        arn = job.task.get("AnnotationConsolidationConfig", {}).get(
            "AnnotationConsolidationLambdaArn"
        )
        if arn is None:
            outcomes = {each.object_id: _unconsolidated(job, batch, each) for each in objects}
        else:
            outcomes = self._consolidate(job, batch, arn, objects)
        self._services.batches.finish(job.name, batch, outcomes, self._services.now())

    def _consolidate(
        self, job: Job, batch: Batch, arn: str, objects: Sequence[DataObject]
    ) -> dict[int, Outcome]:
        payload_uri = _file_uri(job, batch, "consolidation-request")
        payload = [
            payload_entry(each, self._answers(job, each), self._services.region) for each in objects
        ]
        self._services.objects.write_json(payload_uri, payload)
        event = consolidation_event(self._services.job_arn(job.name), job, payload_uri)
        try:
            entries = self._invoke(arn, json.dumps(event).encode())
        except ConsolidationAnswerError as error:
            failure = f"ClientError: annotation consolidation failed: {error}"
            return {each.object_id: Outcome(None, failure) for each in objects}
        self._services.objects.write_json(
            _file_uri(job, batch, "consolidation-response"), list(entries.values())
        )
        return {
            each.object_id: _outcome(job, batch, entries.get(str(each.object_id)))
            for each in objects
        }

    def _invoke(self, arn: str, event: bytes) -> dict[str, Any]:
        """The function's entries by datasetObjectId, after as many attempts as it takes."""
        problem = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(SECONDS_BETWEEN_ATTEMPTS)
            try:
                answer = self._services.invoke(arn, event)
            except InvocationRefusedError as error:
                raise ConsolidationAnswerError(str(error)) from error
            if answer.function_error is None:
                return _entries(answer)
            problem = answer.error
            logger.warning("%s failed: %s", arn, problem)
        raise ConsolidationAnswerError(problem)

    def _answers(self, job: Job, data_object: DataObject) -> list[Assignment]:
        return self._services.assignments.submitted(job.name, data_object.object_id)


def _entries(answer: Answer) -> dict[str, Any]:
    entries = answer.value
    if not isinstance(entries, list):
        raise ConsolidationAnswerError("the function returned no list")
    return {
        str(entry["datasetObjectId"]): entry
        for entry in entries
        if isinstance(entry, Mapping) and "datasetObjectId" in entry
    }


def _outcome(job: Job, batch: Batch, entry: Mapping[str, Any] | None) -> Outcome:
    """What an entry of the function's answer says about its object."""
    if entry is None:
        return Outcome(None, "ClientError: annotation consolidation returned no entry for it.")
    annotation = entry.get("consolidatedAnnotation")
    content = annotation.get("content") if isinstance(annotation, Mapping) else None
    attribute = job.label_attribute_name
    if not isinstance(content, Mapping) or attribute not in content:
        return Outcome(
            None, f"ClientError: consolidatedAnnotation.content has no attribute {attribute}."
        )
    for name, value in content.items():
        length = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        if length > MAX_ATTRIBUTE_CHARACTERS:
            return Outcome(
                None,
                f"ClientError: the consolidated attribute {name} has {length} characters; "
                f"a manifest attribute has at most {MAX_ATTRIBUTE_CHARACTERS}.",
            )
    fields = {
        name: value for name, value in content.items() if name not in ("source", "source-ref")
    }
    fields.setdefault(attribute + METADATA_SUFFIX, custom_metadata(job, batch.requested_at))
    return Outcome(fields)


def _unconsolidated(job: Job, batch: Batch, data_object: DataObject) -> Outcome:
    """Without a function the label is empty, and the metadata says where the answers are."""
    metadata = custom_metadata(job, batch.requested_at)
    metadata["worker-response-ref"] = worker_response_uri(job, data_object)
    attribute = job.label_attribute_name
    return Outcome({attribute: {}, attribute + METADATA_SUFFIX: metadata})


def _file_uri(job: Job, batch: Batch, folder: str) -> str:
    return (
        f"{job.output}/annotations/consolidated-annotation/{folder}/"
        f"iteration-{batch.iteration}/{key_time(from_epoch(batch.requested_at))}.json"
    )
