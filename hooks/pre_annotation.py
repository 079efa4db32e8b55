"""Pre-annotation: one manifest line becomes one task input.

Looks at the photo's header, so that a photo that no worker could label fails here, by name, and
costs nobody's time; writes the grant that lets the page use the click API for this photo, at a key
that is the same when Ground Truth tries again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from hooks import aws
from hooks.core.adjudication import DisputedLabel, find_candidates
from hooks.core.contract import PreAnnotationRequest, pre_annotation_response
from hooks.core.earlier_label import (
    EarlierLabel,
    check_earlier_label,
    left_out_details,
    read_earlier_label,
    with_details,
    without_label,
)
from hooks.core.errors import ContractError, FewclickError
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.manifest import parse_s3_uri
from hooks.core.photo import PhotoHeader
from hooks.core.task_token import (
    SigningKeys,
    TaskGrant,
    TaskToken,
    grant_key,
    hash_data_object,
)
from hooks.settings import PreAnnotationSettings

logger = Logger(service="pre-annotation")
metrics = Metrics(namespace="fewclick", service="pre-annotation")

GRANT_TAG = "fewclick=grant"
"""The stack's bucket deletes what has this tag once no task can be open any more."""


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point. Raises for a photo that cannot be labeled: Ground Truth fails that object."""
    try:
        response = _annotate(PreAnnotationRequest.from_event(event))
    except (FewclickError, FileNotFoundError):
        metrics.add_metric("ObjectsRefused", MetricUnit.Count, 1)
        logger.exception("the object cannot be labeled")
        raise
    metrics.add_metric("ObjectsDispatched", MetricUnit.Count, 1)
    return response


def _annotate(request: PreAnnotationRequest) -> dict[str, Any]:
    logger.append_keys(job=request.job_name)
    settings = PreAnnotationSettings.from_environment(os.environ)
    job = JobSettings.from_json(
        aws.read_bytes(f"s3://{settings.settings_bucket}/{settings_key(request.job_name)}")
    )
    source_ref = _source_ref(request.data_object)
    header = aws.read_photo_header(source_ref)
    access = _access(request, settings, job, source_ref)
    task = task_input(request.data_object, source_ref, header, settings.click_api_url, access)
    if job.kind is JobKind.ADJUDICATION:
        task["candidates"] = _candidates(request.data_object, job)
    if job.earlier_label:
        task["earlier"] = _earlier(request.data_object, job, header).to_json()
        task["manifestLine"] = without_label(request.data_object, job.earlier_label)
    return pre_annotation_response(task)


def _access(
    request: PreAnnotationRequest,
    settings: PreAnnotationSettings,
    job: JobSettings,
    source_ref: str,
) -> dict[str, str]:
    """What opens the click API to the page, as the page of this job knows it."""
    if not settings.click_api_url:
        return {}
    keys = SigningKeys.from_secret(aws.read_secret(settings.signing_key_secret_arn))
    grant = TaskGrant(
        job=request.job_name,
        data_object=hash_data_object(request.data_object),
        image=source_ref,
        expires=int(time.time()) + job.token_lifetime_seconds,
    )
    if job.page_version == 1:
        token = TaskToken(grant.job, grant.data_object, grant.image, grant.expires)
        return {"token": token.mint(keys)}
    uri = f"s3://{settings.settings_bucket}/{grant_key(grant.job, grant.data_object)}"
    aws.write_bytes(uri, grant.to_json(keys).encode(), "application/json", tag=GRANT_TAG)
    return {"grantRef": uri}


def _earlier(data_object: Mapping[str, Any], job: JobSettings, header: PhotoHeader) -> EarlierLabel:
    """The label that the task begins with; the page asks Ground Truth for a link to its mask."""
    details_ref = left_out_details(data_object, job.earlier_label)
    if details_ref is not None:
        details = aws.read_json(details_ref)
        data_object = with_details(data_object, job.earlier_label, details)
    earlier = read_earlier_label(data_object, job.earlier_label, header.size)
    check_earlier_label(earlier, job)
    return earlier


def _candidates(data_object: Mapping[str, Any], job: JobSettings) -> list[dict[str, str]]:
    """The masks that a reviewer chooses from; the page asks Ground Truth for links to them."""
    disputed = DisputedLabel.from_manifest_line(data_object)
    details = aws.read_json(disputed.details_ref)
    return [found.to_json() for found in find_candidates(disputed, details, job.labels)]


def task_input(
    data_object: Mapping[str, Any],
    source_ref: str,
    header: PhotoHeader,
    click_api_url: str,
    access: Mapping[str, str],
) -> dict[str, Any]:
    """What the page's template sees as `task.input`.

    Args:
        access: `grantRef`, the grant's address, which the template turns into a link that soon
            ends; for pages older than grants, `token`.
    """
    return {
        "taskObject": source_ref,
        "clickApi": click_api_url,
        **access,
        "image": {
            "width": header.size.width,
            "height": header.size.height,
            "orientation": header.orientation,
        },
        "manifestLine": dict(data_object),
    }


def _source_ref(data_object: Mapping[str, Any]) -> str:
    source_ref = data_object.get("source-ref")
    if source_ref is None:
        raise ContractError(
            "dataObject.source-ref",
            'missing; these jobs label photos, which a manifest line names by "source-ref".',
        )
    parse_s3_uri(source_ref, "dataObject.source-ref")
    return str(source_ref)
