"""Keeps the click model's endpoint only as long as somebody may click, and says what it costs.

A real-time endpoint costs by the hour, and its last instance cannot be scaled away: SageMaker's
minimum is one, but for endpoints of inference components. So this function, which is asked every
five minutes, deletes the endpoint once no job has been open for a while, and creates it again of
the same configuration when one is. It answers three kinds of events:

    {}                     look, and do what is to be done
    {"action": "start"}    a job is about to be created: have the endpoint made now
    {"RequestType": …}     CloudFormation creates, updates or deletes what the template calls
                           GuardedEndpoint; deleting the stack deletes the endpoint

With 0 minutes of idling the endpoint is CloudFormation's own, and only its cost is reported.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from hooks import aws_stack
from hooks.core.endpoint_watch import Endpoint, JobState, Step, needed, next_step
from hooks.core.errors import ContractError
from hooks.settings import EndpointGuardSettings

logger = Logger(service="endpoint-guard")
metrics = Metrics(namespace="fewclick", service="endpoint-guard")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point: {"endpoint": its name, "status": that it has now}."""
    metrics.add_metric("Looks", MetricUnit.Count, 1)
    settings = EndpointGuardSettings.from_environment(os.environ)
    if "RequestType" in event:
        return _answer_cloudformation(event, settings)
    action = event.get("action", "look")
    if action not in ("look", "start"):
        raise ContractError("action", f'{action!r} is neither "look" nor "start".')
    return _look(settings, starting=action == "start")


def _look(settings: EndpointGuardSettings, *, starting: bool = False) -> dict[str, Any]:
    endpoint = aws_stack.describe_endpoint(settings.endpoint_name)
    _report(endpoint, settings)
    step = Step.NOTHING
    if settings.idle_seconds:
        now = time.time()
        is_needed = starting or needed(_jobs(settings, now), endpoint, now, settings.idle_seconds)
        step = next_step(endpoint, settings.config_name, is_needed=is_needed)
        _take(step, settings)
        if endpoint is not None and endpoint.status == "InService" and step is Step.NOTHING:
            aws_stack.scale_endpoint(settings.endpoint_name, settings.scaling)
    status = "None" if endpoint is None else endpoint.status
    becomes = {Step.CREATE: "Creating", Step.DELETE: "Deleting", Step.UPDATE: "Updating"}
    return {"endpoint": settings.endpoint_name, "status": becomes.get(step, status)}


def _jobs(settings: EndpointGuardSettings, now: float) -> list[JobState]:
    return aws_stack.list_jobs(settings.pre_annotation_arn, now - settings.idle_seconds)


def _take(step: Step, settings: EndpointGuardSettings) -> None:
    if step is Step.NOTHING:
        return
    logger.info("the endpoint changes", extra={"step": step, "endpoint": settings.endpoint_name})
    metrics.add_metric(f"Endpoint-{step}", MetricUnit.Count, 1)
    if step is Step.CREATE:
        aws_stack.create_endpoint(settings.endpoint_name, settings.config_name, settings.tags)
    elif step is Step.UPDATE:
        aws_stack.update_endpoint(settings.endpoint_name, settings.config_name)
    else:
        aws_stack.delete_endpoint(settings.endpoint_name)


def _report(endpoint: Endpoint | None, settings: EndpointGuardSettings) -> None:
    instances = 0 if endpoint is None else endpoint.instances
    metrics.add_metric("EndpointInstances", MetricUnit.Count, instances)
    metrics.add_metric(
        "EndpointCostPerHour", MetricUnit.NoUnit, round(instances * settings.hourly_price, 4)
    )


def _answer_cloudformation(
    event: dict[str, Any], settings: EndpointGuardSettings
) -> dict[str, Any]:
    """A custom resource whose physical id is the endpoint's name. It never waits: an endpoint takes
    minutes to start, and what has no job is not started at all."""
    name = event.get("PhysicalResourceId") or settings.endpoint_name
    reason = ""
    answer: dict[str, Any] = {"endpoint": name, "status": "Deleting"}
    try:
        if event["RequestType"] == "Delete":
            aws_stack.delete_endpoint(name)
        else:
            name = settings.endpoint_name
            answer = _look(settings)
    except Exception as error:
        logger.exception("CloudFormation's request failed")
        reason = f"{type(error).__name__}: {error}"
    aws_stack.answer_cloudformation(
        event["ResponseURL"],
        json.dumps(
            {
                "Status": "FAILED" if reason else "SUCCESS",
                "Reason": reason,
                "PhysicalResourceId": name,
                "StackId": event["StackId"],
                "RequestId": event["RequestId"],
                "LogicalResourceId": event["LogicalResourceId"],
                "Data": {"EndpointName": name},
            }
        ),
    )
    return answer
