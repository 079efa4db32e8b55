"""How a worker stands with the others: what consolidation wrote of them, and of nobody else.

Gold photos leave traces in these records. None is told: a worker who knows which photos are gold
takes care with those alone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from statistics import median

from hooks.core.errors import ContractError
from hooks.core.worker_record import Evidence, read_evidence, records
from scripts.local_ground_truth.job_store import Job
from scripts.local_ground_truth.s3_objects import S3ObjectError, S3Objects

logger = logging.getLogger(__name__)

FEWEST_OTHERS = 2
"""With one other worker, what all have in the middle would be what that one has."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A worker's record in one job.

    Attributes:
        photos: that were consolidated and that the worker had answered.
        agreement: mean IoU with the other workers, 0 to 1.
        of_all: the median of all workers' agreements; None with too few of them.
        deviation: mean distance from the consensus outline, in pixels.
        clicks: mean number per photo.
    """

    photos: int
    agreement: float | None
    of_all: float | None
    deviation: float | None
    clicks: float | None


def standing_of(worker_id: str, job: Job, objects: S3Objects) -> Standing | None:
    """A worker's standing in a job; None before anything of theirs was consolidated."""
    evidence: list[Evidence] = []
    for address in objects.list(f"{job.output}/annotations/worker-quality/"):
        try:
            evidence += read_evidence(objects.read(address), address)
        except (ContractError, S3ObjectError):
            logger.exception("the record %s cannot be read", address)
    known = records(evidence)
    own = known.get(worker_id)
    if own is None or not own.photos:
        return None
    agreements = [record.agreement for record in known.values() if record.agreement is not None]
    return Standing(
        photos=own.photos,
        agreement=own.agreement,
        of_all=median(agreements) if len(agreements) > FEWEST_OTHERS else None,
        deviation=own.boundary_deviation,
        clicks=own.clicks,
    )
