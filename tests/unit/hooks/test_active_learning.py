"""The steps of an active-learning run, and the whole of it under its deployed definition."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from hooks import aws_loop
from hooks.core.active_learning.labeling_request import LINE
from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.active_learning.loop_state import LoopState, Next
from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.earlier_label import EarlierBoxes, EarlierMask, read_earlier_label
from hooks.core.errors import ContractError
from hooks.core.geometry import Size
from hooks.core.label_reader import MaskLabel, read_label
from hooks.core.manifest import ManifestLine
from hooks.loop_records import RunError
from scripts.active_learning.execution import Ended
from tests.unit.hooks.conftest import BUCKET, Account
from tests.unit.hooks.loop_bench import (
    HEIGHT,
    NAME,
    WIDTH,
    EveryStep,
    Killed,
    LoopBench,
    plan_of,
    standing_in,
)


@pytest.fixture
def bench(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopBench]:
    aws_loop._sagemaker.cache_clear()
    bench = LoopBench(account, plan_of())
    with standing_in(bench, monkeypatch):
        yield bench


def run(bench: LoopBench, folder: Path, **plan: Any) -> Ended:
    """Start a run and execute it to its end."""
    bench.plan = replace(bench.plan, **plan)
    bench.start()
    return bench.execute(folder)


def labeled_by(bench: LoopBench) -> Counter[str]:
    """`yes` for people, `no` for the machine: how many of the output's labels."""
    lines = bench.lines(bench.folder.output)
    return Counter(line[f"{NAME}-metadata"]["human-annotated"] for line in lines if NAME in line)


def cause_of(ended: Ended) -> str:
    return str(json.loads(ended.cause)["errorMessage"])


def unsure(bench: LoopBench, number: int, line: int) -> ImagePrediction:
    """A model that is wrong, and knows it."""
    wrong = np.zeros((HEIGHT, WIDTH), np.uint8)
    wrong[0, 0] = 1
    return bench.prediction(line, 0.2 + line / 1000, wrong)


def certain(bench: LoopBench, number: int, line: int) -> ImagePrediction:
    """A model that is always right."""
    return bench.prediction(line, 0.95, bench.truth(line))


def blind(bench: LoopBench, number: int, line: int) -> ImagePrediction | None:
    """A model that sees nothing on every other photo, and leaves every fifth out."""
    if line % 5 == 0:
        return None
    if line % 2:
        return bench.prediction(line, 0.0, np.zeros((HEIGHT, WIDTH), np.uint8))
    return unsure(bench, number, line)


# ---------------------------------------------------------------------- whole runs


@pytest.mark.parametrize("s3", ["in memory", "moto's"])
def test_every_photo_is_labeled_by_people_or_by_machine(
    bench: LoopBench, tmp_path: Path, s3: str
) -> None:
    if s3 != "in memory":
        bench.s3 = None
    assert run(bench, tmp_path).status == "SUCCEEDED"
    lines = bench.lines(bench.folder.output)
    given = bench.lines(bench.folder.input)
    assert [{name: line[name] for name in ("source-ref", "id")} for line in lines] == given
    assert all(set(line) == {"source-ref", "id", NAME, f"{NAME}-metadata"} for line in lines)
    assert labeled_by(bench) == {"no": 29, "yes": 31}
    asked = [line for lines in bench.asked.values() for line in lines]
    assert len(asked) == len(set(asked)) == 31
    for place, line in enumerate(lines):
        label = read_label(ManifestLine(place + 1, line), NAME)
        assert isinstance(label, MaskLabel)
        assert label.status == ("machine" if place not in asked else "")
    summary = bench.read(bench.folder.summary)
    assert (summary["cost"]["human"], summary["cost"]["machine"]) == (31, 29)
    assert summary["cost"]["total"] == "10.38"  # 31 x 0.26 + 29 x 0.08
    assert summary["rounds"][0]["calibrations"][""]["machine"] == 29
    assert "certainty of 0.7, the 29 machine labels" in summary["guarantee"]


@pytest.mark.parametrize(
    "anew", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["goes on", "starts anew"]
)
def test_a_run_that_is_killed_at_every_step_ends_like_one_that_is_not(
    bench: LoopBench, tmp_path: Path, anew: bool
) -> None:
    bench.failing = {7: None, 16: {"test"}}
    run(bench, tmp_path / "whole", max_rounds=2, batch_size=4)
    whole, asked = objects(bench), bench.asked
    forget(bench)
    bench.start()
    every_step = bench.kill_at = EveryStep()
    transitions: set[int] = set()

    def die(progress: Any) -> None:
        if progress.events not in transitions:
            transitions.add(progress.events)
            raise Killed(progress.state)

    ended = None
    while ended is None:
        # Anew: what one execution knew is gone, and the run's records are all that is left.
        folder = tmp_path / f"killed-{len(transitions) + len(every_step.killed) if anew else 0}"
        try:
            ended = bench.execute(folder, die)
        except Killed:
            continue
    assert ended.status == "SUCCEEDED"
    assert len(every_step.killed) > 100
    assert len(transitions) > 15
    assert bench.asked == asked
    killed = objects(bench)
    assert killed.keys() == whole.keys()
    assert [key for key in whole if killed[key] != whole[key]] == []


def test_an_execution_that_is_started_again_finds_all_of_it_done(
    bench: LoopBench, tmp_path: Path
) -> None:
    run(bench, tmp_path / "first")
    before, jobs = objects(bench), list(bench.jobs)
    assert bench.execute(tmp_path / "second").status == "SUCCEEDED"
    assert objects(bench) == before
    assert list(bench.jobs) == jobs


def test_boxes_are_judged_and_labeled_too(bench: LoopBench, tmp_path: Path) -> None:
    assert run(bench, tmp_path, kind=LabelKind.BOXES).status == "SUCCEEDED"
    assert labeled_by(bench) == {"no": 29, "yes": 31}
    for line in bench.lines(bench.folder.output):
        earlier = read_earlier_label(line, NAME, Size(WIDTH, HEIGHT))
        assert isinstance(earlier, EarlierBoxes)
        assert [box.label for box in earlier.boxes] == ["cat"]
        assert line[f"{NAME}-metadata"].get("type", "") in ("", "groundtruth/object-detection")


def test_each_class_may_have_its_own_threshold(bench: LoopBench, tmp_path: Path) -> None:
    plan = {"labels": ("cat", "dog"), "per_class": True, "validation_size": 34, "objects": 90}
    assert run(bench, tmp_path, **plan, certainty=0.4).cause == ""
    calibrations = bench.read(bench.folder.summary)["rounds"][0]["calibrations"]
    assert set(calibrations) == {"cat", "dog"}
    assert "machine labels of every class" in bench.read(bench.folder.summary)["guarantee"]


# ---------------------------------------------------------------------- models of all kinds


def test_with_a_model_that_is_never_sure_people_label_everything(
    bench: LoopBench, tmp_path: Path
) -> None:
    bench.learner = unsure
    assert run(bench, tmp_path, max_rounds=2).cause == ""
    assert labeled_by(bench) == {"yes": 60}
    summary = bench.read(bench.folder.summary)
    assert [each["machine"] for each in summary["rounds"]] == [0, 0]
    assert "do not reach 0.6 yet" in summary["rounds"][0]["calibrations"][""]["reason"]
    assert summary["guarantee"].startswith("No photo was labeled by machine")
    assert summary["cost"]["saved"] == 0


def test_a_model_that_is_sure_of_everything_ends_the_run_after_one_round(
    bench: LoopBench, tmp_path: Path
) -> None:
    bench.learner = certain
    assert run(bench, tmp_path).status == "SUCCEEDED"
    assert labeled_by(bench) == {"yes": 26, "no": 34}
    summary = bench.read(bench.folder.summary)
    assert summary["stop"] == "Every photo is labeled."
    assert set(bench.asked) == {"cats-test", "cats-validation", "cats-training"}


def test_a_validation_set_that_is_too_small_says_how_many_more_are_needed(
    bench: LoopBench, tmp_path: Path
) -> None:
    bench.learner = certain
    run(bench, tmp_path, validation_size=2, max_rounds=1)
    assert labeled_by(bench) == {"yes": 60}
    calibration = bench.read(bench.folder.summary)["rounds"][0]["calibrations"][""]
    assert calibration["needed_more"] > 0
    assert f"{calibration['needed_more']} more" in calibration["reason"]


def test_people_begin_with_the_prediction_and_with_nothing_where_there_is_none(
    bench: LoopBench, tmp_path: Path
) -> None:
    bench.learner = blind
    assert run(bench, tmp_path, max_rounds=1).status == "SUCCEEDED"
    lines = bench.lines(bench.folder.job_manifest("rest", 1))
    assert len(lines) == 34
    for line in lines:
        earlier = read_earlier_label(line, f"{NAME}-predicted", Size(WIDTH, HEIGHT))
        assert isinstance(earlier, EarlierMask)
        sees = line[LINE] % 2 == 0 and line[LINE] % 5
        assert earlier.names == ({"cat"} if sees else set())
        assert bench.account.get(earlier.mask_ref).startswith(b"\x89PNG")
        assert line[f"{NAME}-predicted-metadata"]["human-annotated"] == "no"
    assert labeled_by(bench) == {"yes": 60}


def test_boxes_begin_with_none_where_the_model_saw_nothing(
    bench: LoopBench, tmp_path: Path
) -> None:
    bench.learner = blind
    assert run(bench, tmp_path, max_rounds=1, kind=LabelKind.BOXES).status == "SUCCEEDED"
    for line in bench.lines(bench.folder.job_manifest("rest", 1)):
        earlier = read_earlier_label(line, f"{NAME}-predicted", Size(WIDTH, HEIGHT))
        assert isinstance(earlier, EarlierBoxes)
        assert len(earlier.boxes) == (1 if line[LINE] % 2 == 0 and line[LINE] % 5 else 0)


def test_a_model_for_other_classes_is_named_before_anything_is_made_of_it(
    bench: LoopBench, tmp_path: Path
) -> None:
    def foreign(bench: LoopBench, number: int, line: int) -> ImagePrediction:
        prediction = certain(bench, number, line)
        label = json.loads(json.dumps(prediction.label).replace('"cat"', '"tiger"'))
        return replace(prediction, label=label)

    bench.learner = foreign
    ended = run(bench, tmp_path)
    assert ended.error == "TrainingEndedError"
    assert "has the classes tiger, and the run's are cat" in cause_of(ended)
    assert list(bench.jobs)[-1] == "cats-learner-round-1"


# ---------------------------------------------------------------------- photos that fail


def test_a_photo_that_people_could_not_label_is_asked_again_in_the_end_and_then_reported(
    bench: LoopBench, tmp_path: Path
) -> None:
    sets = run_to(bench, "split")
    once, never = sets["training"][0], sets["validation"][0]
    bench.failing = {once: {"training"}, never: None}
    assert bench.execute(tmp_path).cause == ""
    asked = Counter(line for lines in bench.asked.values() for line in lines)
    assert {line for line, count in asked.items() if count > 1} == {once, never}
    assert {once, never} <= set(bench.asked["cats-rest"])
    lines = bench.lines(bench.folder.output)
    assert lines[once][f"{NAME}-metadata"]["human-annotated"] == "yes"
    assert NAME not in lines[never]
    assert lines[never][f"{NAME}-metadata"]["failure-reason"] == "the photo is dark"
    summary = bench.read(bench.folder.summary)
    assert summary["unlabeled"] == {str(never): "the photo is dark"}
    assert summary["failed"]["training"] == {str(once): "the photo is dark"}
    # It counts as wrong where machine labels are judged.
    validation = bench.read(bench.folder.round(1).validation)
    assert validation["ious"][str(never)] == 0
    assert validation["problems"][str(never)] == "people did not label it."


def test_a_first_job_that_labels_nothing_stops_the_run_before_more_is_asked(
    bench: LoopBench, tmp_path: Path
) -> None:
    bench.failing = {line: {"test"} for line in run_to(bench, "split")["test"]}
    ended = bench.execute(tmp_path / "first")
    assert ended.error == "LabelingJobEndedError"
    assert "cats-test labeled none of its photos" in cause_of(ended)
    assert "the photo is dark" in cause_of(ended)
    bench.failing = {}
    assert bench.execute(tmp_path / "second").status == "SUCCEEDED"
    assert bench.asked["cats-test-2"] == bench.asked["cats-test"]


# ---------------------------------------------------------------------- jobs that go wrong


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("Stopped", "the labeling job cats-validation was stopped. Its 7 labels are kept."),
        ("Failed", "the labeling job cats-validation failed: ClientError: no workers."),
    ],
)
def test_a_labeling_job_that_ended_early_is_gone_on_with_by_another(
    bench: LoopBench, tmp_path: Path, status: str, said: str
) -> None:
    bench.endings = {"cats-validation": (status, 7)}
    ended = run(bench, tmp_path / "first")
    assert (ended.status, ended.error) == ("FAILED", "LabelingJobEndedError")
    assert said in cause_of(ended)
    assert "Start the run again" in cause_of(ended)
    assert bench.execute(tmp_path / "second").status == "SUCCEEDED"
    # A job that failed has no output here, so that all of it is asked again.
    kept = 7 if status == "Stopped" else 0
    assert bench.asked["cats-validation-2"] == bench.asked["cats-validation"][kept:]
    settings = bench.read(f"s3://{BUCKET}/jobs/cats-validation-2/settings.json")
    assert settings["labeling_job_name"] == "cats-validation-2"
    assert len(bench.lines(bench.folder.labels("validation"))) == 18
    assert sum(labeled_by(bench).values()) == 60


def test_a_job_that_was_stopped_when_it_had_labeled_all_is_followed_by_none(
    bench: LoopBench, tmp_path: Path
) -> None:
    bench.endings = {"cats-validation": ("Stopped", 18)}
    assert run(bench, tmp_path / "first").error == "LabelingJobEndedError"
    assert bench.execute(tmp_path / "second").cause == ""
    assert "cats-validation-2" not in bench.jobs
    assert len(bench.lines(bench.folder.labels("validation"))) == 18


@pytest.mark.parametrize("stopped", ["cats-validation", "cats-learner-round-1"])
def test_a_job_that_was_stopped_with_the_run_is_followed_by_another(
    bench: LoopBench, tmp_path: Path, stopped: str
) -> None:
    """As `active-learn stop --with-jobs` does: the execution first, then its job."""

    def stop(progress: Any) -> None:
        if stopped in bench.jobs:
            raise Killed

    bench.start()
    with pytest.raises(Killed):
        bench.execute(tmp_path / "first", stop)
    bench.endings = {stopped: ("Stopped", 4)}
    bench.training_ends = {stopped: ("Stopped", "")}
    bench.jobs[stopped]["looks"] = bench.looks
    assert bench.execute(tmp_path / "second").cause == ""
    assert f"{stopped}-2" in bench.jobs
    assert len(bench.lines(bench.folder.labels("validation"))) == 18


def test_a_training_that_failed_says_why_and_is_done_anew(bench: LoopBench, tmp_path: Path) -> None:
    bench.training_ends = {"cats-learner-round-1": ("Failed", "AlgorithmError: out of memory.")}
    ended = run(bench, tmp_path / "first")
    assert ended.error == "TrainingEndedError"
    assert (
        "the processing job cats-learner-round-1 failed: AlgorithmError: out of memory."
        in cause_of(ended)
    )
    assert "it trains anew, and keeps all labels" in cause_of(ended)
    assert bench.execute(tmp_path / "second").status == "SUCCEEDED"
    assert "cats-learner-round-1-2" in bench.jobs


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{]\n", "not JSON"),
        ('{"line": 3, "confidence": 2, "label": {}}\n', "confidence"),
        (None, "predictions.jsonl does not exist"),
        ("", "predictions.jsonl has no prediction"),
    ],
)
def test_predictions_that_cannot_be_used_are_no_predictions(
    bench: LoopBench, tmp_path: Path, text: str | None, said: str
) -> None:
    bench.start()
    train = bench._train

    def spoiled(name: str) -> dict[str, Any]:
        answer = train(name)
        if name == "cats-learner-round-1":
            key = bench.folder.round(1).predictions.partition(f"{BUCKET}/")[2]
            bench.account.s3.delete_object(Bucket=BUCKET, Key=key)
            if text is not None:
                bench.account.put(key, text)
        return answer

    bench._train = spoiled  # type: ignore[method-assign]
    ended = bench.execute(tmp_path / "first")
    assert ended.error == "TrainingEndedError"
    assert "the predictions of the processing job cats-learner-round-1 cannot be used" in cause_of(
        ended
    )
    assert said in cause_of(ended)
    assert bench.execute(tmp_path / "second").status == "SUCCEEDED"


def test_a_job_of_the_same_name_that_is_not_ours_is_left_alone(
    bench: LoopBench, tmp_path: Path
) -> None:
    bench.start()
    request = bench.read(bench.folder.request("test"))
    source = {"DataSource": {"S3DataSource": {"ManifestS3Uri": f"s3://{BUCKET}/other"}}}
    bench.answer("CreateLabelingJob", {**request, "InputConfig": source})
    ended = bench.execute(tmp_path)
    assert ended.error == "RunError"
    assert "there is a labeling job cats-test already, and it is not this run's" in cause_of(ended)


def test_a_request_that_is_refused_is_no_name_that_is_taken(bench: LoopBench) -> None:
    bench.start()
    learner = bench.read(bench.folder.learner) | {"RoleArn": "nobody"}
    bench.account.put("active-learning/cats/learner.json", json.dumps(learner))

    def refuse(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        code = "ValidationException" if operation.startswith("Create") else "ResourceNotFound"
        raise ClientError({"Error": {"Code": code, "Message": "no such role"}}, operation)

    for name in ("split", "start_labeling", "check_labeling", "check_labeling"):
        bench.step(name, phase="test")
    bench.answer = refuse  # type: ignore[method-assign]
    with pytest.raises(ClientError, match="no such role"):
        bench.step("start_training", phase="training", round=1)


# ---------------------------------------------------------------------- single steps


def test_the_longer_a_job_takes_the_less_often_it_is_looked_at(
    bench: LoopBench, tmp_path: Path
) -> None:
    run(bench, tmp_path)
    assert set(bench.slept) == {5, 3600}  # the bench's jobs began days ago
    state = LoopState(bench.folder, 300)
    waits = [state.waiting(Next.WAIT_FOR_PEOPLE, hours * 3600).look_in for hours in (0, 2, 24, 999)]
    assert waits == [300, 300, 864, 3600]
    # A month of looks at one job leaves room in a history of 25,000 events, of which a look is 9.
    passed = looks = 0
    while passed < 30 * 24 * 3600:
        passed += state.waiting(Next.WAIT_FOR_PEOPLE, passed).look_in
        looks += 1
    assert looks < 1000


def test_photos_are_judged_as_long_as_there_is_time(
    bench: LoopBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hooks.loop_judging.PART", 5)
    run(bench, tmp_path)
    outcome = bench.folder.round(1).outcome
    before = bench.account.get(outcome)
    for uri in (outcome, bench.folder.round(1).validation):
        delete(bench, uri)
    for part in (1, 2, 3):
        delete(bench, bench.folder.round(1).judged(part))
    monkeypatch.setattr(
        "tests.unit.hooks.conftest.LambdaContext.get_remaining_time_in_millis", lambda self: 60_000
    )
    state = {"phase": "training", "round": 1}
    assert bench.step("judge", **state)["next"] == "judge"
    monkeypatch.undo()
    monkeypatch.setattr("hooks.loop_judging.PART", 5)
    with standing_in(bench, monkeypatch):
        assert bench.step("judge", **state)["next"] == "auto_label"
    assert bench.account.get(outcome) == before


def test_a_mask_that_cannot_be_read_counts_as_wrong(bench: LoopBench, tmp_path: Path) -> None:
    def broken(bench: LoopBench, number: int, line: int) -> ImagePrediction:
        prediction = certain(bench, number, line)
        label = {**prediction.label, "mask-ref": f"s3://{BUCKET}/nowhere.png"}
        return replace(prediction, label=label)

    bench.learner = broken
    run(bench, tmp_path, max_rounds=1)
    validation = bench.read(bench.folder.round(1).validation)
    assert set(validation["ious"].values()) == {0}
    assert all("nowhere.png does not exist" in why for why in validation["problems"].values())
    assert labeled_by(bench) == {"yes": 60}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"step": "dance"}, "step: 'dance' is not one of split, start_labeling"),
        ({"run": "s3://bucket/elsewhere/"}, "is not s3://<bucket>/active-learning/<name>/"),
        ({"run": None}, "run: must be the address"),
        ({"wait_seconds": 0}, "event.wait_seconds"),
        ({"phase": "party", "step": "start_labeling"}, "'party' is no phase of a run"),
    ],
)
def test_an_event_that_is_none_is_refused_by_field(
    bench: LoopBench, event: dict[str, Any], said: str
) -> None:
    run_to(bench, "split")
    with pytest.raises(ContractError, match=said):
        bench.step(**{"name": event.pop("step", "split"), **event})


def test_a_manifest_that_was_changed_since_the_plan_is_refused(bench: LoopBench) -> None:
    bench.start()
    bench.account.put("active-learning/cats/input.manifest", '{"source-ref": "s3://b/k"}\n')
    with pytest.raises(ContractError, match="has 1 lines, and the plan 60 objects"):
        bench.step("split")


def test_a_name_of_the_loops_own_may_not_stand_in_the_manifest(bench: LoopBench) -> None:
    bench.start()
    lines = "".join(
        json.dumps({"source-ref": "s3://b/k", LINE: number}) + "\n" for number in range(60)
    )
    bench.account.put("active-learning/cats/input.manifest", lines)
    with pytest.raises(RunError, match="line 1: active-learning-line is a name"):
        bench.step("split")


@pytest.mark.parametrize("code", ["ThrottlingException", "SlowDown", "ConditionalRequestConflict"])
def test_what_aws_cannot_do_now_is_asked_again(bench: LoopBench, tmp_path: Path, code: str) -> None:
    bench.start()
    refused = Counter[str]()
    answer = bench.answer

    def busy(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        refused[operation] += 1
        if refused[operation] <= 2:
            raise ClientError({"Error": {"Code": code, "Message": "later"}}, operation)
        return answer(operation, parameters)

    bench.answer = busy  # type: ignore[method-assign]
    assert bench.execute(tmp_path).status == "SUCCEEDED"
    assert {2.0, 4.0} <= set(bench.slept)


def run_to(bench: LoopBench, step: str) -> dict[str, list[int]]:
    """Start a run and take its first step; its sets."""
    bench.start()
    bench.step(step)
    sets: dict[str, list[int]] = bench.read(bench.folder.sets)
    return sets


def objects(bench: LoopBench) -> dict[str, bytes]:
    """Everything in the account, but for the job that is there in all tests."""
    pages = bench.account.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    return {key: bench.account.get(f"s3://{BUCKET}/{key}") for key in keys if "pets-01" not in key}


def forget(bench: LoopBench) -> None:
    """Leave nothing of a run."""
    for key in objects(bench):
        bench.account.s3.delete_object(Bucket=BUCKET, Key=key)
    bench.jobs, bench.asked, bench.masks = {}, {}, {}


def delete(bench: LoopBench, uri: str) -> None:
    bench.account.s3.delete_object(Bucket=BUCKET, Key=uri.partition(f"{BUCKET}/")[2])
