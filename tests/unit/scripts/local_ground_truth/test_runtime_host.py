"""InvokeEndpointAsync as boto3 sees it: told where the answer will be, before there is one."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.local_ground_truth import hosted_models
from scripts.local_ground_truth.hosted_models import SEGMENTATION_IMAGE
from tests.unit.scripts.cloud_bench import CloudBench, png

ENDPOINT = "cats"


@pytest.fixture
def account(cloud: CloudBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudBench]:
    """With an asynchronous endpoint; its container answers as a photo's first pixel says."""
    server = "tests.unit.scripts.auto_labeling.answering_server"
    monkeypatch.setitem(hosted_models.SERVERS, SEGMENTATION_IMAGE, server)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz"):
        pass
    make(cloud, cloud.put("models/cats.tar.gz", archive.getvalue()))
    yield cloud
    cloud.local.sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    cloud.local.sagemaker.delete_endpoint_config(EndpointConfigName=ENDPOINT)
    cloud.local.sagemaker.delete_model(ModelName=ENDPOINT)


def make(cloud: CloudBench, archive: str, image: str = SEGMENTATION_IMAGE) -> None:
    topic = cloud.local.client("sns").create_topic(Name="over")["TopicArn"]
    sagemaker = cloud.local.sagemaker
    sagemaker.create_model(
        ModelName=ENDPOINT,
        ExecutionRoleArn="arn:aws:iam::123456789012:role/host",
        PrimaryContainer={"Image": image, "ModelDataUrl": archive},
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=ENDPOINT,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": ENDPOINT,
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
            }
        ],
        AsyncInferenceConfig={
            "OutputConfig": {
                "S3OutputPath": f"s3://{cloud.bucket}/answers/",
                "S3FailurePath": f"s3://{cloud.bucket}/failures",
                "NotificationConfig": {"SuccessTopic": topic, "ErrorTopic": topic},
            },
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 2},
        },
    )
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)


def ask(cloud: CloudBench, source: str, **options: Any) -> Any:
    return cloud.local.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=ENDPOINT, InputLocation=source, ContentType="image/png", **options
    )


def when_there(cloud: CloudBench, address: str) -> dict[str, Any]:
    """The object at an address, once it is there."""
    key = address.removeprefix(f"s3://{cloud.bucket}/")
    deadline = time.monotonic() + 30
    while True:
        try:
            found = cloud.local.s3.get_object(Bucket=cloud.bucket, Key=key)
        except cloud.local.s3.exceptions.NoSuchKey:
            assert time.monotonic() < deadline, f"{address} never came"
            time.sleep(0.05)
        else:
            return {"body": found["Body"].read(), "type": found["ContentType"]}


def test_answers_and_failures_come_where_they_were_told_to(account: CloudBench) -> None:
    good, bad = account.put("a.png", png()), account.put("b.png", png(color="#ff0000"))
    told = ask(account, good, InferenceId="run-0-1", S3OutputPathExtension="run/00000000-1")
    assert told["InferenceId"] == "run-0-1"
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert told["OutputLocation"].startswith(f"s3://{account.bucket}/answers/run/00000000-1/")
    answer = when_there(account, told["OutputLocation"])
    assert answer["type"] == "application/json"
    assert json.loads(answer["body"])["classes"] == ["BACKGROUND", "cat"]
    told = ask(account, bad)
    assert told["FailureLocation"].endswith("-error.out")
    said = when_there(account, told["FailureLocation"])["body"].decode()
    assert said.startswith('Received client error (400) from primary with message "I see red"')
    told = ask(account, f"s3://{account.bucket}/nowhere.png", Filename="none.out")
    assert told["OutputLocation"] == f"s3://{account.bucket}/answers/none.out"
    assert b"nowhere.png" in when_there(account, told["FailureLocation"])["body"]


def test_its_topics_are_told(account: CloudBench) -> None:
    sqs, sns = account.local.client("sqs"), account.local.client("sns")
    queue = sqs.create_queue(QueueName="over")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    (topic,) = [each["TopicArn"] for each in sns.list_topics()["Topics"]]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    told = ask(account, account.put("a.png", png()), InferenceId="run-0-1")
    when_there(account, told["OutputLocation"])
    deadline = time.monotonic() + 20
    while not (heard := sqs.receive_message(QueueUrl=queue).get("Messages")):
        assert time.monotonic() < deadline
    message = json.loads(json.loads(heard[0]["Body"])["Message"])
    assert message["invocationStatus"] == "Completed"
    assert message["inferenceId"] == "run-0-1"
    assert message["responseParameters"]["outputLocation"] == told["OutputLocation"]
    sqs.delete_queue(QueueUrl=queue)


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({"RequestTTLSeconds": 30_000}, "less than or equal to 21600"),
        ({"Filename": "a.b.c"}, "regular expression"),
        ({"S3OutputPathExtension": "s3://elsewhere/"}, "regular expression"),
        ({"InferenceId": " begins with a blank"}, "regular expression"),
        ({"InputLocation": "ftp://photos/a.png"}, "regular expression"),
    ],
)
def test_a_request_that_aws_would_refuse_is_refused(
    account: CloudBench, request_: dict[str, Any], problem: str
) -> None:
    # Another client: that of the bench checks before anything is sent.
    runtime = boto3.client(
        "sagemaker-runtime",
        endpoint_url=account.local.environment["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"],
        region_name="us-east-1",
        config=Config(parameter_validation=False),
    )
    request = {"EndpointName": ENDPOINT, "InputLocation": "s3://photos/a.png", **request_}
    with pytest.raises((ClientError, AssertionError), match=problem):
        runtime.invoke_endpoint_async(**request)


def test_each_kind_of_endpoint_takes_its_own_calls(account: CloudBench) -> None:
    runtime = account.local.client("sagemaker-runtime")
    with pytest.raises(ClientError, match="is asynchronous: use InvokeEndpointAsync"):
        runtime.invoke_endpoint(EndpointName=ENDPOINT, Body=b"x")
    with pytest.raises(ClientError, match="Endpoint dogs of account 123456789012 not found"):
        runtime.invoke_endpoint_async(EndpointName="dogs", InputLocation="s3://a/b.png")


def test_an_image_of_somebody_elses_is_not_in_service(cloud: CloudBench) -> None:
    make(cloud, f"s3://{cloud.bucket}/x.tar.gz", "763104351884.dkr.ecr.us-east-1/mxnet:1")
    runtime = cloud.local.client("sagemaker-runtime")
    with pytest.raises(ClientError, match="is not in service: the image"):
        runtime.invoke_endpoint_async(EndpointName=ENDPOINT, InputLocation="s3://a/b.png")
    cloud.local.sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    cloud.local.sagemaker.delete_endpoint_config(EndpointConfigName=ENDPOINT)
    cloud.local.sagemaker.delete_model(ModelName=ENDPOINT)
