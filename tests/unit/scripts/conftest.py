"""An account for the commands' tests, one for a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.local_ground_truth.local import LocalGroundTruth
from tests.unit.scripts.cloud_bench import STACK, CloudBench, checked_calls


@pytest.fixture(scope="module")
def started_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudBench]:
    with LocalGroundTruth(
        tmp_path_factory.mktemp("cloud"), template=STACK, endpoint_name=""
    ) as local:
        yield CloudBench(local)


@pytest.fixture
def cloud(
    started_cloud: CloudBench, monkeypatch: pytest.MonkeyPatch, _no_account: None
) -> Iterator[CloudBench]:
    """The account that boto3's environment points to."""
    for name, value in started_cloud.local.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with checked_calls(started_cloud, monkeypatch):
        yield started_cloud


@pytest.fixture(scope="module")
def deployed(started_cloud: CloudBench) -> CloudBench:
    started_cloud.deploy()
    return started_cloud


@pytest.fixture
def stack(deployed: CloudBench, cloud: CloudBench) -> CloudBench:
    """The same account with fewclick's stack deployed."""
    return cloud
