"""How far a labeling job is: counts, rate, forecast, cost. Pure, from DescribeLabelingJob."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from scripts.durations import span_of
from scripts.jobs.job_cost import JobCost, job_cost
from scripts.jobs.job_description import UNFINISHED
from scripts.prices import Prices

QUIET_SECONDS = 15 * 60
"""After so long without a first label, it is worth looking whether something is wrong."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """One look at a job.

    Attributes:
        labeled, failed, left: data objects.
        seconds: since the job was created, until now or until it ended.
    """

    name: str
    status: str
    labeled: int
    failed: int
    left: int
    seconds: float
    failure_reason: str = ""

    @classmethod
    def from_description(cls, job: Mapping[str, Any], now: datetime | None = None) -> JobProgress:
        """From DescribeLabelingJob's answer, or an entry of ListLabelingJobs'."""
        counters = job["LabelCounters"]
        status = str(job["LabelingJobStatus"])
        end = job["LastModifiedTime"] if status not in UNFINISHED else now or datetime.now(UTC)
        return cls(
            name=str(job["LabelingJobName"]),
            status=status,
            labeled=int(counters.get("TotalLabeled", 0)),
            failed=int(counters.get("FailedNonRetryableError", 0)),
            left=int(counters.get("Unlabeled", 0)),
            seconds=max(0.0, (end - job["CreationTime"]).total_seconds()),
            failure_reason=str(job.get("FailureReason", "")),
        )

    @property
    def total(self) -> int:
        return self.labeled + self.failed + self.left

    @property
    def done(self) -> int:
        return self.labeled + self.failed

    @property
    def is_over(self) -> bool:
        return self.status not in UNFINISHED

    def rate(self, earlier: JobProgress | None = None) -> float | None:
        """Objects done in an hour: since an earlier look if it saw some, else since the start."""
        if earlier is not None and self.done > earlier.done and self.seconds > earlier.seconds:
            return 3600 * (self.done - earlier.done) / (self.seconds - earlier.seconds)
        return 3600 * self.done / self.seconds if self.done and self.seconds else None

    def seconds_left(self, earlier: JobProgress | None = None) -> float | None:
        """The forecast; None before anything can be said."""
        rate = self.rate(earlier)
        return 3600 * self.left / rate if rate and not self.is_over else None

    def hint(self) -> str:
        """What to look at when nothing comes; "" while there is no reason to."""
        if self.status == "InProgress" and not self.done and self.seconds > QUIET_SECONDS:
            return (
                f"Nothing has been labeled in {span_of(self.seconds)}. Do workers see the task in "
                "the portal (fewclick team show)? Ground Truth begins with 10 objects, and sends "
                "the next ones only when these are done by all their workers."
            )
        return ""


def cost_so_far(
    job: Mapping[str, Any],
    progress: JobProgress,
    prices: Prices,
    instance_type: str | None = None,
    instances: int = 1,
) -> JobCost:
    """What a job has cost: the objects that are done, and the endpoint since its creation."""
    task = job["HumanTaskConfig"]
    amount = task.get("PublicWorkforceTaskPrice", {}).get("AmountInUsd")
    price = None
    if amount is not None:
        price = (
            Decimal(amount.get("Dollars", 0))
            + Decimal(amount.get("Cents", 0)) / 100
            + Decimal(amount.get("TenthFractionsOfACent", 0)) / 1000
        )
    return job_cost(
        prices,
        objects=progress.done,
        workers_per_object=int(task["NumberOfHumanWorkersPerDataObject"]),
        task_price=price,
        instance_type=instance_type,
        instances=instances,
        hours=progress.seconds / 3600,
    )
