"""Consolidation: several workers' answers for each object of a batch become one label.

Every object gets an entry with a status, whatever happens to the others; a failed one says why.
All keys derive from the payload's key, so that a retry writes the same objects again.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from hooks import aws
from hooks.box_consolidation import consolidate_box_object
from hooks.consolidated_object import ConsolidatedObject, JobKnowledge, failed_object
from hooks.core.categories import LabelCategories
from hooks.core.contract import AnnotatedObject, ConsolidationRequest, consolidated_annotation
from hooks.core.errors import ContractError, FewclickError
from hooks.core.gold import GoldIndex, gold_key
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.label_reader import BOXES_TYPE, VERDICT_TYPE
from hooks.core.photo import PhotoHeader
from hooks.object_consolidation import consolidate_object
from hooks.settings import ConsolidationSettings
from hooks.verdict_consolidation import consolidate_verdict_object
from hooks.worker_evidence import worker_priors, write_worker_evidence

logger = Logger(service="consolidation")
metrics = Metrics(namespace="fewclick", service="consolidation")

CONSOLIDATE = {
    JobKind.BOUNDING_BOX: consolidate_box_object,
    JobKind.VERIFICATION: consolidate_verdict_object,
}
"""What consolidates an object; of all other kinds masks come in."""
METADATA_TYPES = {JobKind.BOUNDING_BOX: BOXES_TYPE, JobKind.VERIFICATION: VERDICT_TYPE}
"""The type by which readers tell what a label is; that of all other kinds is a custom job's."""
PARALLEL_HEADERS = 8
"""Photos' headers are fetched side by side; masks are worked on one object at a time, so that
memory holds one object's label maps and no more."""


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> list[dict[str, Any]]:
    """Entry point. Raises only when nothing at all can be done: no payload, no labels."""
    metrics.add_metric("Batches", MetricUnit.Count, 1)
    settings = ConsolidationSettings.from_environment(os.environ)
    request = ConsolidationRequest.from_event(event)
    logger.append_keys(job=request.job_name)
    job = _job_knowledge(request, settings)
    payload = aws.read_json(request.payload_uri)
    if not isinstance(payload, list):
        raise ContractError(request.payload_uri, "must be a JSON list.")
    objects = [AnnotatedObject.from_json(item, index) for index, item in enumerate(payload)]
    with ThreadPoolExecutor(PARALLEL_HEADERS) as pool:
        headers = list(pool.map(_photo_header, objects))
    results = [
        _result(request, job, annotated, header)
        for annotated, header in zip(objects, headers, strict=True)
    ]
    write_worker_evidence(request, [item for result in results for item in result.evidence])
    return [
        _entry(request, job, annotated, result)
        for annotated, result in zip(objects, results, strict=True)
    ]


def _job_knowledge(request: ConsolidationRequest, settings: ConsolidationSettings) -> JobKnowledge:
    """The job's labels, from its settings or, if it was made without us, from the event; and what
    is known of its gold photos and its workers."""
    bucket = settings.settings_bucket
    uri = f"s3://{bucket}/{settings_key(request.job_name)}"
    try:
        job = JobSettings.from_json(aws.read_bytes(uri))
    except FileNotFoundError as error:
        if request.label_categories is None:
            raise ContractError(
                "labelCategories", f"the event has none, and {uri} does not exist."
            ) from error
        return JobKnowledge(
            LabelCategories.from_names(request.label_categories, "labelCategories"),
            method=settings.method,
            priors=worker_priors(request, ()),
        )
    return JobKnowledge(
        job.labels,
        job.kind,
        settings.method,
        _gold(f"s3://{bucket}/{gold_key(request.job_name)}"),
        worker_priors(request, job.earlier_jobs),
        job.verdicts,
        job.reasons,
        begins_with_label=bool(job.earlier_label),
    )


def _gold(uri: str) -> GoldIndex:
    """Most jobs have no gold photos, and labels are not worth less for an index that is damaged."""
    try:
        return GoldIndex.from_json(aws.read_bytes(uri))
    except FileNotFoundError:
        return GoldIndex()
    except ContractError:
        logger.exception("the index of gold photos cannot be used", extra={"uri": uri})
        metrics.add_metric("GoldIndexUnusable", MetricUnit.Count, 1)
        return GoldIndex()


def _photo_header(annotated: AnnotatedObject) -> PhotoHeader | Exception:
    """The header, or why there is none: one missing photo must not stop the batch."""
    try:
        if annotated.source_ref is None:
            raise ContractError("dataObject.s3Uri", "missing; these jobs label photos.")
        return aws.read_photo_header(annotated.source_ref)
    except Exception as error:  # noqa: BLE001 (recorded as the object's reason)
        return error


def _result(
    request: ConsolidationRequest,
    job: JobKnowledge,
    annotated: AnnotatedObject,
    header: PhotoHeader | Exception,
) -> ConsolidatedObject:
    logger.append_keys(dataset_object_id=annotated.dataset_object_id)
    try:
        if isinstance(header, Exception):
            raise header
        consolidate = CONSOLIDATE.get(job.kind, consolidate_object)
        result = consolidate(request, job, annotated, header)
    except Exception as error:
        # One object's trouble is that object's alone: it gets its entry, and the reason is kept.
        expected = isinstance(error, FewclickError)
        logger.warning("the object failed", exc_info=not expected)
        reason = str(error) if expected else f"{type(error).__name__}: {error}"
        result = failed_object(reason, annotated)
    metrics.add_metric(f"Objects-{result.label['status']}", MetricUnit.Count, 1)
    return result


def _entry(
    request: ConsolidationRequest,
    job: JobKnowledge,
    annotated: AnnotatedObject,
    result: ConsolidatedObject,
) -> dict[str, Any]:
    metadata = {
        "type": METADATA_TYPES.get(job.kind, "groundtruth/custom"),
        "job-name": request.job_name,
        "human-annotated": "yes",
        "creation-date": request.batch_time,
        **result.metadata,
    }
    return consolidated_annotation(
        annotated.dataset_object_id, request.label_attribute_name, result.label, metadata
    )
