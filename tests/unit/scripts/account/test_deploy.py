"""`fewclick deploy`: both phases in order, once, and told before anything costs money."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.account import model_image
from scripts.account.deploy import DeploymentError, wait_for_endpoint
from scripts.account.model_image import image_for
from tests.unit.scripts.cloud_bench import CloudBench, fewclick
from tests.unit.scripts.program_bench import ProgramBench, install_programs


@pytest.fixture
def programs(cloud: CloudBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProgramBench:
    return install_programs(tmp_path, monkeypatch)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A stack for each test: they share an account."""
    return "s" + str(abs(hash(request.node.name)) % 10**8)


def deploy(name: str, *arguments: object, code: int = 0, answer: str | None = None) -> Any:
    result = fewclick("deploy", "--stack", name, *arguments, answer=answer)
    assert result.exit_code == code, result.output
    return result


def overrides(call: list[str]) -> dict[str, str]:
    if "--parameter-overrides" not in call:
        return {}
    texts = call[call.index("--parameter-overrides") + 1 :]
    return dict(text.split("=", 1) for text in texts)


@pytest.mark.slow
def test_a_first_deployment_goes_through_both_phases(
    programs: ProgramBench, cloud: CloudBench, name: str
) -> None:
    result = deploy(name, "--yes", "--json")
    assert programs.verbs() == [
        "sam build",
        "sam deploy",
        "docker build",
        "docker login",
        "docker push",
        "sam deploy",
    ]
    first, second = (call for call in programs.calls() if call[:2] == ["sam", "deploy"])
    assert overrides(first) == {}
    given = overrides(second)
    uri = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{name}-clicks"
    assert given["ModelImage"].startswith(f"{uri}@sha256:")
    assert given["ModelData"].startswith(f"s3://sagemaker-of-{name}/models/")
    assert (given["InstanceType"], given["InstancePricePerHour"]) == ("ml.c6i.xlarge", "0.204")
    bucket, _, key = given["ModelData"].removeprefix("s3://").partition("/")
    head = cloud.local.client("s3").head_object(Bucket=bucket, Key=key)
    assert head["ContentLength"] > 1_000_000
    assert json.loads(result.stdout)["EndpointName"] == "clicks-1a2b3c4d"
    assert "0.204 US dollars an hour" in result.stderr


@pytest.mark.slow
def test_the_same_again_builds_pushes_and_uploads_nothing(
    programs: ProgramBench, cloud: CloudBench, name: str
) -> None:
    deploy(name, "--yes", "--instance-type", "ml.m5.large")
    first = overrides(programs.calls()[-1])
    assert first["InstanceType"] == "ml.m5.large"
    programs.forget()
    cloud.calls.clear()
    result = deploy(name, "--yes")
    assert programs.verbs() == ["sam build", "sam deploy"]
    assert overrides(programs.calls()[-1]) == first
    assert "PutObject" not in cloud.operations()
    assert "in the repository already" in result.stderr
    assert "in the bucket already" in result.stderr


@pytest.mark.slow
def test_a_deployment_that_was_stopped_goes_on_where_it_was(
    programs: ProgramBench, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIL_docker", "push")
    result = fewclick("deploy", "--stack", name, "--yes")
    assert "docker push" in str(result.exception)
    assert "the same command goes on" in str(result.exception)
    monkeypatch.delenv("FAIL_docker")
    programs.forget()
    deploy(name, "--yes")
    assert programs.verbs()[:3] == ["sam build", "docker build", "docker login"]
    assert programs.verbs().count("sam deploy") == 1


def test_whoever_does_not_agree_to_the_cost_changes_nothing(
    programs: ProgramBench, name: str
) -> None:
    result = deploy(name, answer="n\n", code=1)
    assert "Nothing was changed" in result.stderr
    assert programs.calls() == []


def test_without_an_endpoint_neither_docker_nor_money_is_needed(
    programs: ProgramBench, name: str
) -> None:
    (programs.folder / "docker").unlink()
    deploy(name, "--no-endpoint")
    assert programs.verbs() == ["sam build", "sam deploy"]
    assert overrides(programs.calls()[-1]) == {}


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    programs: ProgramBench, cloud: CloudBench, name: str
) -> None:
    result = deploy(name, "--dry-run", "--parameter", "IdleMinutes=10")
    assert programs.calls() == []
    assert set(cloud.operations()) <= {"GetCallerIdentity", "DescribeStacks"}
    lines = result.stdout.splitlines()
    assert [line.split()[0:2] for line in lines] == [
        ["sam", "build"],
        ["sam", "deploy"],
        ["docker", "build"],
        ["docker", "push"],
        ["aws", "s3"],
        ["sam", "deploy"],
    ]
    assert "IdleMinutes=10" in lines[1]
    assert "IdleMinutes=10" in lines[-1]


def test_a_dry_run_of_an_update_knows_where_things_go(programs: ProgramBench, name: str) -> None:
    deploy(name, "--no-endpoint")
    lines = deploy(name, "--dry-run").stdout.splitlines()
    assert [line.split()[0:2] for line in lines][1] == ["docker", "build"]
    assert f"/{name}-clicks:cpu-" in lines[1]
    assert f"s3://sagemaker-of-{name}/models/" in lines[-1]


def test_every_deployment_is_tagged_and_asks_for_no_more_than_it_needs(
    programs: ProgramBench, name: str
) -> None:
    deploy(name, "--no-endpoint", "--parameter", "LogDays=30")
    call = programs.calls()[-1]
    assert call[call.index("--tags") + 1] == f"project=fewclick stack={name}"
    assert call[call.index("--capabilities") + 1] == "CAPABILITY_IAM"
    assert {"--no-confirm-changeset", "--no-fail-on-empty-changeset"} <= set(call)
    assert overrides(call) == {"LogDays": "30"}


@pytest.mark.parametrize("missing", ["sam", "docker"])
def test_a_program_that_is_missing_is_named_before_anything_is_done(
    programs: ProgramBench, cloud: CloudBench, name: str, missing: str
) -> None:
    (programs.folder / missing).unlink()
    result = deploy(name, "--yes", code=2)
    assert f"not on the path: {missing} (" in result.stderr
    assert programs.calls() == []
    assert cloud.calls == []


def test_a_daemon_that_sleeps_is_noticed_before_anything_is_done(
    programs: ProgramBench, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIL_docker", "version")
    assert "its daemon does not answer" in deploy(name, "--yes", code=2).stderr
    assert programs.calls() == []


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("ExpiredToken", "credentials have expired"),
        ("InvalidClientTokenId", "does not know these credentials"),
        ("AccessDenied", "may not call GetCallerIdentity"),
    ],
)
def test_credentials_that_are_no_good_are_said_before_anything_is_done(
    programs: ProgramBench, cloud: CloudBench, name: str, code: str, sentence: str
) -> None:
    cloud.refuse("GetCallerIdentity", code, "no")
    assert sentence in deploy(name, "--yes", code=2).stderr
    assert programs.calls() == []


@pytest.mark.parametrize(
    ("parameter", "sentence"),
    [("IdleMinutes", "must be Name=value"), ("ModelImage=x", "fills it in itself")],
)
def test_a_parameter_that_cannot_be_is_refused(
    programs: ProgramBench, name: str, parameter: str, sentence: str
) -> None:
    assert sentence in deploy(name, "--parameter", parameter, code=2).stderr


def test_a_graphics_card_gets_pytorch_and_a_processor_does_not() -> None:
    cpu, gpu = image_for("ml.c6i.xlarge"), image_for("ml.g5.xlarge")
    assert cpu.build_arguments == ("--build-arg", "TORCH=")
    assert gpu.build_arguments == ()
    assert (cpu.tag[:3], gpu.tag[:3]) == ("cpu", "gpu")
    assert cpu.tag != gpu.tag
    assert cpu == image_for("ml.m5.large")


def test_an_image_is_named_after_what_goes_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model_endpoint"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM python\nCOPY model_endpoint model_endpoint\n")
    (folder / "a.py").write_text("1")
    monkeypatch.setattr(model_image, "REPOSITORY", tmp_path)
    before = image_for("ml.m5.large").tag
    (tmp_path / "README.md").write_text("nothing that the image holds")
    assert image_for("ml.m5.large").tag == before
    (folder / "a.py").write_text("2")
    assert image_for("ml.m5.large").tag != before


class Endpoints:
    """An account whose endpoint is in these states, one after the other."""

    def __init__(self, *states: str) -> None:
        self._states = list(states)

    def client(self, service: str) -> Any:
        assert service == "sagemaker"
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, str]:
        return {"EndpointStatus": self._states.pop(0), "FailureReason": "It has no /ping."}


def test_a_start_waits_until_the_endpoint_serves() -> None:
    wait_for_endpoint(Endpoints("Creating", "Creating", "InService"), "clicks", 0)  # type: ignore[arg-type]


def test_an_endpoint_that_fails_says_why_and_where_its_log_is() -> None:
    endpoints: Any = Endpoints("Creating", "Failed")
    with pytest.raises(DeploymentError, match=r"no /ping\. Its log group is /aws/sagemaker"):
        wait_for_endpoint(endpoints, "clicks", 0)
