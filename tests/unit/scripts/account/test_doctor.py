"""`fewclick doctor`: each finding with its fix, and nothing changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from hooks.core.job_settings import JobKind
from scripts.account import doctor_files
from tests.unit.scripts.cloud_bench import CloudBench, fewclick

READING = ("Get", "List", "Describe", "Simulate", "Head")


@pytest.fixture
def healthy(stack: CloudBench, monkeypatch: pytest.MonkeyPatch) -> CloudBench:
    """An account in which all is well; the pages are one kind's, which is quicker."""
    monkeypatch.setattr(doctor_files, "PAGES", [JobKind.SEGMENTATION])
    stack.answers["ListServiceQuotas"] = lambda _: quotas(2)
    stack.simulated = set()
    monkeypatch.setattr(doctor_files.shutil, "which", lambda tool: f"/usr/bin/{tool}")
    return stack


def quotas(value: float) -> dict[str, Any]:
    name = "ml.c6i.xlarge for endpoint usage"
    return {
        "Quotas": [
            {"QuotaName": "others", "QuotaCode": "L-1", "Value": 0.0},
            {"QuotaName": name, "QuotaCode": "L-B67CFA0C", "Value": value},
        ]
    }


def examine(*arguments: object) -> dict[str, list[dict[str, str]]]:
    """What the doctor says, by check."""
    result = fewclick("doctor", *arguments, "--json")
    told = json.loads(result.stdout)
    bad = [item for item in told if item["outcome"] == "problem"]
    assert result.exit_code == (1 if bad else 0), result.output
    assert all(item["fix"] for item in bad)
    by_check: dict[str, list[dict[str, str]]] = {}
    for item in told:
        by_check.setdefault(item["check"], []).append(item)
    return by_check


def outcomes(*arguments: object) -> dict[str, set[str]]:
    return {
        name: {item["outcome"] for item in found} for name, found in examine(*arguments).items()
    }


def test_a_healthy_account_has_no_problems_and_is_left_alone(healthy: CloudBench) -> None:
    found = outcomes()
    assert set(found) >= {
        "sam", "docker", "template", "page", "credentials", "clock", "permissions",
        "Ground Truth", "quota",
        "team", "stack", "bucket", "role", "endpoint",
    }  # fmt: skip
    assert all("problem" not in states for states in found.values())
    assert found["role"] == {"good"}
    assert all(name.startswith(READING) for name in healthy.operations())
    shown = fewclick("doctor")
    assert "✓ bucket" in shown.stdout
    assert "Nothing is in the way" in shown.stderr


def test_every_kind_of_page_is_small_enough() -> None:
    found = list(doctor_files.check_pages())
    assert len(found) == len(doctor_files.PAGES)
    assert all(fix == "" for _, _, fix in found), found


def test_before_the_first_deployment_there_is_no_stack(healthy: CloudBench) -> None:
    found = examine("--stack", "not-yet")
    assert found["stack"][0]["outcome"] == "unknown"
    assert "role" not in found


def test_a_quota_of_nothing_is_a_problem_with_a_command(healthy: CloudBench) -> None:
    healthy.answers["ListServiceQuotas"] = lambda _: quotas(0)
    (found,) = examine()["quota"]
    assert "request-service-quota-increase" in found["fix"]
    assert "L-B67CFA0C" in found["fix"]
    assert outcomes("--instance-type", "ml.x.y")["quota"] == {"unknown"}


def test_rights_that_the_caller_lacks_are_named(healthy: CloudBench) -> None:
    healthy.answers["GetCallerIdentity"] = lambda _: {
        "Arn": "arn:aws:iam::123456789012:user/me",
        "ResponseMetadata": {"HTTPHeaders": {}},
    }
    assert outcomes()["permissions"] == {"good"}
    healthy.simulated = {"iam:PassRole"}
    (found,) = examine()["permissions"]
    assert "user/me may not iam:PassRole" in found["found"]
    healthy.simulated = None
    assert outcomes()["permissions"] == {"unknown"}


def test_expired_credentials_end_the_examination(healthy: CloudBench) -> None:
    healthy.refuse("GetCallerIdentity", "ExpiredToken", "expired")
    found = examine()
    assert "sign in again" in found["credentials"][0]["fix"]
    assert "stack" not in found


def test_a_clock_that_is_off_is_told(healthy: CloudBench, monkeypatch: pytest.MonkeyPatch) -> None:
    then = datetime.now(UTC) - timedelta(minutes=10)
    healthy.answers["GetCallerIdentity"] = lambda _: {
        "Arn": "arn:aws:iam::123456789012:user/me",
        "ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(then, usegmt=True)}},
    }
    (found,) = examine()["clock"]
    assert "ahead of AWS" in found["found"]


def test_an_account_that_came_too_late_is_shown_the_local_way(healthy: CloudBench) -> None:
    healthy.refuse("ListLabelingJobs", "ValidationException", "no longer open to new customers")
    (found,) = examine()["Ground Truth"]
    assert found["outcome"] == "problem"
    assert "--local" in found["fix"]


def test_what_nobody_may_look_at_is_unknown(healthy: CloudBench) -> None:
    healthy.refuse("ListServiceQuotas", "AccessDeniedException", "no")
    healthy.refuse("ListWorkteams", "AccessDeniedException", "no")
    found = outcomes()
    assert found["quota"] == found["team"] == {"unknown"}


def test_a_role_and_a_bucket_that_are_wrong_are_named(healthy: CloudBench) -> None:
    healthy.simulated = None  # so that the role's policies are read
    weak = healthy.role("Poor", {"s3:*": "*"})
    healthy.local.s3.create_bucket(Bucket="no-cors")
    body = healthy.template()
    body = body.replace(healthy.role_arn, weak).replace(f'"{healthy.bucket}"', '"no-cors"')
    healthy.local.client("cloudformation").create_stack(StackName="sick", TemplateBody=body)
    found = examine("--stack", "sick")
    assert "lambda:InvokeFunction" in found["role"][0]["found"]
    assert "put-bucket-cors" in found["bucket"][0]["fix"]


def test_an_endpoint_that_is_gone_is_a_problem(healthy: CloudBench) -> None:
    healthy.local.client("cloudformation").create_stack(
        StackName="lost", TemplateBody=healthy.template(EndpointName="gone")
    )
    assert outcomes("--stack", "lost")["endpoint"] == {"problem"}
    guarded = healthy.template(EndpointName="gone", EndpointGuardName="guard")
    healthy.local.client("cloudformation").create_stack(StackName="idle", TemplateBody=guarded)
    assert outcomes("--stack", "idle")["endpoint"] == {"good"}
    healthy.answers["DescribeEndpoint"] = lambda _: {
        "EndpointStatus": "Failed", "FailureReason": "no capacity",
    }  # fmt: skip
    (found,) = examine("--stack", "lost")["endpoint"]
    assert "no capacity" in found["found"]


def test_tools_that_are_missing_are_named(
    healthy: CloudBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_files.shutil, "which", lambda _: None)
    found = outcomes()
    assert found["sam"] == found["docker"] == {"problem"}
