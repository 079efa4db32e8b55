"""Who may do what: every role of the stack, action by action."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.deployed import FUNCTION, PARAMETERS, deployed, listed

BUCKET = "arn:aws:s3:::SageMakerLabelingBucket"
SAGEMAKER = "arn:aws:sagemaker:eu-west-1:123456789012"
LOGS = "arn:aws:logs:eu-west-1:123456789012:log-group"
SCALING = "sagemaker.application-autoscaling.amazonaws.com"

# (effect, action): resources. Whoever changes this changes what somebody may do.
ROLES: dict[str, dict[tuple[str, str], set[str]]] = {
    "SageMakerPreAnnotation": {
        ("Allow", "s3:GetObject"): {f"{BUCKET}/*"},
        ("Deny", "s3:GetObject"): {f"{BUCKET}/jobs/*/gold/*"},
        ("Allow", "s3:ListBucket"): {BUCKET},
        ("Allow", "s3:PutObject"): {f"{BUCKET}/jobs/*/grants/*"},
        ("Allow", "s3:PutObjectTagging"): {f"{BUCKET}/jobs/*/grants/*"},
        ("Allow", "secretsmanager:GetSecretValue"): {"SigningKey"},
    },
    "SageMakerConsolidation": {
        ("Allow", "s3:GetObject"): {f"{BUCKET}/*"},
        ("Allow", "s3:ListBucket"): {BUCKET},
        ("Allow", "s3:PutObject"): {
            f"{BUCKET}/*/annotations/consolidated-annotation/output/*",
            f"{BUCKET}/*/annotations/worker-quality/*",
        },
    },
    "ClickProxy": {
        ("Allow", "sagemaker:InvokeEndpoint"): {f"{SAGEMAKER}:endpoint/clicks-local"},
        ("Allow", "secretsmanager:GetSecretValue"): {"SigningKey"},
        ("Allow", "dynamodb:UpdateItem"): {"arn:of:TaskTokens"},
    },
    "KeyRotation": {
        ("Allow", f"secretsmanager:{action}"): {"SigningKey"}
        for action in (
            "DescribeSecret",
            "GetSecretValue",
            "PutSecretValue",
            "UpdateSecretVersionStage",
        )
    },
    "EndpointGuard": {
        ("Allow", "sagemaker:ListLabelingJobs"): {"*"},
        ("Allow", "sagemaker:DescribeEndpoint"): {f"{SAGEMAKER}:endpoint/*"},
        ("Allow", "iam:CreateServiceLinkedRole"): {
            f"arn:aws:iam::123456789012:role/aws-service-role/{SCALING}/*"
        },
    }
    | {
        ("Allow", f"sagemaker:{action}"): {
            f"{SAGEMAKER}:endpoint/clicks-local",
            f"{SAGEMAKER}:endpoint-config/*",
        }
        for action in (
            "AddTags",
            "CreateEndpoint",
            "DeleteEndpoint",
            "UpdateEndpoint",
            "UpdateEndpointWeightsAndCapacities",
        )
    }
    | {
        ("Allow", f"application-autoscaling:{action}"): {
            "arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/*"
        }
        for action in ("DeregisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget")
    }
    | {
        ("Allow", f"cloudwatch:{action}"): {
            "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:TargetTracking-endpoint/*"
        }
        for action in ("DeleteAlarms", "DescribeAlarms", "PutMetricAlarm")
    },
    "LabelingRole": {
        ("Allow", "s3:GetObject"): {f"{BUCKET}/*"},
        ("Allow", "s3:PutObject"): {f"{BUCKET}/*"},
        ("Allow", "s3:AbortMultipartUpload"): {f"{BUCKET}/*"},
        ("Deny", "s3:GetObject"): {f"{BUCKET}/jobs/*/gold/*"},
        ("Allow", "s3:ListBucket"): {BUCKET},
        ("Allow", "s3:GetBucketLocation"): {BUCKET},
        ("Allow", "s3:GetBucketCORS"): {BUCKET},
        ("Allow", "lambda:InvokeFunction"): {
            "arn:of:SageMakerPreAnnotation",
            "arn:of:SageMakerConsolidation",
        },
        ("Allow", "cloudwatch:PutMetricData"): {"*"},
    }
    | {
        ("Allow", f"logs:{action}"): {f"{LOGS}:/aws/sagemaker/*"}
        for action in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents")
    }
    | {
        ("Allow", f"sqs:{action}"): {"arn:aws:sqs:eu-west-1:123456789012:GroundTruth-*"}
        for action in (
            "CreateQueue",
            "DeleteMessage",
            "GetQueueAttributes",
            "GetQueueUrl",
            "ReceiveMessage",
            "SendMessage",
            "SetQueueAttributes",
        )
    }
    | {
        ("Allow", f"sns:{action}"): {"arn:aws:sns:eu-west-1:123456789012:*"}
        for action in ("Publish", "Subscribe", "Unsubscribe")
    },
    "SageMakerActiveLearning": {
        ("Allow", "s3:GetObject"): {f"{BUCKET}/*"},
        ("Deny", "s3:GetObject"): {f"{BUCKET}/jobs/*/gold/*"},
        ("Allow", "s3:ListBucket"): {BUCKET},
        ("Allow", "s3:PutObject"): {
            f"{BUCKET}/active-learning/*",
            f"{BUCKET}/jobs/*/settings.json",
        },
        ("Allow", "sagemaker:AddTags"): {
            f"{SAGEMAKER}:labeling-job/*",
            f"{SAGEMAKER}:processing-job/*",
        },
        ("Allow", "iam:PassRole"): {"arn:of:LabelingRole", "arn:of:LearnerRole"},
    }
    | {
        ("Allow", f"sagemaker:{verb}{kind}Job"): {f"{SAGEMAKER}:{kind.lower()}-job/*"}
        for verb in ("Create", "Describe")
        for kind in ("Labeling", "Processing")
    },
    "ActiveLearningLoopRole": {
        ("Allow", "lambda:InvokeFunction"): {"arn:of:SageMakerActiveLearning"},
    }
    | {
        ("Allow", f"logs:{action}"): {"*"}
        for action in (
            "CreateLogDelivery",
            "DeleteLogDelivery",
            "DescribeLogGroups",
            "DescribeResourcePolicies",
            "GetLogDelivery",
            "ListLogDeliveries",
            "PutResourcePolicy",
            "UpdateLogDelivery",
        )
    }
    | {
        ("Allow", f"xray:{action}"): {"*"}
        for action in (
            "GetSamplingRules",
            "GetSamplingTargets",
            "PutTelemetryRecords",
            "PutTraceSegments",
        )
    },
    "LearnerRole": {
        ("Allow", "s3:GetObject"): {f"{BUCKET}/*"},
        ("Deny", "s3:GetObject"): {f"{BUCKET}/jobs/*"},
        ("Allow", "s3:ListBucket"): {BUCKET},
        ("Allow", "s3:PutObject"): {f"{BUCKET}/active-learning/*/rounds/*"},
        ("Allow", "s3:AbortMultipartUpload"): {f"{BUCKET}/active-learning/*/rounds/*"},
        ("Allow", "ecr:GetAuthorizationToken"): {"*"},
        ("Allow", "cloudwatch:PutMetricData"): {"*"},
    }
    | {
        ("Allow", f"ecr:{action}"): {"arn:aws:ecr:eu-west-1:*:repository/*"}
        for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
    }
    | {
        ("Allow", f"logs:{action}"): {f"{LOGS}:/aws/sagemaker/ProcessingJobs*"}
        for action in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents")
    },
    "ModelRole": {
        ("Allow", "s3:GetObject"): {f"{BUCKET}/*"},
        ("Deny", "s3:GetObject"): {f"{BUCKET}/jobs/*"},
        ("Allow", "s3:ListBucket"): {BUCKET},
        ("Allow", "ecr:BatchCheckLayerAvailability"): {"arn:of:ModelRepository"},
        ("Allow", "ecr:BatchGetImage"): {"arn:of:ModelRepository"},
        ("Allow", "ecr:GetDownloadUrlForLayer"): {"arn:of:ModelRepository"},
        ("Allow", "ecr:GetAuthorizationToken"): {"*"},
        ("Allow", "cloudwatch:PutMetricData"): {"*"},
    }
    | {
        ("Allow", f"logs:{action}"): {f"{LOGS}:/aws/sagemaker/Endpoints/*"}
        for action in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents")
    },
}


def table(name: str, parameters: str) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for statement in deployed(parameters).statements(name):
        for action in listed(statement, "Action"):
            resources = found.setdefault((statement["Effect"], action), set())
            resources.update(listed(statement, "Resource"))
    return found


@pytest.mark.parametrize("name", ROLES)
def test_a_role_allows_just_this(name: str) -> None:
    assert table(name, "guarded") == ROLES[name]


def test_there_is_no_other_role() -> None:
    stack = deployed("guarded")
    assert {*stack.of_type(FUNCTION), *stack.of_type("AWS::IAM::Role")} == set(ROLES)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_no_role_has_a_wildcard_for_an_action(parameters: str) -> None:
    stack = deployed(parameters)
    for name in (*stack.of_type(FUNCTION), *stack.of_type("AWS::IAM::Role")):
        for statement in stack.statements(name):
            assert not [action for action in listed(statement, "Action") if "*" in action]


@pytest.mark.parametrize(
    ("name", "action", "key", "allowed"),
    [
        ("SageMakerPreAnnotation", "s3:GetObject", "jobs/pets/settings.json", True),
        ("SageMakerPreAnnotation", "s3:GetObject", "photos/a.jpg", True),
        ("SageMakerPreAnnotation", "s3:GetObject", "jobs/pets/gold/index.json", False),
        ("SageMakerPreAnnotation", "s3:PutObject", "jobs/pets/grants/ab.json", True),
        ("SageMakerPreAnnotation", "s3:PutObject", "jobs/pets/settings.json", False),
        ("SageMakerPreAnnotation", "s3:DeleteObject", "jobs/pets/grants/ab.json", False),
        ("SageMakerConsolidation", "s3:GetObject", "jobs/pets/gold/index.json", True),
        ("SageMakerConsolidation", "s3:PutObject", "photos/a.jpg", False),
        ("SageMakerConsolidation", "s3:PutObject", "jobs/pets/grants/ab.json", False),
        ("ClickProxy", "s3:GetObject", "photos/a.jpg", False),
        ("ClickProxy", "s3:GetObject", "jobs/pets/grants/ab.json", False),
        ("LabelingRole", "s3:GetObject", "jobs/pets/grants/ab.json", True),
        ("LabelingRole", "s3:GetObject", "jobs/pets/gold/index.json", False),
        ("LabelingRole", "s3:DeleteObject", "photos/a.jpg", False),
        ("ModelRole", "s3:GetObject", "photos/a.jpg", True),
        ("ModelRole", "s3:GetObject", "jobs/pets/grants/ab.json", False),
        ("ModelRole", "s3:PutObject", "photos/a.jpg", False),
        ("KeyRotation", "s3:GetObject", "photos/a.jpg", False),
        ("EndpointGuard", "s3:GetObject", "photos/a.jpg", False),
        ("SageMakerActiveLearning", "s3:GetObject", "output/cats/manifests/output", True),
        ("SageMakerActiveLearning", "s3:GetObject", "jobs/cats/gold/index.json", False),
        ("SageMakerActiveLearning", "s3:PutObject", "active-learning/cats/sets.json", True),
        ("SageMakerActiveLearning", "s3:PutObject", "jobs/cats-2/settings.json", True),
        ("SageMakerActiveLearning", "s3:PutObject", "jobs/cats/gold/index.json", False),
        ("SageMakerActiveLearning", "s3:PutObject", "photos/a.jpg", False),
        ("SageMakerActiveLearning", "s3:DeleteObject", "active-learning/cats/sets.json", False),
        ("LearnerRole", "s3:GetObject", "photos/a.jpg", True),
        ("LearnerRole", "s3:GetObject", "jobs/cats/grants/ab.json", False),
        ("LearnerRole", "s3:PutObject", "active-learning/cats/rounds/1/predictions.jsonl", True),
        ("LearnerRole", "s3:PutObject", "active-learning/cats/plan.json", False),
        ("ActiveLearningLoopRole", "s3:GetObject", "photos/a.jpg", False),
    ],
)
def test_who_may_read_and_write_what(name: str, action: str, key: str, allowed: bool) -> None:
    assert deployed("guarded").may(name, action, f"{BUCKET}/{key}") is allowed


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("clicks-local", True), ("somebody-elses", False), ("clicks-localx", False)],
)
def test_the_guard_deletes_no_endpoint_but_its_own(name: str, allowed: bool) -> None:
    arn = f"{SAGEMAKER}:endpoint/{name}"
    for action in ("DeleteEndpoint", "UpdateEndpoint", "CreateEndpoint"):
        assert deployed("guarded").may("EndpointGuard", f"sagemaker:{action}", arn) is allowed


def test_an_endpoint_that_is_always_kept_is_nothing_that_the_guard_may_delete() -> None:
    stack = deployed("kept")
    arn = f"{SAGEMAKER}:endpoint/ClickEndpoint.EndpointName"
    assert not stack.may("EndpointGuard", "sagemaker:DeleteEndpoint", arn)
    assert table("ClickProxy", "kept")[("Allow", "sagemaker:InvokeEndpoint")] == {"ClickEndpoint"}


def test_ones_own_bucket_key_and_network_change_the_resources_and_nothing_else() -> None:
    own, key = "arn:aws:s3:::sagemaker-mine", PARAMETERS["all options"]["KmsKeyArn"]
    for name, expected in ROLES.items():
        found = table(name, "all options")
        kms = {action: found.pop(action) for action in list(found) if "kms:" in action[1]}
        network = [action for action in list(found) if action[1].startswith("ec2:")]
        for action in network:
            del found[action]
        assert found == {
            action: {resource.replace(BUCKET, own) for resource in resources}
            for action, resources in expected.items()
        }
        uses_key = name not in ("EndpointGuard", "ActiveLearningLoopRole")
        names = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
        assert kms == ({("Allow", action): {key} for action in names} if uses_key else {})
        assert bool(network) is (name == "ModelRole")


@pytest.mark.parametrize("name", ["LabelingRole", "LearnerRole", "ModelRole"])
def test_only_this_accounts_sagemaker_becomes_a_role(name: str) -> None:
    document: Any = deployed("guarded").properties[name]["AssumeRolePolicyDocument"]
    (statement,) = document["Statement"]
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_secrets_manager_alone_invokes_the_rotation_and_for_this_secret_alone() -> None:
    (permission,) = deployed("guarded").of_type("AWS::Lambda::Permission").values()
    assert permission == {
        "FunctionName": "KeyRotation",
        "Action": "lambda:InvokeFunction",
        "Principal": "secretsmanager.amazonaws.com",
        "SourceAccount": "123456789012",
        "SourceArn": "SigningKey",
    }


def test_the_bucket_is_not_public_and_takes_no_plain_http() -> None:
    stack = deployed("guarded")
    bucket = stack.properties["SageMakerLabelingBucket"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (policy,) = stack.of_type("AWS::S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
