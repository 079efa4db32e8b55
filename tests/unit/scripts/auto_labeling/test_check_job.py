"""The job that checks a machine's labels, made in an account from a conversion's files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from hooks.core.geometry import Size
from hooks.core.job_settings import JobKind, JobSettings
from hooks.core.manifest import ManifestLine
from scripts.auto_labeling.answered import Answered, Outcome
from scripts.auto_labeling.answers.format_name import FormatName
from scripts.auto_labeling.answers.model_answer import FoundObject
from scripts.auto_labeling.answers.own_answer import encode_label_map, encode_objects
from scripts.auto_labeling.check_job import Check, check_job_options
from scripts.auto_labeling.conversion import ConversionSettings, convert_answers, open_conversion
from scripts.auto_labeling.found_label import LabelRules
from scripts.auto_labeling.label_manifest import LabelManifests, write_manifests
from scripts.jobs.job_create import create_job
from scripts.jobs.job_create_options import JobCreateOptions
from scripts.object_store import S3Objects
from scripts.refusal import RefusedError
from tests.unit.scripts.auto_labeling.answer_bench import DATE, LABELS
from tests.unit.scripts.cloud_bench import CloudBench, png

SIZE = Size(6, 4)


def mask_answer() -> bytes:
    label_map = np.zeros(SIZE.shape, np.uint8)
    label_map[1:3, 1:4] = 1
    return encode_label_map(label_map, ("BACKGROUND", *LABELS.names), 0.9, {"cat": 0.9})


def box_answer() -> bytes:
    return encode_objects([FoundObject("dog", 0.8, 1, 1, 4, 3)], LABELS.names, *SIZE)


def labeled(stack: CloudBench, folder: Path, kind: str, body: bytes) -> LabelManifests:
    """Two photos, of which one has a label."""
    outcomes: list[Outcome] = []
    for line, answer in enumerate((body, b"?")):
        photo = stack.put(f"auto/{folder.name}/{line}.png", png(SIZE))
        output = stack.put(f"auto/{folder.name}/{line}.out", answer)
        outcomes.append(Answered(line, photo, output))
    settings = ConversionSettings(
        FormatName.FEWCLICK,
        kind,
        LabelRules(LABELS, {name: name for name in LABELS}, 0.5),
        "auto",
        f"s3://{stack.bucket}/auto/{folder.name}/masks",
        "auto-01",
    )
    store = S3Objects(stack.local.client("s3"))
    lines = [
        ManifestLine(outcome.line + 1, {"source-ref": outcome.source_ref}) for outcome in outcomes
    ]
    with open_conversion(folder, settings, DATE) as journal:
        convert_answers(outcomes, store, settings, journal)
        return write_manifests(lines, journal, LABELS, folder)


@pytest.mark.parametrize(
    ("name", "check", "kind", "job_kind"),
    [
        ("Judge-masks", Check.VERIFICATION, "masks", JobKind.VERIFICATION),
        ("Correct-masks", Check.ADJUSTMENT, "masks", JobKind.ADJUSTMENT),
        ("Judge-boxes", Check.VERIFICATION, "boxes", JobKind.VERIFICATION),
        ("Correct-boxes", Check.ADJUSTMENT, "boxes", JobKind.BOUNDING_BOX),
    ],
)
def test_the_job_is_made(
    stack: CloudBench, tmp_path: Path, name: str, check: Check, kind: str, job_kind: JobKind
) -> None:
    folder = tmp_path / name.lower()
    files = labeled(stack, folder, kind, mask_answer() if kind == "masks" else box_answer())
    assert (files.labeled_count, files.unlabeled_count) == (1, 1)
    options = JobCreateOptions(name, yes=True)
    create_job(check_job_options(files, check, kind, "auto", options), Console(stderr=True))
    settings = JobSettings.from_json(
        stack.read(f"s3://{stack.bucket}/jobs/{name.lower()}/settings.json")
    )
    assert settings.kind is job_kind
    assert settings.earlier_label == "auto"
    assert settings.labels == LABELS
    job: Any = stack.local.sagemaker.describe_labeling_job(LabelingJobName=name)
    manifest = job["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
    (line,) = [json.loads(text) for text in stack.read(manifest).splitlines()]
    assert line["auto-metadata"]["human-annotated"] == "no"


def some_files(tmp_path: Path, count: int) -> LabelManifests:
    return LabelManifests(*(tmp_path / name for name in "abcd"), count, 3)


def test_nothing_to_check_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="none of the 3 photos"):
        check_job_options(
            some_files(tmp_path, 0), Check.VERIFICATION, "masks", "auto", JobCreateOptions("Judge")
        )


def test_a_job_that_would_write_over_the_machines_labels_is_refused(tmp_path: Path) -> None:
    options = JobCreateOptions("auto")
    with pytest.raises(RefusedError, match="choose another name"):
        check_job_options(some_files(tmp_path, 1), Check.VERIFICATION, "masks", "auto", options)
    renamed = replace(options, label_attribute_name="checked")
    check_job_options(some_files(tmp_path, 1), Check.VERIFICATION, "masks", "auto", renamed)
