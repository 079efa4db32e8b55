"""`fewclick teardown`: what costs money goes, labels stay, and nothing goes unasked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.scripts.cloud_bench import CloudBench, fewclick

HOOK = "arn:aws:lambda:us-east-1:123456789012:function:pre"


class Stack:
    """A stack of this name with an endpoint, models, labels and what `sam deploy` uploaded."""

    def __init__(self, cloud: CloudBench, name: str) -> None:
        self.cloud = cloud
        self.name = name
        self.bucket = f"sagemaker-of-{name}"
        self.endpoint = f"clicks-{name}"
        self.s3 = cloud.local.client("s3")
        self.sagemaker = cloud.local.client("sagemaker")

    def make(self, *, own_bucket: str = "", endpoint: bool = True) -> None:
        outputs = {"LabelingBucketName": own_bucket or self.bucket}
        outputs["PreAnnotationFunctionArn"] = HOOK
        if endpoint:
            outputs |= {"EndpointName": self.endpoint, "EndpointGuardName": "guard"}
        self._create(self.name, self.bucket, outputs, {"BucketName": own_bucket})
        for key in ("photos/a.jpg", "out/pets/mask.png", "models/ab/model.tar.gz"):
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"x" * 1000)
        for stack in (self.name, "another"):
            self._make_model(f"model-{self.name}-{stack}", stack)
        if endpoint:
            self.sagemaker.create_endpoint(
                EndpointName=self.endpoint, EndpointConfigName=f"model-{self.name}-{self.name}"
            )
            group = f"/aws/sagemaker/Endpoints/{self.endpoint}"
            self.cloud.local.client("logs").create_log_group(logGroupName=group)

    def _create(
        self, name: str, bucket: str, outputs: dict[str, str], parameters: dict[str, str]
    ) -> None:
        template = {
            "Parameters": {key: {"Type": "String", "Default": ""} for key in parameters},
            "Resources": {
                "Bucket": {
                    "Type": "AWS::S3::Bucket",
                    "DeletionPolicy": "Retain",
                    "Properties": {"BucketName": bucket},
                }
            },
            "Outputs": {key: {"Value": value} for key, value in outputs.items()},
        }
        self.cloud.local.client("cloudformation").create_stack(
            StackName=name,
            TemplateBody=json.dumps(template),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )

    def _make_model(self, name: str, stack: str) -> None:
        tags = [{"Key": "aws:cloudformation:stack-name", "Value": stack}]
        role = "arn:aws:iam::123456789012:role/model"
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": "i"}, Tags=tags
        )
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": name,
            "InitialInstanceCount": 1,
            "InstanceType": "ml.c5.xlarge",
        }
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant], Tags=tags
        )

    def upload_as_sam(self) -> None:
        source = {"SourceBucket": "sam-uploads"}
        if "aws-sam-cli-managed-default" not in self.stacks():
            self._create("aws-sam-cli-managed-default", "sam-uploads", source, {})
        for name in (self.name, "another"):
            self.s3.put_object(Bucket="sam-uploads", Key=f"{name}/code.zip", Body=b"zip")

    def stacks(self) -> list[str]:
        listed = self.cloud.local.client("cloudformation").describe_stacks()["Stacks"]
        return [found["StackName"] for found in listed]

    def keys(self, bucket: str = "") -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=bucket or self.bucket)
        return sorted(found["Key"] for found in listed.get("Contents", ()))

    def models(self) -> list[str]:
        return sorted(found["ModelName"] for found in self.sagemaker.list_models()["Models"])

    def configs(self) -> list[str]:
        listed = self.sagemaker.list_endpoint_configs()["EndpointConfigs"]
        return sorted(found["EndpointConfigName"] for found in listed)

    def endpoints(self) -> list[str]:
        return [found["EndpointName"] for found in self.sagemaker.list_endpoints()["Endpoints"]]


@pytest.fixture
def made(cloud: CloudBench, request: pytest.FixtureRequest) -> Iterator[Stack]:
    made = Stack(cloud, "t" + str(abs(hash(request.node.name)) % 10**8))
    yield made
    for name in made.endpoints():
        made.sagemaker.delete_endpoint(EndpointName=name)
    for name in made.models():
        made.sagemaker.delete_model(ModelName=name)
    for name in made.configs():
        made.sagemaker.delete_endpoint_config(EndpointConfigName=name)


def teardown(made: Stack, *arguments: object, code: int = 0, answer: str | None = None) -> Any:
    result = fewclick("teardown", "--stack", made.name, *arguments, answer=answer)
    assert result.exit_code == code, result.output
    return result


def test_what_costs_money_goes_and_labels_stay(made: Stack) -> None:
    made.make()
    made.upload_as_sam()
    result = teardown(made, "--yes")
    assert made.name not in made.stacks()
    assert made.endpoints() == []
    assert made.models() == made.configs() == [f"model-{made.name}-another"]
    assert made.keys() == ["out/pets/mask.png", "photos/a.jpg"]
    assert made.keys("sam-uploads") == ["another/code.zip"]
    groups = made.cloud.local.client("logs").describe_log_groups()["logGroups"]
    assert made.endpoint not in str(groups)
    assert f"bucket {made.bucket}: 2 objects" in result.stderr
    assert "SAM's own bucket" in result.stderr


def test_without_a_yes_nothing_is_deleted(made: Stack) -> None:
    made.make()
    made.cloud.calls.clear()
    result = teardown(made, answer="n\n", code=1)
    assert "Nothing was deleted" in result.stderr
    assert not [name for name in made.cloud.operations() if name.startswith("Delete")]
    assert made.endpoints() == [made.endpoint]


def test_a_dry_run_lists_what_would_go_and_stay(made: Stack) -> None:
    made.make()
    made.cloud.calls.clear()
    said = teardown(made, "--dry-run").stderr
    assert not [name for name in made.cloud.operations() if name.startswith("Delete")]
    goes, _, stays = said.partition("This stays:")
    assert f"endpoint {made.endpoint}" in goes
    assert f"model model-{made.name}-{made.name}" in goes
    assert "model archives" in goes
    assert made.bucket in stays


def test_a_teardown_can_be_run_again(made: Stack) -> None:
    made.make()
    teardown(made, "--yes")
    assert "There is nothing of a stack" in teardown(made, "--yes").stderr


def test_what_outlived_a_stack_that_was_deleted_by_hand_goes_too(made: Stack) -> None:
    made.make()
    made.cloud.local.client("cloudformation").delete_stack(StackName=made.name)
    teardown(made, "--yes")
    assert made.models() == [f"model-{made.name}-another"]


def test_labels_go_only_with_the_buckets_own_name(made: Stack) -> None:
    made.make()
    said = teardown(made, "--yes", "--delete-bucket", "another", code=2).stderr
    assert f"the stack's bucket is {made.bucket}" in said
    assert made.name in made.stacks()
    said = teardown(made, "--yes", "--delete-bucket", made.bucket).stderr
    assert f"BUCKET {made.bucket} WITH ALL PHOTOS AND LABELS" in said
    assert made.bucket not in [each["Name"] for each in made.s3.list_buckets()["Buckets"]]


def test_a_bucket_that_is_not_the_stacks_is_never_deleted(made: Stack) -> None:
    made.s3.create_bucket(Bucket=f"mine-{made.name}")
    made.s3.put_object(Bucket=f"mine-{made.name}", Key="a.jpg", Body=b"x")
    made.make(own_bucket=f"mine-{made.name}")
    said = teardown(made, "--yes", "--delete-bucket", f"mine-{made.name}", code=2).stderr
    assert "only a bucket that this stack made" in said
    assert "not the stack's" in teardown(made, "--yes").stderr
    assert made.keys(f"mine-{made.name}") == ["a.jpg"]


def test_an_endpoint_of_ones_own_stays_and_is_said_to_cost(made: Stack) -> None:
    made.make(endpoint=False)
    outputs = {"EndpointName": "mine", "LabelingBucketName": made.bucket}
    template = {
        "Parameters": {"BucketName": {"Type": "String", "Default": ""}},
        "Resources": {"Nothing": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    made.cloud.local.client("cloudformation").update_stack(
        StackName=made.name, TemplateBody=json.dumps(template)
    )
    said = teardown(made, "--yes").stderr
    assert "endpoint mine: not the stack's, and it costs by the hour" in said


def test_a_stack_that_will_not_go_still_loses_its_endpoint(
    made: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.make()
    made.cloud.refuse("DeleteStack", "AccessDenied", "no")
    result = fewclick("teardown", "--stack", made.name, "--yes")
    assert result.exit_code == 1
    assert made.endpoints() == []


def test_open_jobs_keep_a_stack_from_being_deleted(
    made: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.make()
    sagemaker = made.cloud.local.client("sagemaker")
    found = {"LabelingJobName": "Pets", "PreHumanTaskLambdaArn": HOOK}
    call = type(sagemaker)._make_api_call

    def answered(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        answer = call(self, operation, parameters)
        if operation == "ListLabelingJobs" and parameters["StatusEquals"] == "InProgress":
            return {"LabelingJobSummaryList": [found]}
        return answer

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", answered)
    said = teardown(made, "--yes", code=2).stderr
    assert "are open: Pets." in said
    assert made.endpoints() == [made.endpoint]


def test_an_account_that_ground_truth_turns_away_can_still_be_cleared(made: Stack) -> None:
    made.make()
    made.cloud.refuse(
        "ListLabelingJobs", "AccessDeniedException", "no longer open to new customers"
    )
    teardown(made, "--yes")
    assert made.endpoints() == []


def test_who_may_not_list_jobs_deletes_nothing(made: Stack) -> None:
    made.make()
    made.cloud.refuse("ListLabelingJobs", "AccessDeniedException", "not authorized")
    assert "may not call ListLabelingJobs" in teardown(made, "--yes", code=2).stderr
    assert made.endpoints() == [made.endpoint]


def test_what_was_done_is_data_when_asked_for(made: Stack) -> None:
    made.make()
    told = json.loads(teardown(made, "--yes", "--json").stdout)
    assert f"model model-{made.name}-{made.name}" in told["deleted"]
    assert any(made.bucket in line for line in told["kept"])
