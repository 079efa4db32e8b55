"""One job from manifest to manifest: what is written, when, and what becomes of trouble."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.local_ground_truth.job_description import label_counters
from scripts.local_ground_truth.job_store import JobStatus
from tests.unit.scripts.local_ground_truth.conftest import HandClock
from tests.unit.scripts.local_ground_truth.job_bench import POST, PRE, JobBench

CAT = {"source-ref": "s3://in/cat.jpg", "note": "mine"}


@pytest.fixture
def bench(tmp_path: Path, clock: HandClock) -> Iterator[JobBench]:
    bench = JobBench(tmp_path, clock)
    yield bench
    bench.database.close()


def photos(number: int) -> list[dict[str, Any]]:
    return [{"source-ref": f"s3://in/{index}.jpg"} for index in range(number)]


def test_a_labeled_line_is_the_input_line_with_the_label(bench: JobBench) -> None:
    bench.create([CAT])
    bench.answer("ann")
    assert bench.status == "Completed"
    assert bench.output == [
        {
            **CAT,
            "cats": 1,
            "cats-metadata": {
                "type": "groundtruth/custom",
                "job-name": "Cats-01",
                "human-annotated": "yes",
                "creation-date": "2026-11-20T10:11:12.833000",
            },
        }
    ]


def test_the_pre_annotation_event_is_exact(bench: JobBench) -> None:
    bench.create([CAT])
    assert bench.events == [
        (
            PRE,
            {
                "version": "2018-10-16",
                "labelingJobArn": ("arn:aws:sagemaker:us-east-1:123456789012:labeling-job/cats-01"),
                "dataObject": CAT,
            },
        )
    ]


def test_the_consolidation_event_and_its_payload_are_exact(
    bench: JobBench, clock: HandClock
) -> None:
    bench.create(
        [CAT, {"source": "a text"}],
        {"OutputConfig": {"S3OutputPath": "s3://out/gt", "KmsKeyId": "key"}},
    )
    bench.answer("ann", annotation='{"v": 1}')
    clock.forward(5)
    bench.answer("ann")
    folder = "s3://out/gt/Cats-01/annotations"
    payload = "consolidation-request/iteration-1/2026-11-20_10:11:17.json"
    (event,) = [event for arn, event in bench.events if arn == POST]
    assert event == {
        "version": "2018-10-06",
        "labelingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/cats-01",
        "labelCategories": ["cat", "dog"],
        "labelAttributeName": "cats",
        "roleArn": "arn:aws:iam::123456789012:role/gt-exec",
        "payload": {"s3Uri": f"{folder}/consolidated-annotation/{payload}"},
        "outputConfig": folder,
        "maxHumanWorkersPerDataObject": 1,
        "kmsKeyId": "key",
        "vpcEnabled": False,
    }
    ann = "private.us-east-1.49915e0d7d4b402e"
    assert bench.written("consolidated-annotation")[payload] == [
        {
            "datasetObjectId": "0",
            "dataObject": {"s3Uri": "s3://in/cat.jpg"},
            "annotations": [
                {
                    "workerId": ann,
                    "annotationData": {"content": json.dumps({"annotation": '{"v": 1}'})},
                }
            ],
        },
        {
            "datasetObjectId": "1",
            "dataObject": {"content": "a text"},
            "annotations": [{"workerId": ann, "annotationData": {"content": '{"by": "ann"}'}}],
        },
    ]
    responses = bench.written("consolidated-annotation/consolidation-response")
    assert responses["iteration-1/2026-11-20_10:11:17.json"][0]["datasetObjectId"] == "0"


def test_worker_responses_have_times(bench: JobBench, clock: HandClock) -> None:
    bench.create([CAT], NumberOfHumanWorkersPerDataObject=2)
    bench.take("ann")
    clock.forward(38.25)
    bench.answer("ann", annotation="x")
    bench.answer("bob")
    written = bench.written("worker-response")
    (first, second) = written["iteration-1/0/2026-11-20_10:11:51.json"]["answers"]
    assert first["answerContent"] == {"annotation": "x"}
    assert first["acceptanceTime"] == "2026-11-20T10:11:12.833Z"
    assert first["submissionTime"] == "2026-11-20T10:11:51.083Z"
    assert first["timeSpentInSeconds"] == 38.25
    assert first["workerId"] == "private.us-east-1.49915e0d7d4b402e"
    assert first["workerMetadata"]["identityData"]["identityProviderType"] == "Cognito"
    assert second["timeSpentInSeconds"] == 0


def test_an_answer_that_comes_while_files_are_written_gets_its_file_too(
    bench: JobBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.create(photos(2))
    late = bench.take("bob")
    write = bench.objects.write

    def write_and_be_overtaken(address: str, content: bytes, content_type: str) -> None:
        write(address, content, content_type)
        monkeypatch.undo()
        assert late is not None
        bench.assignments.submit(late.assignment_id, "bob", {}, bench.services.now())

    monkeypatch.setattr(bench.objects, "write", write_and_be_overtaken)
    bench.answer("ann")
    assert bench.status == "Completed"
    assert len(bench.written("worker-response")) == 2


def test_ten_objects_go_first_and_batches_follow(bench: JobBench) -> None:
    bench.create(photos(25), MaxConcurrentTaskCount=12)
    released = [sum(arn == PRE for arn, _ in bench.events)]
    for _ in range(25):
        bench.answer("ann")
        released.append(sum(arn == PRE for arn, _ in bench.events))
    assert sorted(set(released)) == [10, 22, 25]
    assert bench.status == "Completed"
    iterations = {name.split("/")[0] for name in bench.written("worker-response")}
    assert iterations == {"iteration-1", "iteration-2", "iteration-3"}
    first = bench.objects.stored[
        "s3://out/gt/Cats-01/annotations/intermediate/iteration-1/output.manifest"
    ]
    labeled = ["cats" in json.loads(line) for line in first.splitlines()]
    assert labeled == [True] * 10 + [False] * 15


def test_an_object_goes_to_as_many_different_workers_as_asked(bench: JobBench) -> None:
    bench.create([CAT], NumberOfHumanWorkersPerDataObject=3)
    bench.answer("ann")
    assert bench.take("ann") is None
    assert bench.take("bob") is not None
    assert bench.take("cyd") is not None
    assert bench.take("dan") is None
    bench.answer("bob")
    assert bench.status == "InProgress"
    bench.answer("cyd")
    assert bench.output[0]["cats"] == 3


def test_bad_lines_fail_alone_and_say_which_they_are(bench: JobBench) -> None:
    bench.create(
        [
            "no json",
            {"photo": "s3://in/cat.jpg"},
            {"source-ref": "/in/cat.jpg"},
            {"source-ref": "s3://in/cat.jpg", "$id": 1},
            {"source-ref": "s3://in/cat.jpg", "note": "x" * 20_001},
            ["a list"],
            CAT,
            "",
        ]
    )
    bench.answer("ann")
    reasons = [line.get("cats-metadata", {}).get("failure-reason", "") for line in bench.output]
    assert [reason[:34] for reason in reasons] == [
        "ClientError: manifest line 1: not ",
        "ClientError: manifest line 2: has ",
        "ClientError: manifest line 3, sour",
        "ClientError: manifest line 4, $id:",
        "ClientError: manifest line 5, note",
        "ClientError: manifest line 6: must",
        "",
    ]
    assert bench.output[1]["photo"] == "s3://in/cat.jpg"
    assert bench.output[1]["cats-metadata"]["human-annotated"] == "true"
    assert "cats" not in bench.output[1]
    counters = label_counters(bench.jobs.count_objects("Cats-01"))
    assert counters == {
        "TotalLabeled": 1,
        "HumanLabeled": 1,
        "MachineLabeled": 0,
        "FailedNonRetryableError": 6,
        "Unlabeled": 0,
    }


def test_a_line_that_is_not_utf_8_fails_alone(bench: JobBench) -> None:
    bench.create(b'\xef\xbb\xbf{"source": "a"}\n{"source": "\xff"}\r\n')
    bench.answer("ann")
    assert bench.output[0]["cats"] == 1
    reason = bench.output[1]["cats-metadata"]["failure-reason"]
    assert reason == "ClientError: manifest line 2: not UTF-8 (byte 13 of the line)."


def test_half_a_character_goes_through_as_it_came(bench: JobBench) -> None:
    bench.create(b'{"source": "\\ud83d", "note": "\\ud83d\\udc08"}')
    bench.answer("ann", text="\ud83d")
    (line,) = bench.output
    assert (line["source"], line["note"], line["cats"]) == ("\ud83d", "🐈", 1)
    (response,) = bench.written("worker-response").values()
    assert response["answers"][0]["answerContent"] == {"text": "\ud83d"}


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (None, "ClientError: The manifest cannot be read. s3://in/m: there is no such object."),
        (b"\n \n", "ClientError: s3://in/m: The manifest has no lines."),
    ],
)
def test_a_manifest_that_cannot_be_used_fails_the_job(
    bench: JobBench, manifest: bytes | None, reason: str
) -> None:
    bench.create(manifest)
    job = bench.jobs.job("Cats-01")
    assert job is not None
    assert (job.status, job.failure_reason) == ("Failed", reason)


def test_what_an_earlier_job_labeled_is_kept(bench: JobBench) -> None:
    labeled = {**CAT, "cats": "before", "cats-metadata": {"job-name": "older"}}
    failed = {**CAT, "cats-metadata": {"failure-reason": "x"}}
    bench.create([labeled, failed])
    assert bench.answer_all("ann") == 1
    assert bench.output[0] == labeled
    assert bench.output[1]["cats"] == 1
    assert "failure-reason" not in bench.output[1]["cats-metadata"]


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ({}, "the pre-annotation Lambda returned no taskInput."),
        ({"taskInput": "text"}, "the pre-annotation Lambda returned no taskInput."),
        (None, "the pre-annotation Lambda failed: ValueError: no such photo"),
    ],
)
def test_an_object_whose_pre_annotation_fails_is_failed(
    bench: JobBench, response: Any, reason: str
) -> None:
    def pre_annotate(event: Any) -> Any:
        if event["dataObject"] == CAT:
            if response is None:
                raise ValueError("no such photo")
            return response
        return {"taskInput": {}}

    bench.functions[PRE] = pre_annotate
    bench.create([CAT, {"source": "b"}])
    bench.answer("ann")
    assert bench.output[0]["cats-metadata"]["failure-reason"] == f"ClientError: {reason}"
    assert bench.output[1]["cats"] == 1


@pytest.mark.parametrize("no", [False, "false", "False"])
def test_an_object_that_needs_no_human_stays_as_it_came(bench: JobBench, no: Any) -> None:
    bench.functions[PRE] = lambda event: {"taskInput": {}, "isHumanAnnotationRequired": no}
    bench.create([CAT])
    assert (bench.status, bench.output) == ("Completed", [CAT])


def test_without_functions_the_line_is_the_task_and_the_label_empty(bench: JobBench) -> None:
    bench.create([CAT], PreHumanTaskLambdaArn=None, AnnotationConsolidationConfig=None)
    task = bench.jobs.data_object("Cats-01", 0).task_input
    assert json.loads(task or "") == CAT
    bench.answer("ann")
    (line,) = bench.output
    assert line["cats"] == {}
    (response,) = bench.written("worker-response")
    assert line["cats-metadata"]["worker-response-ref"].endswith(response)
    assert bench.events == []


def entry(object_id: int, **content: Any) -> dict[str, Any]:
    return {
        "datasetObjectId": str(object_id),
        "consolidatedAnnotation": {"content": content},
    }


def test_each_object_gets_what_its_own_entry_says(bench: JobBench) -> None:
    bench.functions[POST] = lambda event: [
        entry(0, cats=1, **{"cats-metadata": {"own": "metadata"}, "source-ref": "s3://elsewhere"}),
        entry(1, dogs=1),
        entry(2, cats="x" * 20_000),
        {"datasetObjectId": 3},
        "nonsense",
    ]
    bench.create(photos(5))
    bench.answer_all("ann")
    assert bench.output[0]["cats-metadata"] == {"own": "metadata"}
    assert bench.output[0]["source-ref"] == "s3://in/0.jpg"
    reasons = [line["cats-metadata"]["failure-reason"] for line in bench.output[1:]]
    assert "no attribute cats" in reasons[0]
    assert "has 20002 characters" in reasons[1]
    assert "no attribute cats" in reasons[2]
    assert "returned no entry" in reasons[3]


@pytest.mark.parametrize("failures", [2, 3])
def test_consolidation_is_tried_three_times(
    bench: JobBench, failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.local_ground_truth.consolidation.SECONDS_BETWEEN_ATTEMPTS", 0)
    left = [failures]

    def consolidate(event: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise ValueError("out of order")
        return bench.label_by_count(event)

    bench.functions[POST] = consolidate
    bench.create([CAT])
    bench.answer("ann")
    asked = [event["payload"]["s3Uri"] for arn, event in bench.events if arn == POST]
    assert len(set(asked)) == 1
    if failures < 3:
        assert bench.output[0]["cats"] == 1
    else:
        reason = bench.output[0]["cats-metadata"]["failure-reason"]
        assert reason == "ClientError: annotation consolidation failed: ValueError: out of order"


def test_large_jobs_are_consolidated_in_batches_with_files_of_their_own(
    bench: JobBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.local_ground_truth.consolidation.MAX_BATCH_OBJECTS", 4)
    bench.create(photos(10))
    bench.answer_all("ann")
    requests = bench.written("consolidated-annotation/consolidation-request")
    assert [len(payload) for payload in requests.values()] == [4, 4, 2]
    assert all("cats" in line for line in bench.output)


def test_when_availability_ends_partial_answers_count_and_none_is_a_failure(
    bench: JobBench, clock: HandClock
) -> None:
    bench.create(
        photos(2), NumberOfHumanWorkersPerDataObject=2, TaskAvailabilityLifetimeInSeconds=3600
    )
    bench.answer("ann")
    clock.forward(3599)
    bench.job.advance()
    assert bench.status == "InProgress"
    clock.forward(1)
    bench.job.advance()
    assert bench.status == "Completed"
    assert bench.output[0]["cats"] == 1
    assert "no worker answered" in bench.output[1]["cats-metadata"]["failure-reason"]


def test_a_stopped_job_keeps_what_was_answered(bench: JobBench) -> None:
    bench.create(photos(3), NumberOfHumanWorkersPerDataObject=2)
    bench.answer("ann")
    bench.take("ann")
    bench.jobs.set_status("Cats-01", JobStatus.STOPPING, 0, only_from=[JobStatus.IN_PROGRESS])
    bench.job.advance()
    assert bench.status == "Stopped"
    assert bench.output[0]["cats"] == 1
    assert bench.output[1:] == photos(3)[1:]
    assert bench.take("bob") is None


@pytest.mark.parametrize(
    "conditions", [{"MaxHumanLabeledObjectCount": 12}, {"MaxPercentageOfInputDatasetLabeled": 60}]
)
def test_stopping_conditions_stop_the_job(bench: JobBench, conditions: dict[str, int]) -> None:
    bench.create(photos(20), {"StoppingConditions": conditions})
    assert bench.answer_all("ann") == 12
    assert bench.status == "Stopped"
    assert sum("cats" in line for line in bench.output) == 12
