"""`fewclick auto-label` as a person types it, against an account that moto and our stand-ins play.

The requests are AWS's, checked against botocore's models; the container is a small server.
"""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scripts.auto_labeling import asking
from scripts.auto_labeling.endpoint_scaling import ScalingRequests
from scripts.auto_labeling.journal import Journal
from scripts.auto_labeling.submission import NeverWokeError, SubmissionBounds
from scripts.local_ground_truth import hosted_models
from scripts.local_ground_truth.async_invocations import AsyncInvocations
from scripts.local_ground_truth.hosted_models import SEGMENTATION_IMAGE
from tests.unit.scripts.cloud_bench import CloudBench, fewclick, png

GREY, RED, GREEN, BLUE = "#808080", "#ff0000", "#00ff00", "#0000ff"
ROLE = "arn:aws:iam::123456789012:role/host"
PLAYS_THE_MODEL = "tests.unit.scripts.auto_labeling.answering_server"


@pytest.fixture
def account(cloud: CloudBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudBench]:
    """An account with fewclick's stack, and a model `cats` in it."""
    monkeypatch.setitem(hosted_models.SERVERS, SEGMENTATION_IMAGE, PLAYS_THE_MODEL)
    outputs = {
        "LabelingBucketName": cloud.bucket,
        "PreAnnotationFunctionArn": cloud.local.pre_annotation_arn,
        "ConsolidationFunctionArn": cloud.local.consolidation_arn,
        "LabelingRoleArn": ROLE,
    }
    stack = {
        "StackName": "fewclick",
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
    }
    cloud.answers["DescribeStacks"] = lambda request: {"Stacks": [stack]}
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz"):
        pass
    sagemaker = cloud.local.sagemaker
    sagemaker.create_model(
        ModelName="cats",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={
            "Image": SEGMENTATION_IMAGE,
            "ModelDataUrl": cloud.put("models/cats.tar.gz", archive.getvalue()),
        },
    )
    cloud.calls.clear()
    yield cloud
    sagemaker.delete_model(ModelName="cats")


def photos_in(folder: Path, *colors: str) -> Path:
    folder.mkdir()
    for number, color in enumerate(colors):
        (folder / f"{number}.png").write_bytes(png((8, 4), color))
    return folder


def run(tmp_path: Path, *arguments: object, model: str = "model:cats", **options: Any) -> Any:
    return fewclick(
        *("auto-label", "cats-1", "--model", model, "--labels", "cat", "--out", tmp_path / "run"),
        *("--answers", "fewclick", "--classes", "BACKGROUND,cat", "--check", "none"),
        *("--role", ROLE, "--yes", "--json"),
        *arguments,
        **options,
    )


def what_is_left(account: CloudBench) -> int:
    autoscaling = account.local.client("application-autoscaling")
    targets = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    return (
        len(account.local.sagemaker.list_endpoints()["Endpoints"])
        + len(account.local.sagemaker.list_endpoint_configs()["EndpointConfigs"])
        + len(targets["ScalableTargets"])
        + len(account.local.client("cloudwatch").describe_alarms()["MetricAlarms"])
    )


def test_every_photo_gets_a_label_and_nothing_is_left(account: CloudBench, tmp_path: Path) -> None:
    photos = photos_in(tmp_path / "photos", GREY, "#101010", "#202020")
    result = run(tmp_path, "--photos", photos)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["photos"], said["labeled"], said["objects"]) == (3, 3, {"cat": 3})
    lines = (tmp_path / "run" / "labeled.manifest").read_text().splitlines()
    label = json.loads(lines[0])
    assert label["cats-1"]["status"] == "machine"
    assert label["cats-1-metadata"]["human-annotated"] == "no"
    assert account.read(label["cats-1"]["mask-ref"])
    assert what_is_left(account) == 0
    assert account.local.sagemaker.list_models()["Models"][0]["ModelName"] == "cats"


def test_what_fails_is_tried_again_or_named_and_the_rest_is_labeled(
    account: CloudBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = partial(SubmissionBounds, backoff_seconds=0.1)
    monkeypatch.setattr(asking, "SubmissionBounds", quick)
    photos = photos_in(tmp_path / "photos", GREY, RED, GREEN, BLUE)
    result = run(tmp_path, "--photos", photos)
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert (said["labeled"], said["set_aside"], said["without_answer"]) == (2, 1, 1)
    assert account.operations().count("InvokeEndpointAsync") == 5
    left = (tmp_path / "run" / "unlabeled.manifest").read_text().splitlines()
    assert [json.loads(line)["source-ref"].rsplit("/", 1)[1] for line in left] == ["1.png", "2.png"]
    aside = json.loads((tmp_path / "run" / "set-aside.jsonl").read_text())
    assert aside["line"] == 3
    with Journal(tmp_path / "run" / "journal.sqlite", digest_of(tmp_path)) as journal:
        reasons = [outcome.reason for outcome in journal.outcomes() if hasattr(outcome, "reason")]
    assert "I see red" in reasons[0]
    assert what_is_left(account) == 0


def digest_of(tmp_path: Path) -> str:
    rows = sqlite3.connect(tmp_path / "run" / "journal.sqlite")
    found: str = rows.execute("SELECT digest FROM run").fetchone()[0]
    rows.close()
    return found


def test_run_again_it_sends_nothing_that_has_an_answer(account: CloudBench, tmp_path: Path) -> None:
    photos = photos_in(tmp_path / "photos", GREY, RED)
    assert run(tmp_path, "--photos", photos).exit_code == 1
    assert account.operations().count("InvokeEndpointAsync") == 2
    account.calls.clear()
    assert run(tmp_path, "--photos", photos).exit_code == 1
    assert not {"InvokeEndpointAsync", "CreateEndpoint"} & set(account.operations())
    assert run(tmp_path, "--photos", photos, "--again").exit_code == 1
    assert account.operations().count("InvokeEndpointAsync") == 1


def test_interrupted_it_deletes_the_endpoint_and_goes_on_later(
    account: CloudBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = photos_in(tmp_path / "photos", GREY, "#101010", "#202020")
    answered = Journal.answered

    def interrupted(journal: Journal, line: int, output: str) -> None:
        answered(journal, line, output)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "answered", interrupted)
        assert run(tmp_path, "--photos", photos).exit_code == 130
    assert what_is_left(account) == 0
    result = run(tmp_path, "--photos", photos)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["labeled"] == 3


def test_an_endpoint_that_a_killed_run_left_goes_with_the_next(
    account: CloudBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = photos_in(tmp_path / "photos", GREY)
    with monkeypatch.context() as patched:
        # As if the process had been killed: the endpoint stays, and nobody notes why.
        patched.setattr("scripts.segmentation.hosted_endpoint.HostedEndpoint._delete", no_delete)
        patched.setattr(Journal, "note_made", note_only_true)
        run(tmp_path, "--photos", photos)
    assert what_is_left(account) == 4
    assert run(tmp_path, "--photos", photos).exit_code == 0
    assert what_is_left(account) == 0


def no_delete(hosted: object, what: str, delete: object) -> None:
    pass


def note_only_true(journal: Journal, made: bool) -> None:
    if made:
        journal._rows.execute("UPDATE run SET made = 1")


def test_an_endpoint_that_is_there_is_used_and_stays(account: CloudBench, tmp_path: Path) -> None:
    photos = photos_in(tmp_path / "photos", GREY)
    assert run(tmp_path, "--photos", photos, "--keep-endpoint").exit_code == 0
    (kept,) = account.local.sagemaker.list_endpoints()["Endpoints"]
    name = kept["EndpointName"]
    again = tmp_path / "again"
    again.mkdir()
    account.calls.clear()
    result = run(again, "--photos", photos, model=f"endpoint:{name}")
    assert result.exit_code == 0, result.output
    assert "CreateEndpoint" not in account.operations()
    assert what_is_left(account) == 4
    again = tmp_path / "gone"
    again.mkdir()
    delete(account, name)
    result = run(again, "--photos", photos, model=f"endpoint:{name}")
    assert result.exit_code == 2
    assert f"there is no endpoint {name}" in result.output


def delete(account: CloudBench, name: str) -> None:
    autoscaling = account.local.client("application-autoscaling")
    account.local.client("cloudwatch").delete_alarms(AlarmNames=[f"{name}-wakes"])
    autoscaling.deregister_scalable_target(**ScalingRequests(name).resource)
    account.local.sagemaker.delete_endpoint(EndpointName=name)
    account.local.sagemaker.delete_endpoint_config(EndpointConfigName=name)


def test_a_real_time_endpoint_does_as_well(account: CloudBench, tmp_path: Path) -> None:
    sagemaker = account.local.sagemaker
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "cats",
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
    }
    sagemaker.create_endpoint_config(EndpointConfigName="live", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="live", EndpointConfigName="live")
    result = run(
        tmp_path,
        *("--photos", photos_in(tmp_path / "photos", GREY, RED)),
        model="endpoint:live",
    )
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert (said["labeled"], said["without_answer"]) == (1, 1)
    sagemaker.delete_endpoint(EndpointName="live")
    sagemaker.delete_endpoint_config(EndpointConfigName="live")


def test_dry_run_shows_the_requests_and_makes_nothing(account: CloudBench, tmp_path: Path) -> None:
    result = run(tmp_path, "--photos", photos_in(tmp_path / "photos", GREY), "--dry-run")
    assert result.exit_code == 0, result.output
    requests = json.loads(result.stdout)
    assert requests["RegisterScalableTarget"]["MinCapacity"] == 0
    assert requests["PutMetricAlarm"]["MetricName"] == "HasBacklogWithoutCapacity"
    assert requests["InvokeEndpointAsync"]["Accept"] == "application/json"
    assert not (tmp_path / "run").exists()
    assert {"CreateEndpoint", "PutObject"}.isdisjoint(account.operations())


def test_a_job_of_the_labels_is_made_and_found_again(
    account: CloudBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = photos_in(tmp_path / "photos", GREY, "#101010")
    here = ("--local", account.local.root, "--photos", photos, "--check", "adjustment")
    result = run(tmp_path, *here)
    assert result.exit_code == 0, result.output
    job = json.loads(result.stdout)["job"]
    assert (job["name"], job["status"]) == ("cats-1-check", "created")
    described = account.local.sagemaker.describe_labeling_job(LabelingJobName="cats-1-check")
    assert described["LabelAttributeName"] == "cats-1-check"
    assert (tmp_path / "run" / "labels.png").is_file()
    assert json.loads(run(tmp_path, *here).stdout)["job"]["status"] == "exists"
    # Of that name there is a job already, and it is another.
    other = run(tmp_path, *here, "--workers", "2")
    assert "and no job was made of them" in str(other.exception)
    assert run(tmp_path, *here, "--job-name", "cats-1").exit_code == 2
    account.local.sagemaker.stop_labeling_job(LabelingJobName="cats-1-check")


def test_topics_are_heard_by_a_queue_that_goes(account: CloudBench, tmp_path: Path) -> None:
    topic = account.local.client("sns").create_topic(Name="over")["TopicArn"]
    photos = photos_in(tmp_path / "photos", GREY, RED)
    result = run(tmp_path, "--photos", photos, "--success-topic", topic, "--error-topic", topic)
    assert json.loads(result.stdout)["labeled"] == 1
    assert "ReceiveMessage" in account.operations()
    assert account.local.client("sqs").list_queues().get("QueueUrls", []) == []


def test_an_endpoint_that_never_wakes_ends_with_what_to_check(
    account: CloudBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep = partial(SubmissionBounds, seconds_between_looks=0.1)
    monkeypatch.setattr(asking, "SubmissionBounds", asleep)
    monkeypatch.setattr(AsyncInvocations, "_work", lambda self, invocation: None)
    quotas = {"Quotas": [{"QuotaName": "ml.g4dn.xlarge for endpoint usage", "Value": 0.0}]}
    account.answers["ListServiceQuotas"] = lambda request: quotas
    photos = photos_in(tmp_path / "photos", GREY)
    result = run(tmp_path, "--photos", photos, "--patience", "1s")
    assert isinstance(result.exception, NeverWokeError)
    said = str(result.exception)
    assert "Quota: 0 of ml.g4dn.xlarge" in said
    assert "Scaling: from 0 to 1 instances." in said
    assert what_is_left(account) == 0


def test_it_shows_the_cost_and_asks(account: CloudBench, tmp_path: Path) -> None:
    photos = photos_in(tmp_path / "photos", GREY)
    result = fewclick(
        *("auto-label", "cats-1", "--model", "model:cats", "--labels", "cat"),
        *("--out", tmp_path / "run", "--answers", "fewclick", "--check", "none"),
        *("--role", ROLE, "--photos", photos),
        answer="n\n",
    )
    assert result.exit_code == 1
    assert "instance hours x 0.7364 USD" in result.output
    assert "CreateEndpoint" not in account.operations()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--labels", "cat,horse"), "has no class for the job's 'horse'"),
        (("--kind", "boxes", "--answers", "sagemaker-semantic"), "give --kind masks"),
        (("--photos", "/nowhere"), "is no folder"),
        (("--manifest", "s3://nowhere/x.manifest"), "there is no manifest"),
        (("--map", "dog=cat"), "has no class 'dog'"),
        (("--patience", "soon"), "--patience"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_made(
    account: CloudBench, tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    if "--photos" not in arguments and "--manifest" not in arguments:
        arguments = (*arguments, "--photos", str(photos_in(tmp_path / "photos", GREY)))
    result = run(tmp_path, *arguments)
    assert result.exit_code == 2, result.output
    assert problem in " ".join(result.output.split())
    assert {"CreateEndpoint", "PutObject"}.isdisjoint(account.operations())


def test_a_model_of_other_classes_ends_the_run_with_its_first_answer(
    account: CloudBench, tmp_path: Path
) -> None:
    photos = photos_in(tmp_path / "photos", GREY)
    result = fewclick(
        *("auto-label", "dogs", "--model", "model:cats", "--labels", "dog"),
        *("--out", tmp_path / "run", "--answers", "fewclick", "--check", "none", "--yes"),
        *("--role", ROLE, "--photos", photos),
    )
    assert result.exit_code != 0
    assert "does not know 'dog'" in f"{result.output}{result.exception}"
    assert what_is_left(account) == 0
