"""What an endpoint's topics say, and what on them is not for us."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripts.auto_labeling.notices import Notice, listening, read_notice
from tests.unit.scripts.cloud_bench import CloudBench

COMPLETED = {
    "awsRegion": "us-east-1",
    "eventTime": "2026-11-20T10:12:00.000Z",
    "receivedTime": "2026-11-20T10:11:00.000Z",
    "invocationStatus": "Completed",
    "requestParameters": {
        "contentType": "image/jpeg",
        "endpointName": "cars",
        "inputLocation": "s3://photos/1.jpg",
    },
    "responseParameters": {
        "contentType": "application/json",
        "outputLocation": "s3://answers/1.out",
    },
    "inferenceId": "run-1-1",
    "eventVersion": "1.0",
    "eventSource": "aws:sagemaker",
    "eventName": "InferenceResult",
}
FAILED = {
    **{name: value for name, value in COMPLETED.items() if name != "responseParameters"},
    "invocationStatus": "Failed",
    "failureReason": "ClientError: Received server error (500) from model.",
}


@pytest.mark.parametrize("wrap", [json.dumps, lambda m: json.dumps({"Message": json.dumps(m)})])
def test_both_kinds_are_read_with_and_without_the_envelope(wrap: Any) -> None:
    assert read_notice(wrap(COMPLETED)) == Notice("run-1-1", True, "s3://answers/1.out", "")
    assert read_notice(wrap(FAILED)) == Notice("run-1-1", False, "", FAILED["failureReason"])


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        json.dumps({"eventName": "TestNotification", "endpointName": "cars"}),
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "photos"}),
        json.dumps({**COMPLETED, "inferenceId": None}),
        json.dumps({"Message": "hello"}),
    ],
)
def test_what_is_no_result_is_nothing(body: str) -> None:
    assert read_notice(body) is None


def test_a_queue_of_our_own_hears_the_topics_and_goes(cloud: CloudBench) -> None:
    sns, sqs = cloud.local.client("sns"), cloud.local.client("sqs")
    done = sns.create_topic(Name="done")["TopicArn"]
    failed = sns.create_topic(Name="failed")["TopicArn"]
    said: list[str] = []
    with listening(sqs, sns, [done, failed, done], "fewclick-run", said.append) as take:
        sns.publish(TopicArn=done, Message=json.dumps({"eventName": "TestNotification"}))
        for _ in range(12):
            sns.publish(TopicArn=done, Message=json.dumps(COMPLETED))
        sns.publish(TopicArn=failed, Message=json.dumps(FAILED))
        notices = take()
        assert len(notices) == 13
        assert take() == []
    assert [notice.reason for notice in notices if not notice.completed] == [
        "ClientError: Received server error (500) from model."
    ]
    assert sqs.list_queues().get("QueueUrls", []) == []
    assert sns.list_subscriptions()["Subscriptions"] == []
    assert said == []
