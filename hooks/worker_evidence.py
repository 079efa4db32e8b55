"""Where what is known of workers is kept: one object per batch, read again by the next ones.

A job's objects lie at `<its annotations>/worker-quality/<batch time>.json`. A batch reads those of
earlier batches of its own job and of the jobs that its settings name, so that a batch that is tried
again reads and writes the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from aws_lambda_powertools import Logger

from hooks import aws
from hooks.core.contract import ConsolidationRequest
from hooks.core.errors import ContractError
from hooks.core.worker_record import Evidence, read_evidence, records, write_evidence

logger = Logger(service="consolidation", child=True)

FOLDER = "worker-quality"
MAX_BATCHES = 400
"""Of every job, the newest ones: older work says little of how somebody works now."""
PARALLEL_READS = 8


def worker_priors(request: ConsolidationRequest, earlier_jobs: Sequence[str]) -> dict[str, float]:
    """Worker id to how much the worker's earlier work lets it count.

    Args:
        earlier_jobs: addresses of other jobs' `annotations`.
    """
    own = f"{request.output_uri}/{FOLDER}/"
    uris = [uri for uri in aws.list_uris(own) if uri < _batch_uri(request)][-MAX_BATCHES:]
    for job in earlier_jobs:
        uris += aws.list_uris(f"{job.rstrip('/')}/{FOLDER}/")[-MAX_BATCHES:]
    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        found = [item for batch in pool.map(_read, uris) for item in batch]
    return {worker_id: record.prior for worker_id, record in records(found).items()}


def write_worker_evidence(request: ConsolidationRequest, evidence: Sequence[Evidence]) -> None:
    """Keep what this batch says of its workers."""
    body = write_evidence(evidence).encode()
    aws.write_bytes(_batch_uri(request), body, "application/json", request.kms_key_id)


def _batch_uri(request: ConsolidationRequest) -> str:
    return f"{request.output_uri}/{FOLDER}/{request.batch_time}.json"


def _read(uri: str) -> list[Evidence]:
    """A damaged object costs what it knew, not the batch."""
    try:
        return read_evidence(aws.read_bytes(uri), uri)
    except (ContractError, FileNotFoundError):
        logger.exception("evidence of workers could not be read", extra={"uri": uri})
        return []
