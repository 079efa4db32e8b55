"""A hub's model becomes what an endpoint is made of, or is refused with what to do.

The documents have the shape of AWS's own SDK: see `hub_document`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.account.aws_account import open_account
from scripts.auto_labeling.async_endpoint import AsyncEndpointParts
from scripts.auto_labeling.class_lists import COCO
from scripts.auto_labeling.hosted_model import HostedModel, find_account_model, find_hub_model
from scripts.auto_labeling.model_source import PUBLIC_HUB, AccountModel, HubModel
from scripts.local_ground_truth.request_check import check_shape
from scripts.refusal import RefusedError
from tests.unit.scripts.cloud_bench import CloudBench

MASKRCNN = "mxnet-is-mask-rcnn-fpn-resnet101-v1d-coco"
IMAGES = "763104351884.dkr.ecr.us-east-1.amazonaws.com/mxnet-inference:1.7.0"
DOCUMENT: dict[str, Any] = {
    "Url": "https://cv.gluon.ai/model_zoo/segmentation.html",
    "HostingEcrUri": f"{IMAGES}-gpu-py3",
    "HostingArtifactUri": "s3://jumpstart-cache-prod-us-east-1/mxnet-infer/prepack/maskrcnn.tar.gz",
    "HostingUseScriptUri": False,
    "InferenceEnvironmentVariables": [
        {"Name": "SAGEMAKER_PROGRAM", "Type": "text", "Default": "inference.py"},
        {"Name": "SAGEMAKER_MODEL_SERVER_TIMEOUT", "DefaultValue": "3600"},
        {"Name": "HF_MODEL_ID", "Default": ""},
    ],
    "DefaultInferenceInstanceType": "ml.g4dn.xlarge",
    "SupportedInferenceInstanceTypes": ["ml.g4dn.xlarge", "ml.m5.xlarge"],
    "HostingInstanceTypeVariants": {
        "Aliases": {"cpu_image": f"{IMAGES}-cpu-py3"},
        "Variants": {
            "m5": {"Properties": {"ImageUri": "$cpu_image"}},
            "ml.g4dn.xlarge": {
                "properties": {"environment_variables": {"SAGEMAKER_MODEL_SERVER_WORKERS": 1}}
            },
        },
    },
    "SageMakerSdkPredictorSpecifications": {"DefaultContentType": "application/x-image"},
    "ModelDataDownloadTimeout": 1200,
    "ContainerStartupHealthCheckTimeout": 900,
    "InferenceEnableNetworkIsolation": True,
    "TrainingSupported": False,
    "Task": "is",
}


def teach(cloud: CloudBench, kind: str = "Model", **changes: Any) -> None:
    """Let a hub know the model under one content type."""

    def describe(request: dict[str, Any]) -> dict[str, Any]:
        if request["HubContentType"] != kind:
            error = {"Error": {"Code": "ResourceNotFound", "Message": "no such content"}}
            raise ClientError(error, "DescribeHubContent")  # type: ignore[arg-type]
        name, version = request["HubContentName"], request.get("HubContentVersion", "2.0.1")
        return {
            "HubContentName": name,
            "HubContentVersion": version,
            "HubContentType": kind,
            "HubContentStatus": "Available",
            "HubContentArn": f"arn:aws:sagemaker:us-east-1:1:hub-content/h/{kind}/{name}/{version}",
            "HubContentDocument": json.dumps({**DOCUMENT, **changes}),
        }

    cloud.answers["DescribeHubContent"] = describe


def found(source: HubModel, instance: str | None = None, eula: bool = False) -> HostedModel:
    return find_hub_model(source, open_account(), instance, accept_eula=eula)


def parts(model: HostedModel) -> AsyncEndpointParts:
    return AsyncEndpointParts(
        name="cars-1a2b3c4d",
        role_arn="arn:aws:iam::123456789012:role/host",
        instance_type=model.instance_type,
        output_path="s3://bucket/auto-label/cars/answers",
        failure_path="s3://bucket/auto-label/cars/failures",
        model=model.model,
        container=model.container,
        network_isolation=model.network_isolation,
        variant=model.variant,
        success_topic="arn:aws:sns:us-east-1:123456789012:done",
    )


def test_a_jumpstart_model_is_hosted_as_its_document_says(cloud: CloudBench) -> None:
    teach(cloud)
    model = found(HubModel(PUBLIC_HUB, MASKRCNN))
    assert model.container == {
        "Image": f"{IMAGES}-gpu-py3",
        "Environment": {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_MODEL_SERVER_TIMEOUT": "3600",
            "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
        },
        "ModelDataSource": {
            "S3DataSource": {
                "S3Uri": DOCUMENT["HostingArtifactUri"],
                "S3DataType": "S3Object",
                "CompressionType": "Gzip",
            }
        },
    }
    assert model.classes == COCO
    assert model.content_type == "application/x-image"
    request = parts(model).model_request()
    assert request is not None
    assert request["EnableNetworkIsolation"] is True
    assert check_shape("CreateModel", request) == []
    config = parts(model).config_request()
    assert check_shape("CreateEndpointConfig", config) == []
    (variant,) = config["ProductionVariants"]
    assert variant["ContainerStartupHealthCheckTimeoutInSeconds"] == 900
    assert config["AsyncInferenceConfig"] == {
        "OutputConfig": {
            "S3OutputPath": "s3://bucket/auto-label/cars/answers",
            "S3FailurePath": "s3://bucket/auto-label/cars/failures",
            "NotificationConfig": {"SuccessTopic": "arn:aws:sns:us-east-1:123456789012:done"},
        },
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
    }
    assert cloud.calls[-1][2] == {
        "HubName": "SageMakerPublicHub",
        "HubContentType": "Model",
        "HubContentName": MASKRCNN,
    }


def test_another_instance_gets_the_image_of_its_family(cloud: CloudBench) -> None:
    teach(cloud)
    model = found(HubModel(PUBLIC_HUB, MASKRCNN, "2.0.1"), "ml.m5.xlarge")
    assert model.container["Image"] == f"{IMAGES}-cpu-py3"
    assert "SAGEMAKER_MODEL_SERVER_WORKERS" not in model.container["Environment"]


def test_a_reference_in_a_shared_hub_is_reached_through_that_hub(cloud: CloudBench) -> None:
    teach(cloud, "ModelReference", GatedBucket=True, HostingEulaUri="s3://terms/eula.txt")
    hub = "arn:aws:sagemaker:us-east-1:210987654321:hub/our-models"
    model = found(HubModel(hub, "llama-cars", "1.0.0"), eula=True)
    source = model.container["ModelDataSource"]["S3DataSource"]
    assert source["ModelAccessConfig"] == {"AcceptEula": True}
    assert source["HubAccessConfig"]["HubContentArn"].endswith("ModelReference/llama-cars/1.0.0")
    request = parts(model).model_request()
    assert request is not None
    assert check_shape("CreateModel", request) == []


@pytest.mark.parametrize(
    ("changes", "instance", "problem"),
    [
        ({"HostingEulaUri": "s3://terms/eula.txt"}, None, "read s3://terms/eula.txt.*accept-eula"),
        ({"HostingModelPackageArn": "arn:aws:x"}, None, "package of the AWS Marketplace"),
        ({"HostingUseScriptUri": True}, None, "keeps its inference script apart"),
        ({"HostingArtifactUri": None}, None, "names no model artefact"),
        ({}, "ml.p3.2xlarge", "does not run on ml.p3.2xlarge.*ml.g4dn.xlarge, ml.m5.xlarge"),
        (
            {"HostingResourceRequirements": {"MinMemoryMb": 34_360, "NumAccelerators": 1}},
            None,
            r"needs 34,360 MB of memory; ml\.g4dn\.xlarge has 16,384",
        ),
        ({"ModelDataDownloadTimeout": "soon"}, None, "document .* cannot be read"),
    ],
)
def test_what_cannot_be_hosted_as_it_is_is_refused(
    cloud: CloudBench, changes: dict[str, Any], instance: str | None, problem: str
) -> None:
    teach(cloud, **changes)
    with pytest.raises(RefusedError, match=problem):
        found(HubModel("our-models", "cars"), instance)


def test_a_model_that_its_hub_does_not_have_is_named(cloud: CloudBench) -> None:
    cloud.refuse("DescribeHubContent", "ResourceNotFound", "does not exist")
    with pytest.raises(RefusedError, match=r"the hub our-models has no model cars@1\.0\.0"):
        found(HubModel("our-models", "cars", "1.0.0"))
    with pytest.raises(RefusedError, match="JumpStart has no model cars"):
        found(HubModel(PUBLIC_HUB, "cars"))


def test_a_model_of_the_account_stays_its_own(cloud: CloudBench) -> None:
    cloud.local.sagemaker.create_model(
        ModelName="cars-3",
        ExecutionRoleArn="arn:aws:iam::123456789012:role/host",
        PrimaryContainer={"Image": IMAGES},
    )
    model = find_account_model(AccountModel("cars-3"), open_account(), "ml.m5.xlarge")
    assert parts(model).model_request() is None
    assert parts(model).config_request()["ProductionVariants"][0]["ModelName"] == "cars-3"
    with pytest.raises(RefusedError, match="there is no model trams"):
        find_account_model(AccountModel("trams"), open_account(), None)
