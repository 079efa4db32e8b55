"""The file by which other processes find a local Ground Truth, and nothing where none runs."""

from __future__ import annotations

import json
import stat

import pytest

from scripts.local_ground_truth.served import FILE, NotServedError, find_served
from tests.unit.scripts.local_ground_truth.conftest import Bench


def test_another_process_finds_all_that_a_job_request_needs(bench: Bench) -> None:
    served = find_served(bench.local.root)
    assert served == bench.local.served()
    request = bench.request("by-another", [{"source": "x"}])
    served.s3.put_object(Bucket=served.bucket, Key="by-another.txt", Body=b"x")
    served.sagemaker.create_labeling_job(**request)
    assert bench.local.sagemaker.describe_labeling_job(LabelingJobName="by-another")


def test_only_its_owner_reads_the_file(bench: Bench) -> None:
    assert stat.S_IMODE((bench.local.root / FILE).stat().st_mode) == 0o600


def test_a_file_of_another_version_is_not_guessed_at(bench: Bench) -> None:
    file = bench.local.root / FILE
    kept = file.read_text()
    file.write_text(json.dumps(json.loads(kept) | {"schema_version": 2}))
    with pytest.raises(NotServedError, match="another version"):
        find_served(bench.local.root)
    file.write_text(kept)
