"""Buckets, a key and a job for the handlers: moto in this process, the handlers' own clients."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from hooks import aws, aws_stack, click_proxy, endpoint_guard, key_rotation, pre_annotation
from hooks.core.allowance import Counter
from hooks.core.categories import LabelCategories
from hooks.core.job_settings import JobKind, JobSettings, settings_key

BUCKET = "stack-bucket"
TABLE = "task-tokens"
JOB_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:labeling-job/pets-01"


@dataclass(frozen=True)
class Account:
    """A made-up AWS account with what the stack and one job need."""

    s3: Any
    secret_arn: str

    def put(self, key: str, body: bytes | str) -> str:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def get(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with mock_aws():
        for made_once in (aws._s3, aws._sagemaker_runtime, aws._secrets_manager, aws._dynamodb):
            made_once.cache_clear()
        aws_stack.client.cache_clear()
        aws._secrets.clear()
        monkeypatch.setattr(click_proxy, "counter", Counter())
        s3 = boto3.client("s3")
        s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        secret = boto3.client("secretsmanager").create_secret(
            Name="signing-key", SecretString=json.dumps({"current": "k1", "k1": "s" * 40})
        )
        boto3.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        )
        monkeypatch.setenv("TOKEN_TABLE", TABLE)
        monkeypatch.setenv("SETTINGS_BUCKET", BUCKET)
        monkeypatch.setenv("CLICK_API_URL", "https://clicks.example")
        monkeypatch.setenv("ENDPOINT_NAME", "clicks")
        monkeypatch.setenv("SIGNING_KEY_SECRET_ARN", secret["ARN"])
        account = Account(s3, secret["ARN"])
        settings = JobSettings(
            labeling_job_name="Pets-01",
            kind=JobKind.SEGMENTATION,
            label_attribute_name="pets",
            labels=LabelCategories.from_names(["cat", "dog"]),
            token_lifetime_seconds=600,
        )
        account.put(settings_key("Pets-01"), settings.to_json())
        yield account


class LambdaContext:
    """What the functions and their logger read of Lambda's context object."""

    function_name = "fewclick-test"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:fewclick-test"
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


@pytest.fixture
def context() -> LambdaContext:
    return LambdaContext()


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the functions log. Their handlers keep the stream that was there when they were made."""
    stream = io.StringIO()
    for module in (click_proxy, endpoint_guard, key_rotation, pre_annotation):
        monkeypatch.setattr(module.logger.registered_handler, "stream", stream)
    return stream
