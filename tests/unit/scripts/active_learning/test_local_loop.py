"""A run of active learning on this machine: the deployed definition in the local executor, Lambda's
functions in their processes, people at the portal. The learner alone is played."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from hooks.core.active_learning.loop_plan import LabelKind, LoopPlan
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.answer import DrawnObject, MadeBy, build_answer
from hooks.core.job_settings import JobKind
from hooks.core.masks import iou
from scripts.account.aws_account import AwsAccount
from scripts.active_learning.execution import Ended, Execution, Progress
from scripts.active_learning.lambda_task import lambda_client, lambda_invoker
from scripts.active_learning.state_machine import load_definition
from scripts.jobs.job_environment import find_environment
from scripts.jobs.job_plan import JobWishes, plan_job, terms_of
from scripts.local_ground_truth import processing_jobs
from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.local_ground_truth.processing_jobs import LEARNER_IMAGE
from scripts.local_ground_truth.served import Served
from scripts.pages.task_page import read_page
from tests.unit.scripts.active_learning import played_learner
from tests.unit.scripts.active_learning.played_learner import HEIGHT, LABELS, WIDTH, seen, truth
from tests.unit.scripts.cloud_bench import png

pytestmark = pytest.mark.slow

NAME = "cats"
PLAN = LoopPlan(
    name=NAME,
    kind=LabelKind.MASKS,
    labels=("cat",),
    objects=20,
    test_size=1,
    validation_size=6,
    training_size=2,
    batch_size=2,
    max_rounds=2,
    target_iou=0.4,
    certainty=0.5,
)
TIMES = re.compile(r"\d{4}-\d\d-\d\d[T_]\d\d:\d\d:\d\d(\.\d+)?")


class Killed(BaseException):
    """The executor's process ends here."""


@dataclass
class LocalRun:
    """A run on a local Ground Truth."""

    local: LocalGroundTruth

    @property
    def folder(self) -> RunFolder:
        return RunFolder.of(self.local.bucket, NAME)

    @property
    def account(self) -> AwsAccount:
        served: Served = self.local.served()
        return AwsAccount(self.local._session, served)

    def put(self, uri: str, body: bytes | str) -> str:
        body = body.encode() if isinstance(body, str) else body
        key = uri.removeprefix(f"s3://{self.local.bucket}/")
        self.local.s3.put_object(Bucket=self.local.bucket, Key=key, Body=body)
        return uri

    def read(self, uri: str) -> Any:
        return json.loads(self.text(uri))

    def text(self, uri: str) -> str:
        return self.local.path_of(uri).read_text(encoding="utf-8")

    def start(self) -> None:
        bucket = self.local.bucket
        photos = [
            self.put(f"s3://{bucket}/photos/{line}.png", png((WIDTH, HEIGHT)))
            for line in range(PLAN.objects)
        ]
        self.put(self.folder.plan, json.dumps(PLAN.to_json()))
        lines = "".join(json.dumps({"source-ref": photo}) + "\n" for photo in photos)
        self.put(self.folder.input, lines)
        for phase in ("test", "validation", "training", "round-1", "round-2", "rest"):
            self._prepare(phase, first=phase in ("test", "validation", "training"))
        learner = {
            "ProcessingJobName": f"{NAME}-learner",
            "RoleArn": self.local.role_arn,
            "AppSpecification": {"ImageUri": LEARNER_IMAGE, "ContainerArguments": ["{round}"]},
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.c5.xlarge",
                    "VolumeSizeInGB": 10,
                }
            },
        }
        self.put(self.folder.learner, json.dumps(learner))

    def _prepare(self, phase: str, *, first: bool) -> None:
        kind = JobKind.SEGMENTATION if first else JobKind.ADJUSTMENT
        terms = terms_of(
            kind,
            title=None,
            description=None,
            keywords=(),
            time_limit_seconds=600,
            availability_seconds=3600,
            at_once=None,
            price=None,
            content=(),
            stop_after=None,
        )
        wishes = JobWishes(
            name=f"{NAME}-{phase}",
            kind=kind,
            labels=LABELS,
            workers=1,
            terms=terms,
            label_attribute_name=NAME,
            earlier_label="" if first else f"{NAME}-predicted",
        )
        environment = find_environment(self.account)
        plan = plan_job(wishes, environment, self.local.workteam_arn, None)
        for item in plan.objects:
            self.put(item.address, item.body)
        source = {"S3DataSource": {"ManifestS3Uri": self.folder.job_manifest(phase, 1)}}
        request = {**plan.request, "InputConfig": {"DataSource": source}}
        self.put(self.folder.request(phase), json.dumps(request))

    def execute(
        self, folder: Path, on_transition: Callable[[Progress], None] = lambda progress: None
    ) -> Ended:
        served = self.local.served()
        machine = load_definition({"ActiveLearningFunctionArn": served.active_learning_arn})
        execution = Execution(machine, folder, lambda_invoker(lambda_client(self.account)))
        return execution.run({"run": self.folder.address, "wait_seconds": 1}, on_transition)


@contextmanager
def people(local: LocalGroundTruth) -> Iterator[list[tuple[str, int, bool]]]:
    """Somebody who labels whatever the portal has, and what was labeled: job, line, begun with."""
    over = threading.Event()
    done: list[tuple[str, int, bool]] = []

    def label() -> None:
        with httpx.Client(base_url=local.portal_url, follow_redirects=True, timeout=60) as browser:
            browser.post("/sign-in", data={"name": "Ada"})
            while not over.is_set():
                jobs = browser.get("/progress").json()["jobs"]
                running = [job["name"] for job in jobs if job["status"] == "InProgress"]
                for name in running:
                    answer(browser, name, done)
                over.wait(0.1)

    worker = threading.Thread(target=label)
    worker.start()
    try:
        yield done
    finally:
        over.set()
        worker.join()


def answer(browser: httpx.Client, job: str, done: list[tuple[str, int, bool]]) -> None:
    """Take the job's next task, if it has one just now, and outline the cat."""
    page = browser.get(f"/jobs/{job}/next?wait=0")
    if not page.url.path.startswith("/tasks/"):
        return
    task = read_page(str(page.url), page.text)
    line = int(Path(task.task_input["taskObject"]).stem)
    drawn = [DrawnObject("cat", truth(line), None, (), MadeBy.BRUSH, 1.0)]
    begun = task.earlier is not None
    content = build_answer(
        task.size, task.labels, drawn, seconds=3, **({"modified": True} if begun else {})
    )
    sent = browser.post(f"{page.url.path}/submit", json={"answerContent": {task.field: content}})
    sent.raise_for_status()
    done.append((job, line, begun))


@contextmanager
def local_run(folder: Path) -> Iterator[LocalRun]:
    with LocalGroundTruth(folder, endpoint_name="") as local:
        run = LocalRun(local)
        run.start()
        yield run


def test_a_run_killed_after_every_transition_ends_like_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing_jobs, "LEARNER", played_learner.__name__)
    with local_run(tmp_path / "whole") as run, people(run.local) as labeled:
        ended = run.execute(tmp_path / "whole-execution")
        assert ended.cause == ""
        whole = run.text(run.folder.output)
        asked = sorted(labeled)
        summary = run.read(run.folder.summary)
        lines = [json.loads(line) for line in whole.splitlines()]
        for place, line in enumerate(lines):
            with run.local.path_of(line[NAME]["mask-ref"]).open("rb") as mask:
                found = np.asarray(Image.open(mask)) == 1
            if line[f"{NAME}-metadata"]["human-annotated"] == "yes":
                assert iou(found, truth(place)) == 1
            else:
                assert iou(found, seen(place) == 1) == 1
    assert summary["cost"]["machine"] > 0
    assert {begun for _, _, begun in asked} == {True, False}
    assert len(asked) == summary["cost"]["human"] == len({line for _, line, _ in asked})
    with local_run(tmp_path / "killed") as run, people(run.local) as labeled:
        transitions: set[int] = set()

        def die(progress: Progress) -> None:
            if progress.events not in transitions:
                transitions.add(progress.events)
                raise Killed

        again = None
        while again is None:
            try:
                again = run.execute(tmp_path / "killed-execution", die)
            except Killed:
                continue
        assert again == ended
        assert TIMES.sub("<time>", run.text(run.folder.output)) == TIMES.sub("<time>", whole)
        assert sorted(labeled) == asked
        assert len(transitions) > 20
