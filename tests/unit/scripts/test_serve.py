"""`fewclick serve`: runs until it is told to stop, and is found by others meanwhile."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from scripts.local_ground_truth.accounts import Accounts
from scripts.local_ground_truth.database import Database
from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.local_ground_truth.served import NotServedError, Served, find_served
from scripts.serve import announce
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow


def wait_until_served(root: Path, process: subprocess.Popen[str]) -> Served:
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return find_served(root)
        except NotServedError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError(f"it does not start: {process.communicate()}")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_serves_until_it_is_stopped(tmp_path: Path, end: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts", "serve", "--root", str(tmp_path)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stderr=subprocess.PIPE,
        text=True,
    )
    served = wait_until_served(tmp_path, process)
    assert "Sign in" in httpx.get(served.portal_url).text
    assert served.sagemaker.list_labeling_jobs()["LabelingJobSummaryList"] == []
    process.send_signal(end)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0
    assert served.portal_url in told
    with pytest.raises(NotServedError):
        find_served(tmp_path)


@pytest.mark.parametrize("in_network", [False, True], ids=["here", "network"])
def test_what_is_printed_is_what_the_team_needs(tmp_path: Path, in_network: bool) -> None:
    database = Database(tmp_path / "state.sqlite")
    local = LocalGroundTruth(tmp_path)
    local.portal_url = "http://192.168.1.5:8000"
    local.accounts = Accounts(database, in_network=in_network)
    told = io.StringIO()
    announce(local, Console(file=told, width=200))
    assert f"Label here     {local.portal_url}\n" in told.getvalue()
    assert f"{local.portal_url}/requester" in told.getvalue()
    assert local.accounts.requester_code in told.getvalue()
    assert ("Nothing is encrypted" in told.getvalue()) is in_network
    assert (f"Invitation     {local.accounts.invitation} " in told.getvalue()) is in_network
    database.close()


def test_a_host_that_is_not_ours_is_refused_in_a_sentence(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "scripts", "serve", "--root", str(tmp_path), "--host", "0.0.0.0"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "name the one under which the others reach this machine" in ran.stderr.replace("\n", " ")
