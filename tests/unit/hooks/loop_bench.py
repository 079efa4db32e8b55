"""An active-learning run on a made-up account, its people and its learner played by this bench.

Labeling and processing jobs, which moto does not run, are made, described and done here, of the
shapes in botocore's model. S3 is in memory too, unless a test wants moto's. All times are the same
moment, so that two runs can be compared byte by byte.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.client
import numpy as np
import pytest
from PIL import Image

from hooks.active_learning import handler
from hooks.core.active_learning.labeling_request import LINE
from hooks.core.active_learning.loop_plan import LabelKind, LoopPlan
from hooks.core.active_learning.prediction import ImagePrediction, write_predictions
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.categories import LabelCategories
from hooks.core.job_settings import JobKind, JobSettings, settings_key
from hooks.core.manifest import parse_s3_uri
from hooks.core.masks import LabelMap, write_label_map
from scripts.active_learning.execution import Ended, Execution, Progress
from scripts.active_learning.state_machine import StateError, load_definition
from scripts.local_ground_truth.request_check import check_shape
from tests.unit.hooks.conftest import BUCKET, Account, LambdaContext
from tests.unit.hooks.objects_in_memory import ObjectsInMemory, refusal

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
WIDTH, HEIGHT = 8, 6
NAME = "cats"
CHANGES = frozenset({"PutObject", "CreateLabelingJob", "CreateProcessingJob"})


class Killed(BaseException):
    """The process ends here, and nobody catches it."""


@dataclass
class LoopBench:
    """The account, the run that was started in it, and how people and learner behave.

    Attributes:
        failing: lines that people cannot label, and in which phases (None: in every one).
        endings: labeling job's name to how it ends, in place of Completed.
        learner: what it predicts of a line in a round; None leaves the photo out.
        training_ends: processing job's name to how it ends, and why, in place of Completed.
        asked: labeling job's name to the lines that it asked for.
    """

    account: Account
    plan: LoopPlan
    failing: dict[int, set[str] | None] = field(default_factory=dict)
    endings: dict[str, tuple[str, int]] = field(default_factory=dict)
    learner: Callable[[LoopBench, int, int], ImagePrediction | None] | None = None
    training_ends: dict[str, tuple[str, str]] = field(default_factory=dict)
    looks: int = 1
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, list[int]] = field(default_factory=dict)
    kill_at: Callable[[str, str], bool] = lambda step, when: False
    slept: list[float] = field(default_factory=list)
    masks: dict[str, str] = field(default_factory=dict)
    s3: ObjectsInMemory | None = field(default_factory=ObjectsInMemory)

    @property
    def folder(self) -> RunFolder:
        return RunFolder.of(BUCKET, self.plan.name)

    def truth(self, line: int) -> LabelMap:
        """What is to be seen on a photo: one rectangle, of a class that goes by the line."""
        found = np.zeros((HEIGHT, WIDTH), np.uint8)
        found[1 : 3 + line % 3, 1 : 4 + line % 4] = 1 + line % len(self.plan.labels)
        return found

    def start(self) -> None:
        """What `active-learn start` leaves in the folder."""
        lines = []
        photo = self.account.put("photo.png", _png(Image.new("RGB", (WIDTH, HEIGHT))))
        for line in range(self.plan.objects):
            lines.append({"source-ref": photo, "id": line})
        self._put(self.folder.plan, json.dumps(self.plan.to_json()))
        self._put(self.folder.input, "".join(json.dumps(line) + "\n" for line in lines))
        learner = {
            "ProcessingJobName": f"{NAME}-learner",
            "RoleArn": "arn:aws:iam::123456789012:role/learner",
            "AppSpecification": {"ImageUri": "image", "ContainerArguments": ["{round}"]},
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.c5.xlarge",
                    "VolumeSizeInGB": 10,
                }
            },
        }
        self._put(self.folder.learner, json.dumps(learner))
        phases = ["test", "validation", "training", "rest"]
        for phase in [*phases, *(f"round-{k + 1}" for k in range(self.plan.max_rounds))]:
            self._prepare(phase)

    def _prepare(self, phase: str) -> None:
        first = phase in ("test", "validation", "training")
        masks = self.plan.kind is LabelKind.MASKS
        drawn = JobKind.SEGMENTATION if masks else JobKind.BOUNDING_BOX
        settings = JobSettings(
            labeling_job_name=f"{NAME}-{phase}",
            kind=drawn if first or not masks else JobKind.ADJUSTMENT,
            label_attribute_name=NAME,
            labels=LabelCategories.from_names(self.plan.labels),
            earlier_label="" if first else f"{NAME}-predicted",
        )
        self.account.put(settings_key(settings.labeling_job_name), settings.to_json())
        request = {
            "LabelingJobName": settings.labeling_job_name,
            "LabelAttributeName": NAME,
            "InputConfig": {
                "DataSource": {
                    "S3DataSource": {"ManifestS3Uri": self.folder.job_manifest(phase, 1)}
                }
            },
            "OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/output/"},
            "RoleArn": "arn:aws:iam::123456789012:role/labeling",
            "HumanTaskConfig": {
                "WorkteamArn": "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/us",
                "UiConfig": {"UiTemplateS3Uri": f"s3://{BUCKET}/page"},
                "TaskTitle": "t",
                "TaskDescription": "d",
                "NumberOfHumanWorkersPerDataObject": 1,
                "TaskTimeLimitInSeconds": 600,
            },
        }
        self._put(self.folder.request(phase), json.dumps(request))

    def step(self, name: str, **event: Any) -> dict[str, Any]:
        """One step, as Lambda is asked for it."""
        given = {"run": self.folder.address, "wait_seconds": 5, "step": name, **event}
        answer: dict[str, Any] = handler(json.loads(json.dumps(given)), LambdaContext())  # type: ignore[arg-type]
        return answer

    def execute(
        self, folder: Path, on_transition: Callable[[Progress], None] = lambda progress: None
    ) -> Ended:
        """Execute the deployed definition, or go on with it."""
        execution = Execution(
            load_definition({"ActiveLearningFunctionArn": "arn:of:function"}),
            folder,
            self._invoke,
            clock=lambda: 0.0,
            sleep=self.slept.append,
        )
        given = {"run": self.folder.address, "wait_seconds": 5}
        return execution.run(given, on_transition)

    def _invoke(self, function: str, payload: Any) -> dict[str, Any]:
        assert function == "arn:of:function"
        try:
            answer = handler(json.loads(json.dumps(payload)), LambdaContext())  # type: ignore[arg-type]
        except Exception as error:
            said = {"errorMessage": str(error), "errorType": type(error).__name__}
            raise StateError(type(error).__name__, json.dumps(said)) from error
        return {"Payload": json.loads(json.dumps(answer)), "StatusCode": 200}

    def invoke_by_http(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Lambda's Invoke, as boto3 answers it."""
        answer: dict[str, Any] = {"StatusCode": 200}
        try:
            said: Any = self._invoke(parameters["FunctionName"], json.loads(parameters["Payload"]))
            payload = json.dumps(said["Payload"])
        except StateError as error:
            answer["FunctionError"] = "Unhandled"
            payload = error.cause
        return answer | {"Payload": io.BytesIO(payload.encode())}

    def read(self, uri: str) -> Any:
        return json.loads(self.account.get(uri))

    def lines(self, uri: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.account.get(uri).decode().splitlines()]

    def _put(self, uri: str, body: str) -> None:
        bucket, key = parse_s3_uri(uri)
        assert bucket == BUCKET
        self.account.put(key, body)

    # ------------------------------------------------------------------ SageMaker

    def answer(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """CreateLabelingJob and its like; jobs are done when they have been looked at enough."""
        findings = check_shape(operation, parameters)
        assert not findings, "; ".join(map(str, findings))
        kind = "Labeling" if "Labeling" in operation else "Processing"
        name = parameters[f"{kind}JobName"]
        if operation.startswith("Create"):
            if name in self.jobs:
                raise refusal(operation, "ResourceInUse", f"{name} exists")
            self.jobs[name] = {**parameters, "looks": 0, "kind": kind}
            return {f"{kind}JobArn": f"arn:aws:sagemaker:eu-west-1:123456789012:{name}"}
        if name not in self.jobs:
            raise refusal(operation, "ResourceNotFound", f"there is no {name}")
        job = self.jobs[name]
        job["looks"] += 1
        described = {key: value for key, value in job.items() if key not in ("looks", "kind")}
        described |= {"CreationTime": NOW, "LastModifiedTime": NOW}
        if job["looks"] <= self.looks:
            return described | {f"{kind}JobStatus": "InProgress"}
        return described | (self._label(name) if kind == "Labeling" else self._train(name))

    def _label(self, name: str) -> dict[str, Any]:
        job = self.jobs[name]
        source = job["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
        lines = self.lines(source)
        self.asked[name] = [line[LINE] for line in lines]
        status, done = self.endings.get(name, ("Completed", len(lines)))
        phase = source.rpartition("/")[2].partition(".")[0]
        for line in lines[:done]:
            number = line[LINE]
            phases = self.failing.get(number, set())
            if phases is None or phase in phases:
                reason = {"failure-reason": "the photo is dark", "human-annotated": "true"}
                line[f"{NAME}-metadata"] = reason
            else:
                line[NAME] = self.label_of(self.truth(number))
                line[f"{NAME}-metadata"] = {
                    "human-annotated": "yes",
                    "creation-date": "2026-11-20T10:00:00",
                }
        output = f"s3://{BUCKET}/output/{name}/manifests/output/output.manifest"
        self._put(output, "".join(json.dumps(line) + "\n" for line in lines))
        ended: dict[str, Any] = {"LabelingJobStatus": status}
        if status == "Failed":
            return ended | {"FailureReason": "ClientError: no workers."}
        return ended | {"LabelingJobOutput": {"OutputDatasetS3Uri": output}}

    def label_of(self, label_map: LabelMap) -> dict[str, Any]:
        """A label value, its mask written; labels that are alike have one mask."""
        if self.plan.kind is LabelKind.BOXES:
            return self.boxes_of(label_map)
        labels = LabelCategories.from_names(self.plan.labels)
        shape = hashlib.sha256(label_map.tobytes()).hexdigest()
        if shape not in self.masks:
            png = write_label_map(label_map, labels.colors())
            self.masks[shape] = self.account.put(f"masks/{shape}.png", png)
        color_map = {
            str(index): {"class-name": labels.name(index), "hex-color": labels.color(index)}
            for index in sorted({0, *np.unique(label_map).tolist()})
        }
        return {"mask-ref": self.masks[shape], "internal-color-map": color_map}

    def boxes_of(self, label_map: LabelMap) -> dict[str, Any]:
        boxes = []
        for index in np.unique(label_map[label_map > 0]).tolist():
            rows, columns = np.nonzero(label_map == index)
            left, top = int(columns.min()), int(rows.min())
            width, height = int(columns.max()) + 1 - left, int(rows.max()) + 1 - top
            boxes.append(
                {"class_id": index - 1, "left": left, "top": top, "width": width, "height": height}
            )
        return {
            "image_size": [{"width": WIDTH, "height": HEIGHT, "depth": 3}],
            "annotations": boxes,
            "class-map": {str(place): name for place, name in enumerate(self.plan.labels)},
        }

    def _train(self, name: str) -> dict[str, Any]:
        if name in self.training_ends:
            status, reason = self.training_ends[name]
            return {"ProcessingJobStatus": status} | ({"FailureReason": reason} if reason else {})
        job = self.jobs[name]
        task = self.read(job["AppSpecification"]["ContainerArguments"][0])
        assert all(NAME in line for line in self.lines(task["training"][0]))
        asked = self.lines(task["predict"])
        assert all(set(line) == {"line", "source-ref"} for line in asked)
        predict = self.learner or predict_easy
        found = [predict(self, task["round"], line["line"]) for line in asked]
        text = write_predictions(each for each in found if each is not None)
        self._put(f"{task['output']}predictions.jsonl", text)
        return {
            "ProcessingJobStatus": "Completed",
            "ProcessingStartTime": NOW,
            "ProcessingEndTime": NOW,
        }

    def prediction(self, line: int, confidence: float, label_map: LabelMap) -> ImagePrediction:
        """A prediction of a label map."""
        label = self.label_of(label_map) if label_map.any() else {}
        main_class = self.plan.labels[int(label_map.max()) - 1] if label else ""
        return ImagePrediction(
            line, confidence, entropy=1 - confidence, main_class=main_class, label=label
        )


def predict_easy(bench: LoopBench, number: int, line: int) -> ImagePrediction | None:
    """Two photos of three are easy: predicted right, and surely so. The others shrink."""
    if line % 3:
        return bench.prediction(line, 0.9 - line / 10_000, bench.truth(line))
    wrong = np.zeros((HEIGHT, WIDTH), np.uint8)
    wrong[1, 1] = 1
    return bench.prediction(line, 0.3 - line / 10_000, wrong)


def plan_of(**changes: Any) -> LoopPlan:
    """A small plan, in which some machine labels can be vouched for."""
    usual: dict[str, Any] = {
        "name": NAME,
        "kind": LabelKind.MASKS,
        "labels": ("cat",),
        "objects": 60,
        "test_size": 2,
        "validation_size": 18,
        "training_size": 6,
        "batch_size": 5,
        "max_rounds": 3,
        "target_iou": 0.6,
        "certainty": 0.7,
    }
    return LoopPlan(**{**usual, **changes})


@contextmanager
def standing_in(bench: LoopBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within it SageMaker answers as the bench does, and calls that change something may kill."""
    call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def standing(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        changes = operation in CHANGES
        step = f"{operation} {_what(parameters)}"
        if changes and bench.kill_at(step, "before"):
            raise Killed(step)
        service = self.meta.service_model.service_name
        if service == "lambda":
            return bench.invoke_by_http(parameters)
        if service == "sagemaker":
            answer = bench.answer(operation, parameters)
        elif service == "s3" and bench.s3 is not None:
            answer = bench.s3.answer(operation, parameters)
        else:
            answer = call(self, operation, parameters)
        if changes and bench.kill_at(step, "after"):
            raise Killed(step)
        return answer

    with monkeypatch.context() as patching:
        patching.setattr(botocore.client.BaseClient, "_make_api_call", standing)
        yield


class EveryStep:
    """Kills at every call that changes something, once before and once after it, each once."""

    def __init__(self) -> None:
        self.killed: Counter[tuple[str, str]] = Counter()
        self.on = True

    def __call__(self, step: str, when: str) -> bool:
        if not self.on or self.killed[step, when]:
            return False
        self.killed[step, when] += 1
        return True


def _what(parameters: Mapping[str, Any]) -> str:
    for name in ("Key", "LabelingJobName", "ProcessingJobName"):
        if name in parameters:
            return str(parameters[name])
    return ""


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
