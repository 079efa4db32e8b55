"""`fewclick active-learn` on an AWS account: what it writes, starts, shows and refuses."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hooks.core.active_learning.labeling_request import LabelingRequest
from hooks.core.active_learning.learner_request import LearnerRequest
from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.job_settings import JobKind, JobSettings
from scripts.active_learning import run_preparation
from scripts.local_ground_truth.request_check import check_shape
from scripts.processing_job import CODE_FILE
from tests.unit.scripts.cloud_bench import CloudBench, fewclick, png

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.6-cpu-py312"
PHOTOS = 50
SIZES = ("--test-size", 3, "--validation-size", 25, "--training-size", 5, "--batch-size", 5)
LEARNER = "arn:aws:iam::123456789012:role/learner"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number in range(PHOTOS):
        (folder / f"p{number:02d}.png").write_bytes(png())
    return folder


@pytest.fixture(scope="module")
def state_machine(started_cloud: CloudBench) -> str:
    """A stack with active learning; its state machine's ARN."""
    started_cloud.role_arn = started_cloud.role("Labels", {"*": "*"})
    states = started_cloud.local.client("stepfunctions")
    definition = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    arn: str = states.create_state_machine(
        name="loop", definition=json.dumps(definition), roleArn=started_cloud.role_arn
    )["stateMachineArn"]
    started_cloud.local.client("cloudformation").create_stack(
        StackName="fewclick",
        TemplateBody=started_cloud.template(
            ActiveLearningStateMachineArn=arn,
            ActiveLearningFunctionArn="arn:aws:lambda:us-east-1:123456789012:function:loop",
            LearnerRoleArn=LEARNER,
        ),
    )
    return arn


@pytest.fixture
def account(state_machine: str, cloud: CloudBench, monkeypatch: pytest.MonkeyPatch) -> CloudBench:
    monkeypatch.setattr(run_preparation, "torch_image", lambda region, instance_type: IMAGE)
    return cloud


def start(name: str, *arguments: object, code: int = 0) -> Any:
    """Start a run; what it says: JSON, or the sentence of a refusal."""
    result = fewclick("active-learn", "start", name, *arguments, "--yes", "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout) if code == 0 else " ".join(result.stderr.split())


def record(account: CloudBench, address: str) -> Any:
    return json.loads(account.read(address))


def test_a_run_is_written_and_started(
    account: CloudBench, photos: Path, state_machine: str
) -> None:
    wanted = ("--photos", photos, "--labels", "cat,dog", *SIZES, "--max-rounds", 2)
    told = start("Pets", *wanted)
    folder = RunFolder.of(account.bucket, "Pets")
    assert told == {
        "run": "Pets",
        "folder": folder.address,
        "status": "started",
        "output": None,
    }
    plan = LoopPlan.from_json(record(account, folder.plan))
    assert (plan.objects, plan.labels, plan.max_rounds) == (PHOTOS, ("cat", "dog"), 2)
    assert float(plan.human_cost) == pytest.approx(0.08)
    lines = account.read(folder.input).decode().splitlines()
    assert json.loads(lines[0]) == {"source-ref": f"{folder.address}photos/p00.png"}
    assert account.read(f"{folder.address}photos/p00.png") == png()
    puts = [parameters["Key"] for _, name, parameters in account.calls if name == "PutObject"]
    assert puts[-1] == "active-learning/pets/plan.json", "the plan makes the run"
    states = account.local.client("stepfunctions")
    (execution,) = states.list_executions(stateMachineArn=state_machine)["executions"]
    assert execution["name"] == "Pets-1"
    given = states.describe_execution(executionArn=execution["executionArn"])["input"]
    assert json.loads(given) == {"run": folder.address, "wait_seconds": 300}


def test_every_phase_has_its_job(account: CloudBench, photos: Path) -> None:
    wanted = ("--photos", photos, "--labels", "cat,dog", *SIZES, "--max-rounds", 2)
    start("Phases", *wanted, "--short-instructions", "Outline every pet.")
    folder = RunFolder.of(account.bucket, "Phases")
    kinds = {}
    for phase in ("test", "validation", "training", "round-1", "round-2", "rest"):
        request = record(account, folder.request(phase))
        assert check_shape("CreateLabelingJob", request) == []
        prepared = LabelingRequest.parse(request, phase)
        assert prepared.label_attribute_name == "Phases"
        manifest = request["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
        assert manifest == folder.job_manifest(phase, 1)
        key = f"s3://{account.bucket}/jobs/phases-{phase}/settings.json"
        kinds[phase] = JobSettings.from_json(account.read(key))
        page = request["HumanTaskConfig"]["UiConfig"]["UiTemplateS3Uri"]
        assert b"<crowd-form" in account.read(page)
    assert {phase: settings.kind for phase, settings in kinds.items()} == {
        **dict.fromkeys(("test", "validation", "training"), JobKind.SEGMENTATION),
        **dict.fromkeys(("round-1", "round-2", "rest"), JobKind.ADJUSTMENT),
    }
    assert kinds["test"].short_instructions == "Outline every pet."
    assert kinds["rest"].earlier_label == "Phases-predicted"


def test_the_learner_comes_with_its_code(account: CloudBench, photos: Path) -> None:
    wanted = ("--photos", photos, "--labels", "cat", *SIZES, "--epochs", 7)
    start("Learns", *wanted)
    folder = RunFolder.of(account.bucket, "Learns")
    request = LearnerRequest.parse(record(account, folder.learner), "learner.json")
    filled = request.for_round(1, 1, folder.round(1).task).parameters
    assert check_shape("CreateProcessingJob", filled) == []
    assert filled["RoleArn"] == LEARNER
    assert filled["AppSpecification"]["ImageUri"] == IMAGE
    assert filled["AppSpecification"]["ContainerArguments"] == [
        *(folder.round(1).task, "--size", "256", "--device", "cpu", "--epochs", "7"),
    ]
    (code,) = filled["ProcessingInputs"]
    body = account.read(f"{code['S3Input']['S3Uri']}{CODE_FILE}")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert "scripts/active_learning/train_and_predict.py" in archive.namelist()
        assert "model_endpoint/weights/small/weights.safetensors" in archive.namelist()


def test_boxes_are_corrected_as_boxes_and_a_learner_of_ones_own_is_asked(
    account: CloudBench, photos: Path
) -> None:
    own = "123456789012.dkr.ecr.us-east-1.amazonaws.com/own:1"
    wanted = ("--photos", photos, "--labels", "cat", "--kind", "boxes", *SIZES)
    start("Boxes", *wanted, "--learner-image", own, "--max-rounds", 1)
    folder = RunFolder.of(account.bucket, "Boxes")
    settings = {
        phase: JobSettings.from_json(
            account.read(f"s3://{account.bucket}/jobs/boxes-{phase}/settings.json")
        )
        for phase in ("test", "rest")
    }
    assert {item.kind for item in settings.values()} == {JobKind.BOUNDING_BOX}
    assert settings["test"].earlier_label == ""
    assert settings["rest"].earlier_label == "Boxes-predicted"
    learner = record(account, folder.learner)
    assert learner["AppSpecification"] == {"ImageUri": own, "ContainerArguments": ["{round}"]}
    assert check_shape("CreateProcessingJob", learner) == []


def test_the_same_command_goes_on_and_another_is_refused(account: CloudBench, photos: Path) -> None:
    wanted = ("--photos", photos, "--labels", "cat", *SIZES)
    start("Once", *wanted)
    account.calls.clear()
    again = start("Once", *wanted)
    assert again["status"] in ("running", "ended")
    assert {"PutObject", "StartExecution"}.isdisjoint(account.operations())
    said = start("Once", *wanted, "--seed", 3, "--target", 0.5, code=2)
    assert "a run Once already, and it differs in target_iou, seed" in said
    said = start("Once", *wanted, "--workers", 5, code=2)
    assert "differs in its labeling jobs" in said


def test_the_cost_is_shown_before_anything_is_written(account: CloudBench, photos: Path) -> None:
    wanted = ("--photos", photos, "--labels", "cat", *SIZES)
    result = fewclick("active-learn", "start", "Asked", *wanted, answer="n\n")
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert "50 photos, of which people label 33 before the first model" in said
    assert "39%, as published" in said
    assert "PutObject" not in account.operations()


def test_a_dry_run_writes_nothing(account: CloudBench, photos: Path) -> None:
    wanted = ("--photos", photos, "--labels", "cat", *SIZES, "--dry-run")
    documents = start("Dry", *wanted)
    folder = RunFolder.of(account.bucket, "Dry")
    assert {folder.plan, folder.learner, folder.request("rest")} <= documents.keys()
    assert "PutObject" not in account.operations()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--validation-size", 3), "--validation-size: 3 photos cannot show a mean IoU of 0.6"),
        (("--validation-size", 3), "more. Twice as many are a good start"),
        (("--training-size", 90), "the photos: 50 photos are too few"),
        (("--labels", "cat,cat"), "'cat' stands twice"),
        (("--labels", "cat,BACKGROUND"), "the background's own name"),
        (("--instance-type", "ml.huge"), "--instance-type: the price table does not know ml.huge"),
        (("--target", "1.5"), "--target: must lie between 0 and 1"),
        (("--workforce", "public"), "needs --price"),
    ],
)
def test_what_cannot_come_to_an_end_is_refused(
    account: CloudBench, photos: Path, arguments: tuple[object, ...], said: str
) -> None:
    wanted = ("--photos", photos, "--labels", "cat", *SIZES, *arguments)
    assert said in start("Bad", *wanted, code=2)
    assert "PutObject" not in account.operations()


def test_lines_that_the_loop_could_not_work_with_are_refused(
    account: CloudBench, tmp_path: Path
) -> None:
    account.local.s3.create_bucket(Bucket="elsewhere")
    own = account.put("own/a.png", png())
    other = account.put("a.png", png(), bucket="elsewhere")
    manifest = tmp_path / "input.manifest"

    def said(*lines: dict[str, Any]) -> str:
        manifest.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return str(start("Lines", "--manifest", manifest, "--labels", "cat", code=2))

    assert "has 'Lines-predicted', which the run writes" in said(
        {"source-ref": own, "Lines-predicted": 1}
    )
    assert "is not in the stack's bucket" in said({"source-ref": other})


def test_a_name_is_short_enough_for_its_jobs(account: CloudBench, photos: Path) -> None:
    wanted = ("--photos", photos, "--labels", "cat", *SIZES)
    assert "at most 40" in start("a" * 41, *wanted, code=2)


@pytest.mark.parametrize(
    "verb", [("resume",), ("status",), ("stop",), ("report", "--out", "report")]
)
def test_a_run_that_is_not_there_is_said_so(account: CloudBench, verb: tuple[str, ...]) -> None:
    result = fewclick("active-learn", verb[0], "Nowhere", *verb[1:])
    assert result.exit_code == 2
    assert "there is no run Nowhere" in " ".join(result.stderr.split())


def test_a_run_is_shown_stopped_and_resumed(
    account: CloudBench, photos: Path, state_machine: str
) -> None:
    start("Seen", "--photos", photos, "--labels", "cat", *SIZES)
    folder = RunFolder.of(account.bucket, "Seen")
    name = folder.address.removeprefix(f"s3://{account.bucket}/")
    account.put(f"{name}labeling/test.json", json.dumps({"job": "Seen-test", "lines": [1, 2, 3]}))
    ended = {"status": "Completed", "labeled": [1, 3], "failed": {"2": "no photo"}}
    account.put(f"{name}labeling/test.ended.json", json.dumps(ended))
    result = fewclick("active-learn", "status", "Seen", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["execution"]["status"] == "RUNNING"
    test, validation, *_ = document["phases"]
    assert (test["asked"], test["labeled"], test["failed"]) == (3, 2, {"2": "no photo"})
    assert (validation["asked"], validation["state"]) == (25, "coming")
    assert fewclick("active-learn", "status", "Seen").exit_code == 0
    result = fewclick("active-learn", "report", "Seen", "--out", "report")
    assert result.exit_code == 2
    assert "no round of Seen has been judged" in " ".join(result.stderr.split())
    result = fewclick("active-learn", "stop", "Seen", "--with-jobs")
    assert result.exit_code == 0, result.output
    assert "Execution Seen-1 is stopped" in result.stdout
    result = fewclick("active-learn", "status", "Seen")
    assert result.exit_code == 1
    assert "fewclick active-learn resume Seen" in result.stdout
    result = fewclick("active-learn", "resume", "Seen", "--json")
    assert json.loads(result.stdout)["status"] == "started"
    states = account.local.client("stepfunctions")
    names = {
        item["name"] for item in states.list_executions(stateMachineArn=state_machine)["executions"]
    }
    assert {"Seen-1", "Seen-2"} <= names


def test_a_stack_of_an_earlier_version_is_told(account: CloudBench, photos: Path) -> None:
    account.local.client("cloudformation").create_stack(
        StackName="old", TemplateBody=account.template()
    )
    wanted = ("--photos", photos, "--labels", "cat", *SIZES, "--stack", "old")
    assert "no output ActiveLearningStateMachineArn" in start("Old", *wanted, code=2)
