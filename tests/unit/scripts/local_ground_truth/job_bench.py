"""A labeling job without threads, servers or processes: one moves the clock and calls `advance`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.local_ground_truth.assignments import Assignment, Assignments
from scripts.local_ground_truth.batches import Batches
from scripts.local_ground_truth.database import Database
from scripts.local_ground_truth.job_services import JobServices
from scripts.local_ground_truth.job_store import JobStore
from scripts.local_ground_truth.labeling_job import LabelingJob
from scripts.local_ground_truth.lambda_runtime import Answer
from scripts.local_ground_truth.s3_objects import S3ObjectError, S3Objects
from scripts.local_ground_truth.task_trail import TaskTrail
from scripts.local_ground_truth.work_counts import WorkCounts
from tests.unit.scripts.local_ground_truth.conftest import HandClock

PRE = "arn:aws:lambda:us-east-1:123456789012:function:SageMakerPre"
POST = "arn:aws:lambda:us-east-1:123456789012:function:SageMakerPost"
TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/us"


class MemoryObjects(S3Objects):
    """S3 as a dictionary, which keeps the order in which things were written."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def read(self, address: str) -> bytes:
        if address not in self.stored:
            raise S3ObjectError(address, "there is no such object.")
        return self.stored[address]

    def list(self, prefix: str) -> list[str]:
        return sorted(address for address in self.stored if address.startswith(prefix))

    def write(self, address: str, content: bytes, content_type: str) -> None:
        self.stored[address] = content


class JobBench:
    """One job named Cats-01 and everything it needs; `functions` stands for Lambda."""

    def __init__(self, folder: Path, clock: HandClock) -> None:
        self.clock = clock
        self.objects = MemoryObjects()
        self.events: list[tuple[str, Any]] = []
        self.functions: dict[str, Callable[[Any], Any]] = {
            PRE: lambda event: {"taskInput": {"line": event["dataObject"]}},
            POST: self.label_by_count,
        }
        self.database = Database(folder / "state.sqlite")
        self.jobs = JobStore(self.database)
        self.counts = WorkCounts(self.database)
        self.trail = TaskTrail(self.database)
        self.assignments = Assignments(self.database)
        self.services = JobServices(
            jobs=self.jobs,
            assignments=self.assignments,
            batches=Batches(self.database),
            objects=self.objects,
            invoke=self.invoke,
            clock=clock,
            account="123456789012",
            region="us-east-1",
        )
        self.job = LabelingJob("Cats-01", self.services)

    def create(
        self, lines: list[Any] | bytes | None, request: dict[str, Any] | None = None, **task: Any
    ) -> None:
        """Create the job over these manifest lines and let it get ready.

        Texts go into the manifest as they are; bytes are the manifest; None leaves it out.
        """
        if isinstance(lines, list):
            lines = "\n".join(
                line if isinstance(line, str) else json.dumps(line) for line in lines
            ).encode()
        if lines is not None:
            self.objects.stored["s3://in/m"] = lines
        config = {
            "WorkteamArn": TEAM,
            "PreHumanTaskLambdaArn": PRE,
            "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": POST},
            "NumberOfHumanWorkersPerDataObject": 1,
            "TaskTimeLimitInSeconds": 600,
            **task,
        }
        self.jobs.add_job(
            {
                "LabelingJobName": "Cats-01",
                "LabelAttributeName": "cats",
                "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://in/m"}}},
                "OutputConfig": {"S3OutputPath": "s3://out/gt/"},
                "RoleArn": "arn:aws:iam::123456789012:role/gt-exec",
                "HumanTaskConfig": {
                    name: value for name, value in config.items() if value is not None
                },
                **(request or {}),
            },
            "{{ task.input.line.source-ref }}",
            ["cat", "dog"],
            self.services.now(),
        )
        self.job.advance()

    def invoke(self, arn: str, event: bytes) -> Answer:
        """As Lambda does: an exception becomes an error answer."""
        self.events.append((arn, json.loads(event)))
        try:
            value = self.functions[arn](json.loads(event))
        except ValueError as error:
            wrong = {"errorType": "ValueError", "errorMessage": str(error)}
            return Answer(json.dumps(wrong).encode(), "Unhandled")
        return Answer(json.dumps(value).encode(), None)

    def label_by_count(self, event: Any) -> Any:
        """A consolidation that labels an object with the number of its answers."""
        payload = json.loads(self.objects.read(event["payload"]["s3Uri"]))
        return [
            {
                "datasetObjectId": item["datasetObjectId"],
                "consolidatedAnnotation": {
                    "content": {event["labelAttributeName"]: len(item["annotations"])}
                },
            }
            for item in payload
        ]

    def take(self, worker: str) -> Assignment | None:
        return self.assignments.next_task("Cats-01", worker, self.services.now())

    def answer(self, worker: str, **fields: Any) -> Assignment:
        """Take the worker's next task and submit it; the job then goes on."""
        assignment = self.take(worker)
        assert assignment is not None, f"there is no task for {worker}"
        submitted = self.assignments.submit(
            assignment.assignment_id, worker, fields or {"by": worker}, self.services.now()
        )
        self.job.advance()
        return submitted

    def answer_all(self, worker: str) -> int:
        count = 0
        while self.take(worker) is not None:
            self.answer(worker)
            count += 1
        return count

    @property
    def status(self) -> str:
        job = self.jobs.job("Cats-01")
        assert job is not None
        return job.status

    @property
    def output(self) -> list[dict[str, Any]]:
        content = self.objects.read("s3://out/gt/Cats-01/manifests/output/output.manifest")
        return [json.loads(line) for line in content.splitlines()]

    def written(self, part: str) -> dict[str, Any]:
        """The JSON objects below `annotations/<part>`, by the rest of their address."""
        prefix = f"s3://out/gt/Cats-01/annotations/{part}/"
        return {
            address.removeprefix(prefix): json.loads(content)
            for address, content in self.objects.stored.items()
            if address.startswith(prefix)
        }
