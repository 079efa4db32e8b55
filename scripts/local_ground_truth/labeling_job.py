"""Ground Truth's part in one labeling job, from input manifest to output manifest.

    read the manifest -> choose objects for an iteration -> pre-annotation for each
      -> workers -> worker-response files -> consolidation -> next iteration -> output manifest

`advance` does whatever can be done now and returns. Every step records its result in one
transaction after its effects, and effects are written to places that do not depend on when they
are written, so a step that was cut off is simply done again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hooks.core.errors import FewclickError
from scripts.local_ground_truth.consolidation import Consolidation
from scripts.local_ground_truth.input_manifest import InputManifestError, read_input_manifest
from scripts.local_ground_truth.job_services import JobServices
from scripts.local_ground_truth.job_store import UNFINISHED, DataObject, Job, JobStatus, ObjectState
from scripts.local_ground_truth.lambda_events import pre_annotation_event
from scripts.local_ground_truth.lambda_runtime import PROCESSES_PER_FUNCTION, InvocationRefusedError
from scripts.local_ground_truth.manifest_writer import output_manifest
from scripts.local_ground_truth.s3_objects import S3ObjectError
from scripts.local_ground_truth.worker_response import worker_response, worker_response_uri

FIRST_ITERATION_OBJECTS = 10
"""Ground Truth tries a job on ten objects before it sends out batches."""
DEFAULT_CONCURRENT_TASKS = 1000
MAX_REASON_CHARACTERS = 1024


class PreAnnotationError(FewclickError):
    """The pre-annotation Lambda failed, or returned something that is no task input."""


class LabelingJob:
    """One job by name."""

    def __init__(self, name: str, services: JobServices) -> None:
        self._name = name
        self._services = services
        self._consolidation = Consolidation(services)

    def advance(self) -> None:
        """Do all that can be done without waiting for workers."""
        while (job := self._services.jobs.job(self._name)) and job.status in UNFINISHED:
            if job.status is JobStatus.INITIALIZING:
                self._begin(job)
            elif job.status is JobStatus.STOPPING:
                self._stop(job)
            elif not self._work(job):
                return

    def _begin(self, job: Job) -> None:
        address = job.request["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
        try:
            content = self._services.objects.read(address)
            lines = read_input_manifest(content, job.label_attribute_name)
        except S3ObjectError as error:
            self._fail(f"ClientError: The manifest cannot be read. {error}")
        except InputManifestError as error:
            self._fail(f"ClientError: {address}: {error}")
        else:
            self._services.jobs.begin(job.name, lines, self._services.now())

    def _work(self, job: Job) -> bool:
        """One step of a job in progress; False if it is the workers' turn."""
        self._services.assignments.expire(job.name, self._services.now())
        chosen = self._services.jobs.objects(job.name, ObjectState.CHOSEN)
        if chosen:
            self._prepare_all(job, chosen)
            return True
        self._write_responses(job)
        counts = self._services.jobs.count_objects(job.name)
        if counts.get(ObjectState.OPEN):
            return False
        if counts.get(ObjectState.ANSWERED):
            self._consolidate(job)
        elif counts.get(ObjectState.PENDING) and (size := _next_iteration_size(job, counts)):
            self._services.jobs.start_iteration(job.name, size, self._services.now())
        else:
            stopped_early = bool(counts.get(ObjectState.PENDING))
            self._finish(job, JobStatus.STOPPED if stopped_early else JobStatus.COMPLETED)
        return True

    def _stop(self, job: Job) -> None:
        """Wind up: what has been answered is consolidated, the rest stays unlabeled."""
        self._services.assignments.close_all(job.name, self._services.now())
        self._consolidate(job)
        self._finish(job, JobStatus.STOPPED)

    def _consolidate(self, job: Job) -> None:
        """Label what was answered. No object is open, so none becomes answered meanwhile."""
        self._consolidation.plan(job)
        # A planned object's answers cannot be corrected any more: these are the last ones.
        self._write_responses(job)
        self._consolidation.run(job)
        uri = f"{job.output}/annotations/intermediate/iteration-{job.iteration}/output.manifest"
        self._write_manifest(job, uri)

    def _finish(self, job: Job, status: JobStatus) -> None:
        self._write_manifest(job, output_manifest_uri(job))
        self._services.jobs.set_status(job.name, status, self._services.now(), only_from=UNFINISHED)

    def _fail(self, reason: str) -> None:
        self._services.jobs.set_status(
            self._name,
            JobStatus.FAILED,
            self._services.now(),
            only_from=UNFINISHED,
            failure_reason=reason[:MAX_REASON_CHARACTERS],
        )

    def _prepare_all(self, job: Job, chosen: list[DataObject]) -> None:
        with ThreadPoolExecutor(PROCESSES_PER_FUNCTION) as threads:
            for _ in threads.map(lambda data_object: self._prepare(job, data_object), chosen):
                pass  # results are recorded one by one; this raises what a thread raised

    def _prepare(self, job: Job, data_object: DataObject) -> None:
        """Make one chosen object's task, or find out that there is none."""
        jobs, object_id = self._services.jobs, data_object.object_id
        try:
            task_input, human_needed = self._pre_annotate(job, data_object.fields)
        except PreAnnotationError as error:
            jobs.fail_object(
                job.name,
                object_id,
                ObjectState.CHOSEN,
                f"ClientError: {error}",
                self._services.now(),
            )
            return
        if human_needed:
            jobs.open_object(job.name, object_id, task_input, self._services.now())
        else:
            jobs.skip_object(job.name, object_id, self._services.now())

    def _pre_annotate(self, job: Job, data_object: Mapping[str, Any]) -> tuple[Any, bool]:
        """The task input, and whether a person is needed."""
        arn = job.task.get("PreHumanTaskLambdaArn")
        if arn is None:
            return data_object, True  # documented: the line itself is then the task input
        event = pre_annotation_event(self._services.job_arn(job.name), data_object)
        try:
            answer = self._services.invoke(arn, json.dumps(event).encode())
        except InvocationRefusedError as error:
            raise PreAnnotationError(str(error)) from error
        if answer.function_error is not None:
            raise PreAnnotationError(f"the pre-annotation Lambda failed: {answer.error}")
        response = answer.value
        if not isinstance(response, Mapping) or not isinstance(response.get("taskInput"), Mapping):
            raise PreAnnotationError("the pre-annotation Lambda returned no taskInput.")
        return response["taskInput"], _is_human_needed(response)

    def _write_responses(self, job: Job) -> None:
        services = self._services
        for object_id, corrections in services.batches.without_response(job.name):
            data_object = services.jobs.data_object(job.name, object_id)
            answers = services.assignments.submitted(job.name, object_id)
            services.objects.write_json(
                worker_response_uri(job, data_object), worker_response(answers, services.region)
            )
            services.batches.written_response(job.name, object_id, corrections)

    def _write_manifest(self, job: Job, uri: str) -> None:
        content = output_manifest(job, self._services.jobs.objects(job.name))
        self._services.objects.write(uri, content, "application/octet-stream")


def output_manifest_uri(job: Job) -> str:
    """Where the job's last manifest lies once it is finished."""
    return f"{job.output}/manifests/output/output.manifest"


def _next_iteration_size(job: Job, counts: Mapping[ObjectState, int]) -> int:
    """How many objects go out next; 0 when a stopping condition has been met."""
    at_once = int(job.task.get("MaxConcurrentTaskCount", DEFAULT_CONCURRENT_TASKS))
    size = min(at_once, FIRST_ITERATION_OBJECTS) if job.iteration == 0 else at_once
    conditions = job.request.get("StoppingConditions", {})
    labeled = counts.get(ObjectState.LABELED, 0)
    limits: list[int] = [counts.get(ObjectState.PENDING, 0), size]
    if "MaxHumanLabeledObjectCount" in conditions:
        limits.append(conditions["MaxHumanLabeledObjectCount"] - labeled)
    if "MaxPercentageOfInputDatasetLabeled" in conditions:
        share = conditions["MaxPercentageOfInputDatasetLabeled"] / 100
        done = labeled + counts.get(ObjectState.KEPT, 0)
        limits.append(int(share * sum(counts.values())) - done)
    return max(0, min(limits))


def _is_human_needed(response: Mapping[str, Any]) -> bool:
    """`isHumanAnnotationRequired`: a boolean, or as AWS's own samples have it a text."""
    needed = response.get("isHumanAnnotationRequired", True)
    return str(needed).lower() != "false"
