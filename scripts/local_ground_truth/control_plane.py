"""SageMaker's labeling job operations, as boto3 speaks them: JSON 1.1 with an X-Amz-Target.

A request goes through every check of AWS's own model and of the documented rules before a job
exists; whatever is wrong with it is said in one ValidationException.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from hooks.core.categories import LabelCategories
from scripts.local_ground_truth.job_description import describe, summarize
from scripts.local_ground_truth.job_services import JobServices
from scripts.local_ground_truth.job_store import UNFINISHED, Job, JobStatus
from scripts.local_ground_truth.request_check import (
    Finding,
    RequestRefusedError,
    check_shape,
    refusal,
)
from scripts.local_ground_truth.request_rules import Surroundings, check_rules

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TARGETS = frozenset(
    f"SageMaker.{operation}"
    for operation in (
        "CreateLabelingJob",
        "DescribeLabelingJob",
        "ListLabelingJobs",
        "StopLabelingJob",
    )
)
CONTENT_TYPE = "application/x-amz-json-1.1"
DEFAULT_PAGE = 10


class ControlPlane:
    """A WSGI application for the operations of `TARGETS`.

    Args:
        on_created: called with the name of a job that has just been created.
        others: operations beside those of `TARGETS`.
    """

    def __init__(
        self,
        services: JobServices,
        function_arns: Collection[str],
        on_created: Callable[[str], None],
        others: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]],
    ) -> None:
        self._services = services
        self._function_arns = function_arns
        self._on_created = on_created
        self._operations: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            **others,
            "SageMaker.CreateLabelingJob": self.create,
            "SageMaker.DescribeLabelingJob": self.describe,
            "SageMaker.ListLabelingJobs": self.list_jobs,
            "SageMaker.StopLabelingJob": self.stop,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            parameters = json.loads(request.get_data() or b"{}")
            if not isinstance(parameters, dict):
                raise RequestRefusedError("SerializationException", "The body is no JSON object.")
            answer = self._operations[request.headers["X-Amz-Target"]](parameters)
            response = Response(json.dumps(answer), 200, content_type=CONTENT_TYPE)
        except ValueError as error:
            response = _error("SerializationException", f"The body is not JSON: {error}")
        except RequestRefusedError as error:
            response = _error(error.code, str(error))
        response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
        return response(environ, start_response)

    def create(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Check the request and begin the job."""
        objects = self._services.objects
        findings = check_shape("CreateLabelingJob", parameters)
        if not any(finding.structural for finding in findings):
            surroundings = Surroundings(
                objects, self._function_arns, self._services.account, self._services.region
            )
            findings += check_rules(parameters, surroundings)
        if findings:
            raise refusal(findings)
        template = objects.read(parameters["HumanTaskConfig"]["UiConfig"]["UiTemplateS3Uri"])
        categories = parameters.get("LabelCategoryConfigS3Uri")
        names = (
            None
            if categories is None
            else list(LabelCategories.from_category_file(objects.read(categories)))
        )
        name = parameters["LabelingJobName"]
        if not self._services.jobs.add_job(
            parameters, template.decode(), names, self._services.now()
        ):
            raise RequestRefusedError(
                "ResourceInUse", f"There is a labeling job named {name} already."
            )
        self._on_created(name)
        return {"LabelingJobArn": self._services.job_arn(name)}

    def describe(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        job = self._existing("DescribeLabelingJob", parameters)
        counts = self._services.jobs.count_objects(job.name)
        return describe(job, self._services.job_arn(job.name), counts)

    def stop(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        job = self._existing("StopLabelingJob", parameters)
        stopping = self._services.jobs.set_status(
            job.name, JobStatus.STOPPING, self._services.now(), only_from=UNFINISHED
        )
        if not stopping:
            raise refusal(
                [
                    Finding(
                        "labelingJobName",
                        job.name,
                        f"Member must name a job that is running; this one is {job.status}",
                    )
                ]
            )
        return {}

    def list_jobs(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        findings = check_shape("ListLabelingJobs", parameters)
        start = parameters.get("NextToken", "0")
        if not findings and not str(start).isdecimal():
            findings = [Finding("nextToken", start, "Member must be a token of an earlier answer")]
        if findings:
            raise refusal(findings)
        jobs = [job for job in self._services.jobs.jobs() if _is_wanted(job, parameters)]
        order: dict[str, Callable[[Job], Any]] = {
            "Name": lambda job: job.name.lower(),
            "Status": lambda job: job.status,
            "CreationTime": lambda job: job.created_at,
        }
        jobs.sort(
            key=order[parameters.get("SortBy", "CreationTime")],
            reverse=parameters.get("SortOrder", "Ascending") == "Descending",
        )
        first = int(start)
        last = first + int(parameters.get("MaxResults", DEFAULT_PAGE))
        answer: dict[str, Any] = {
            "LabelingJobSummaryList": [
                summarize(
                    job,
                    self._services.job_arn(job.name),
                    self._services.jobs.count_objects(job.name),
                )
                for job in jobs[first:last]
            ]
        }
        return answer | ({"NextToken": str(last)} if last < len(jobs) else {})

    def _existing(self, operation: str, parameters: Mapping[str, Any]) -> Job:
        findings = check_shape(operation, parameters)
        if findings:
            raise refusal(findings)
        name = parameters["LabelingJobName"]
        job = self._services.jobs.job(name)
        if job is None:
            raise RequestRefusedError("ResourceNotFound", f"There is no labeling job named {name}.")
        return job


def _is_wanted(job: Job, parameters: Mapping[str, Any]) -> bool:
    status = parameters.get("StatusEquals", job.status)
    return (
        job.status == status
        and parameters.get("NameContains", "").lower() in job.name.lower()
        and job.created_at > parameters.get("CreationTimeAfter", float("-inf"))
        and job.created_at < parameters.get("CreationTimeBefore", float("inf"))
        and job.modified_at > parameters.get("LastModifiedTimeAfter", float("-inf"))
        and job.modified_at < parameters.get("LastModifiedTimeBefore", float("inf"))
    )


def _error(code: str, message: str) -> Response:
    body = json.dumps({"__type": code, "message": message})
    return Response(body, 400, content_type=CONTENT_TYPE, headers={"x-amzn-ErrorType": code})
