"""What a labeling job works with, handed to it as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scripts.local_ground_truth.assignments import Assignments
from scripts.local_ground_truth.batches import Batches
from scripts.local_ground_truth.clock import Clock
from scripts.local_ground_truth.job_store import JobStore
from scripts.local_ground_truth.lambda_events import job_arn
from scripts.local_ground_truth.lambda_runtime import Answer
from scripts.local_ground_truth.s3_objects import S3Objects


@dataclass(frozen=True, slots=True)
class JobServices:
    """State, S3, Lambda and the time.

    Attributes:
        invoke: invokes the function of an ARN with an event's JSON and gives its answer.
    """

    jobs: JobStore
    assignments: Assignments
    batches: Batches
    objects: S3Objects
    invoke: Callable[[str, bytes], Answer]
    clock: Clock
    account: str
    region: str

    def now(self) -> float:
        """Seconds since 1970."""
        return self.clock().timestamp()

    def job_arn(self, name: str) -> str:
        return job_arn(self.region, self.account, name)
