"""Requests that AWS would refuse are refused, with the parameter named."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest

from scripts.local_ground_truth.request_check import Finding, check_shape, check_shape_of, refusal
from scripts.local_ground_truth.request_rules import Surroundings, check_rules
from scripts.local_ground_truth.s3_objects import S3ObjectError, S3Objects

PUBLIC = "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"
OTHER_TEAM = "arn:aws:sagemaker:eu-west-1:999999999999:workteam/private-crowd/us"
TASK = "HumanTaskConfig"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"


class StoredObjects(S3Objects):
    """Objects in a dictionary, in buckets `in` (with a CORS rule), `out` and `closed` (without)."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self._objects = objects

    def read(self, address: str) -> bytes:
        if address not in self._objects:
            raise S3ObjectError(address, "there is no such object.")
        return self._objects[address]

    def has_bucket(self, bucket: str) -> bool:
        return bucket in ("in", "out", "closed")

    def readable_from_any_origin(self, bucket: str) -> bool:
        return bucket == "in"


def labels(*names: Any) -> bytes:
    return json.dumps(
        {"document-version": "2018-11-28", "labels": [{"label": name} for name in names]}
    ).encode()


SURROUNDINGS = Surroundings(
    StoredObjects(
        {
            "s3://in/page.liquid.html": b"{{ task.input.taskObject }}",
            "s3://in/labels.json": labels("cat", "dog"),
            "s3://in/none.json": labels(),
            "s3://in/twice.json": labels("cat", "cat"),
            "s3://in/many.json": labels(*map(str, range(255))),
            "s3://in/words.json": b"cat, dog",
            "s3://in/unclosed.html": b"{% if %}",
            "s3://in/long.html": b"x" * 128_001,
        }
    ),
    {f"{FUNCTION}SageMakerPre", f"{FUNCTION}SageMakerPost", f"{FUNCTION}sageMakerish"},
    "123456789012",
    "us-east-1",
)


def change(request: dict[str, Any], path: str, value: Any) -> None:
    """Set `HumanTaskConfig.TaskTitle` and the like; None removes it."""
    *parents, name = path.split(".")
    for parent in parents:
        request = request.setdefault(parent, {})
    if value is None:
        del request[name]
    else:
        request[name] = value


def findings_of(request: dict[str, Any]) -> list[Finding]:
    findings = check_shape("CreateLabelingJob", request)
    return findings or check_rules(request, SURROUNDINGS)


def test_a_right_request_has_no_findings(request_of_a_job: dict[str, Any]) -> None:
    assert findings_of(request_of_a_job) == []


MODEL = {
    "LabelingJobName": [
        ("bad_name!!", "regular expression pattern: [a-zA-Z0-9]"),
        ("a" + 40 * "--b", "length less than or equal to 63"),
    ],
    "LabelAttributeName": [("my_cats", "regular expression"), (None, "must not be null")],
    f"{TASK}.TaskTitle": [
        ("x" * 400, "length less than or equal to 128"),
        ("", "length greater than or equal to 1"),
        ("a 🐈", "regular expression"),
    ],
    f"{TASK}.TaskDescription": [("two\nlines", "pattern: .+")],
    f"{TASK}.NumberOfHumanWorkersPerDataObject": [
        (50, "value less than or equal to 9"),
        ("3", "must be an integer"),
        (True, "must be an integer"),
    ],
    f"{TASK}.TaskTimeLimitInSeconds": [(29, "greater than or equal to 30")],
    f"{TASK}.TaskAvailabilityLifetimeInSeconds": [(59, "greater than or equal to 60")],
    f"{TASK}.MaxConcurrentTaskCount": [(5001, "less than or equal to 5000")],
    f"{TASK}.TaskKeywords": [
        ([], "length greater than or equal to 1"),
        (["few-click"], "regular expression"),
        ("cats", "must be a list"),
    ],
    f"{TASK}.UiConfig": [("s3://in/page", "must be a structure")],
    f"{TASK}.Colour": [("red", "not known")],
    "InputConfig.DataAttributes.ContentClassifiers": [
        (["Nope"], "[FreeOfPersonallyIdentifiableInformation, FreeOfAdultContent]")
    ],
    "RoleArn": [("arn:aws:iam::1:role/gt-execution", "regular expression")],
    "StoppingConditions.MaxPercentageOfInputDatasetLabeled": [(101, "less than or equal to 100")],
    "Tags": [
        ([{"Key": "k", "Value": "<b>"}], "regular expression"),
        ([{"Key": "k"}], "not be null"),
    ],
}
RULES = {
    "LabelAttributeName": [
        ("cats-ref", "-ref"),
        ("cats-metadata", "-metadata"),
        ("source", "source or source-ref"),
    ],
    f"{TASK}.TaskTimeLimitInSeconds": [(28_801, "28800")],
    f"{TASK}.TaskAvailabilityLifetimeInSeconds": [(2_592_001, "2592000 for a private")],
    f"{TASK}.MaxConcurrentTaskCount": [(1001, "AWS Support")],
    f"{TASK}.PreHumanTaskLambdaArn": [
        (f"{FUNCTION}SageMakerNobody", "function of this machine's template"),
        (f"{FUNCTION}sageMakerish", "execution policy may invoke"),
    ],
    f"{TASK}.UiConfig.UiTemplateS3Uri": [
        (None, "one of UiTemplateS3Uri, HumanTaskUiArn"),
        ("s3://in/nobody", "no such object"),
        ("s3://in/unclosed.html", "not valid Liquid"),
        ("s3://in/long.html", "128000"),
    ],
    "LabelCategoryConfigS3Uri": [
        ("s3://in/none.json", "list is empty"),
        ("s3://in/twice.json", "'cat' stands twice"),
        ("s3://in/many.json", "255 labels; at most 254"),
        ("s3://in/words.json", "not JSON"),
        ("s3://in/nobody.json", "no such object"),
    ],
    "InputConfig.DataSource.S3DataSource.ManifestS3Uri": [
        ("https://in/m", "of the form s3://"),
        ("s3://nowhere/m", "bucket that exists"),
        ("s3://closed/m", "CORS rule that allows GET from origin *"),
    ],
    "InputConfig.DataSource": [({}, "name a data source")],
    "OutputConfig.S3OutputPath": [("s3://nowhere/x", "bucket that exists")],
    "RoleArn": [("arn:aws:iam::999999999999:role/other", "of account 123456789012")],
    "LabelingJobAlgorithmsConfig": [
        ({"LabelingJobAlgorithmSpecificationArn": "arn:x"}, "not available for custom")
    ],
    "Tags": [
        ([{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}], "unique"),
        ([{"Key": "aws:k", "Value": "1"}], "must not begin with aws:"),
    ],
}


def cases(table: dict[str, list[tuple[Any, str]]]) -> list[Any]:
    return [
        pytest.param(path, value, constraint, id=f"{path}: {constraint}")
        for path, entries in table.items()
        for value, constraint in entries
    ]


@pytest.mark.parametrize(("path", "value", "constraint"), cases(MODEL))
def test_the_service_model_is_enforced(
    request_of_a_job: dict[str, Any], path: str, value: Any, constraint: str
) -> None:
    change(request_of_a_job, path, value)
    found = check_shape("CreateLabelingJob", request_of_a_job)
    assert any(constraint in finding.constraint for finding in found)
    assert all(finding.parameter.startswith(parameter(path)) for finding in found)


@pytest.mark.parametrize(("path", "value", "constraint"), cases(RULES))
def test_the_documented_rules_are_enforced(
    request_of_a_job: dict[str, Any], path: str, value: Any, constraint: str
) -> None:
    change(request_of_a_job, path, value)
    (finding,) = findings_of(request_of_a_job)
    assert constraint in finding.constraint
    # A template that is missing is missed at `uiConfig`, which could name another.
    assert parameter(path).startswith(finding.parameter) or finding.parameter.startswith(
        parameter(path)
    )


def parameter(path: str) -> str:
    """`humanTaskConfig.taskTitle` of `HumanTaskConfig.TaskTitle`."""
    return ".".join(name[0].lower() + name[1:] for name in path.split("."))


def test_a_workteam_of_another_region_and_account_is_refused(
    request_of_a_job: dict[str, Any],
) -> None:
    change(request_of_a_job, "HumanTaskConfig.WorkteamArn", OTHER_TEAM)
    region, account = findings_of(request_of_a_job)
    assert "region us-east-1" in region.constraint
    assert "account 123456789012" in account.constraint


def test_the_public_workforce_needs_a_price_and_a_promise(
    request_of_a_job: dict[str, Any],
) -> None:
    change(request_of_a_job, "HumanTaskConfig.WorkteamArn", PUBLIC)
    change(request_of_a_job, "HumanTaskConfig.TaskAvailabilityLifetimeInSeconds", 43_201)
    assert [finding.parameter for finding in findings_of(request_of_a_job)] == [
        "humanTaskConfig.taskAvailabilityLifetimeInSeconds",
        "inputConfig.dataAttributes.contentClassifiers",
        "humanTaskConfig.publicWorkforceTaskPrice",
    ]


@pytest.mark.parametrize(
    ("cents", "tenths", "allowed"), [(3, 6, True), (1, 2, True), (3, 5, False), (0, 0, False)]
)
def test_only_some_prices_are_allowed(
    request_of_a_job: dict[str, Any], cents: int, tenths: int, allowed: bool
) -> None:
    change(request_of_a_job, "HumanTaskConfig.WorkteamArn", PUBLIC)
    change(
        request_of_a_job,
        "InputConfig.DataAttributes.ContentClassifiers",
        ["FreeOfPersonallyIdentifiableInformation"],
    )
    change(
        request_of_a_job,
        "HumanTaskConfig.PublicWorkforceTaskPrice",
        {"AmountInUsd": {"Dollars": 0, "Cents": cents, "TenthFractionsOfACent": tenths}},
    )
    assert (findings_of(request_of_a_job) == []) is allowed


def test_all_findings_come_in_one_error_worded_as_aws_words_it(
    request_of_a_job: dict[str, Any],
) -> None:
    change(request_of_a_job, "LabelingJobName", "no_good")
    change(request_of_a_job, "HumanTaskConfig.NumberOfHumanWorkersPerDataObject", 10)
    error = refusal(findings_of(request_of_a_job))
    assert error.code == "ValidationException"
    assert str(error) == (
        "2 validation errors detected: Value 'no_good' at 'labelingJobName' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: "
        "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; Value '10' at "
        "'humanTaskConfig.numberOfHumanWorkersPerDataObject' failed to satisfy constraint: Member "
        "must have value less than or equal to 9"
    )


@pytest.mark.parametrize(
    ("service", "operation", "request_", "right"),
    [
        ("sagemaker-runtime", "InvokeEndpointAsync", {"InferenceId": "run-1-1"}, True),
        ("sagemaker-runtime", "InvokeEndpointAsync", {"InferenceId": "two\nlines"}, False),
        ("sagemaker-runtime", "InvokeEndpointAsync", {"ContentType": "image/jpeg"}, True),
        ("sagemaker-runtime", "InvokeEndpointAsync", {"ContentType": "bild/föhn"}, False),
        ("application-autoscaling", "DescribeScalableTargets", {"ResourceIds": ["a😀"]}, True),
        ("application-autoscaling", "DescribeScalableTargets", {"ResourceIds": ["\x01"]}, False),
    ],
)
def test_javas_ways_of_writing_patterns_are_understood(
    service: str, operation: str, request_: dict[str, Any], right: bool
) -> None:
    model = botocore.session.Session().get_service_model(service)
    whole = {"EndpointName": "cats", "ServiceNamespace": "sagemaker", **request_}
    known = model.operation_model(operation).input_shape.members
    request = {name: value for name, value in whole.items() if name in known}
    assert (check_shape_of(model, operation, request) == []) is right
