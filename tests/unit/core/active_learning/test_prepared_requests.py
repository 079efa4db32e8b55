"""Requests that were prepared when a run was started, filled for their jobs; and jobs' output."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.core.active_learning.labeling_request import (
    LINE,
    LabelingRequest,
    failed_line,
    job_line,
    output_line,
    read_job_output,
    with_places,
)
from hooks.core.active_learning.learner_request import LearnerRequest, round_task
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.errors import ContractError
from hooks.core.manifest import ManifestLine
from tests.unit.core.active_learning.plans import cats

FOLDER = RunFolder.of("bucket", "cats")


def labeling(**changes: Any) -> dict[str, Any]:
    source = {"S3DataSource": {"ManifestS3Uri": FOLDER.job_manifest("rest", 1)}}
    return {
        "LabelingJobName": "cats-rest",
        "LabelAttributeName": "cats",
        "InputConfig": {"DataSource": source, "DataAttributes": {"ContentClassifiers": []}},
        "RoleArn": "arn",
        **changes,
    }


def learner(**changes: Any) -> dict[str, Any]:
    return {
        "ProcessingJobName": "cats-learner",
        "AppSpecification": {"ImageUri": "i", "ContainerArguments": ["{round}", "--epochs", "3"]},
        **changes,
    }


def test_the_first_attempt_is_the_request_as_it_was_prepared() -> None:
    prepared = LabelingRequest.parse(labeling(), "x")
    first = prepared.for_attempt(1, FOLDER.job_manifest("rest", 1))
    assert json.dumps(first.parameters, sort_keys=True) == json.dumps(
        {**labeling(), "InputConfig": first.parameters["InputConfig"]}, sort_keys=True
    )
    assert first.name == "cats-rest"


def test_another_attempt_has_another_name_and_its_own_lines() -> None:
    second = LabelingRequest.parse(labeling(), "x").for_attempt(2, "s3://b/2.manifest")
    assert second.name == "cats-rest-2"
    config = second.parameters["InputConfig"]
    assert config["DataSource"] == {"S3DataSource": {"ManifestS3Uri": "s3://b/2.manifest"}}
    assert config["DataAttributes"] == {"ContentClassifiers": []}
    assert second.label_attribute_name == "cats"
    assert second.is_of(dict(second.parameters))
    assert not second.is_of(labeling())


def test_a_name_that_becomes_too_long_is_refused() -> None:
    prepared = LabelingRequest.parse(labeling(LabelingJobName="c" * 62), "x")
    with pytest.raises(ContractError, match="longer than 63"):
        prepared.for_attempt(2, "s3://b/k")
    long = LearnerRequest.parse(learner(ProcessingJobName="c" * 60), "x")
    with pytest.raises(ContractError, match="longer than 63"):
        long.for_round(1, 1, "s3://b/k")


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([], "place: must be an object"),
        (labeling(LabelingJobName=3), "place.LabelingJobName"),
        (labeling(LabelAttributeName=""), "place.LabelAttributeName"),
        (labeling(InputConfig={}), "place.InputConfig.DataSource.S3DataSource.ManifestS3Uri"),
    ],
)
def test_what_is_no_labeling_request_is_refused_by_field(value: Any, field: str) -> None:
    with pytest.raises(ContractError, match=field):
        LabelingRequest.parse(value, "place")


def test_the_learner_is_told_where_its_round_is() -> None:
    task = FOLDER.round(2).task
    filled = LearnerRequest.parse(learner(), "x").for_round(2, 1, task)
    assert filled.name == "cats-learner-round-2"
    assert filled.parameters["AppSpecification"]["ContainerArguments"] == [task, "--epochs", "3"]
    again = LearnerRequest.parse(learner(), "x").for_round(2, 3, task)
    assert again.name == "cats-learner-round-2-3"
    assert filled.is_of(dict(again.parameters))
    other = LearnerRequest.parse(learner(), "x").for_round(1, 1, FOLDER.round(1).task)
    assert not filled.is_of(dict(other.parameters))


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("x", "must be an object"),
        (learner(ProcessingJobName=None), "ProcessingJobName"),
        (learner(AppSpecification={"ContainerArguments": ["round"]}), "must have an item"),
        (learner(AppSpecification=None), "must have an item"),
    ],
)
def test_what_is_no_learners_request_is_refused_by_field(value: Any, field: str) -> None:
    with pytest.raises(ContractError, match=field):
        LearnerRequest.parse(value, "place")


def test_a_round_names_everything_that_its_learner_reads_and_writes() -> None:
    first = round_task(cats(seed=5), FOLDER, 1, "cats")
    second = round_task(cats(seed=5), FOLDER, 2, "cats")
    assert first == {
        "schema_version": 1,
        "round": 1,
        "kind": "masks",
        "labels": ["cat"],
        "seed": 6,
        "training": [f"{FOLDER.address}rounds/1/training.manifest"],
        "label_attribute_name": "cats",
        "predict": f"{FOLDER.address}rounds/1/predict.manifest",
        "output": f"{FOLDER.address}rounds/1/",
        "earlier": None,
    }
    assert second["earlier"] == first["output"]
    assert second["seed"] != first["seed"]


def line(number: int, **fields: Any) -> ManifestLine:
    return ManifestLine(number, {"source-ref": "s3://b/k", **fields})


def test_a_jobs_output_is_sorted_into_labels_and_failures() -> None:
    said = read_job_output(
        [
            line(1, **{LINE: 7}, cats={"mask-ref": "m"}),
            line(2, **{LINE: 8, "cats-metadata": {"failure-reason": "expired"}}),
            line(3, **{LINE: 9}, cats={"status": "failed", "reason": "no usable answer."}),
            line(4, **{LINE: 10}, cats={"status": "failed"}),
            line(5, **{LINE: 11}),  # a job that was stopped had not come to it
        ],
        "cats",
    )
    assert set(said.labeled) == {7}
    assert said.failed == {
        8: "expired",
        9: "no usable answer.",
        10: "the label says that it failed.",
    }


def test_a_line_that_lost_its_place_is_known_by_its_photo() -> None:
    asked = {
        3: ManifestLine(4, {"source-ref": "s3://b/same"}),
        5: ManifestLine(6, {"source-ref": "s3://b/other"}),
        8: ManifestLine(9, {"source-ref": "s3://b/same"}),
    }
    lines = [
        ManifestLine(1, {"source-ref": "s3://b/other"}),
        ManifestLine(2, {"source-ref": "s3://b/same", LINE: 3}),
        ManifestLine(3, {"source-ref": "s3://b/same"}),
        ManifestLine(4, {"source-ref": "s3://b/stranger"}),
    ]
    placed = with_places(lines, asked)
    assert [found.fields.get(LINE) for found in placed] == [5, 3, 8, None]


@pytest.mark.parametrize("place", [None, "7", True])
def test_a_line_of_no_place_is_refused(place: object) -> None:
    with pytest.raises(ContractError, match="output manifest, line 3, active-learning-line"):
        read_job_output([line(3, **{LINE: place})], "cats")


def test_the_output_has_the_label_and_nothing_else_of_a_jobs_line() -> None:
    own = line(1, id=4)
    asked = job_line(own, 4, {"cats-predicted": {}})
    assert asked.fields == {"source-ref": "s3://b/k", "id": 4, LINE: 4, "cats-predicted": {}}
    labeled = asked.with_fields({"cats": {"a": 1}, "cats-metadata": {"b": 2}})
    assert output_line(own, labeled, "cats").fields == {
        **own.fields,
        "cats": {"a": 1},
        "cats-metadata": {"b": 2},
    }
    assert failed_line(own, "dark", "cats").failure_reason("cats") == "dark"
