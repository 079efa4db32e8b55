"""`fewclick merge-labels`: from the folders of several runs to one run's files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hooks.core.manifest import write_lines
from scripts.object_store import S3Objects
from tests.unit.scripts.auto_labeling.answer_bench import AnswerBench, boxes
from tests.unit.scripts.cloud_bench import CloudBench, fewclick

CAT = boxes(("cat", 0.9, 1, 1, 5, 5))
DOG = boxes(("dog", 0.6, 2, 2, 7, 7))


def run_of(stack: CloudBench, folder: Path, name: str, *bodies: bytes) -> AnswerBench:
    store = S3Objects(stack.local.client("s3"))
    bench = AnswerBench(folder, "boxes", name=name, bucket=stack.bucket, store=store)
    for body in bodies:
        bench.add(body)
    bench.convert()
    (bench.run / "input.manifest").write_text(write_lines(bench.input_lines()), encoding="utf-8")
    return bench


@pytest.fixture
def runs(stack: CloudBench, tmp_path: Path) -> tuple[AnswerBench, AnswerBench]:
    return (
        run_of(stack, tmp_path, "cats", CAT, CAT),
        run_of(stack, tmp_path, "dogs", DOG, b"?"),
    )


def test_runs_become_one(runs: tuple[AnswerBench, AnswerBench], tmp_path: Path) -> None:
    cats, dogs = runs
    out = tmp_path / "all"
    done = fewclick("merge-labels", "Pets", cats.run, dogs.run, "--out", out, "--json")
    assert done.exit_code == 1, done.output  # one photo has no label of dogs
    told = json.loads(done.stdout)
    assert (told["labeled"], told["unlabeled"], told["objects"]) == (1, 1, {"cat": 1, "dog": 1})
    (line,) = [json.loads(text) for text in (out / "labeled.manifest").read_text().splitlines()]
    assert line["note"] == "line 0"
    assert len(line["Pets"]["annotations"]) == 2
    assert (out / "answers.png").read_bytes().startswith(b"\x89PNG")
    assert "--earlier-label Pets" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cats"], "nothing to be merged with"),
        (["cats", "nowhere"], "no folder of a run"),
        (["cats", "dogs", "--priority", "horse"], "no run has the label 'horse'"),
    ],
)
def test_what_cannot_be_merged_is_refused(
    runs: tuple[AnswerBench, AnswerBench], tmp_path: Path, arguments: list[str], said: str
) -> None:
    paths = [tmp_path / each if each in ("cats", "dogs", "nowhere") else each for each in arguments]
    done = fewclick("merge-labels", "Pets", *paths, "--out", tmp_path / "all")
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


def test_runs_over_other_photos_are_refused(
    runs: tuple[AnswerBench, AnswerBench], tmp_path: Path
) -> None:
    cats, dogs = runs
    (dogs.run / "input.manifest").write_text('{"source-ref": "s3://b/other.jpg"}\n')
    done = fewclick("merge-labels", "Pets", cats.run, dogs.run, "--out", tmp_path / "all")
    assert done.exit_code == 2
    assert "different photos" in " ".join(done.stderr.split())
