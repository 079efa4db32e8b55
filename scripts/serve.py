"""`fewclick serve`: the local Ground Truth as a server that other processes send jobs to."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.local_ground_truth.served import FILE

SECONDS_BETWEEN_LOOKS = 1.0


def run_serve(root: Path, *, host: str, model_dir: Path | None) -> int:
    """Serve until Ctrl-C or SIGTERM; the exit code."""
    console = Console(stderr=True)
    with stopped_by_signals() as stopped:
        console.print("Starting …")
        with LocalGroundTruth(root, model_dir=model_dir, host=host) as local:
            announce(local, console)
            console.print(f"Other commands find it by [bold]{root}[/] ({root / FILE})")
            console.print("Ctrl-C stops; nothing is lost, the same command goes on.")
            seen: dict[str, str] = {}
            while not stopped.wait(SECONDS_BETWEEN_LOOKS):
                _tell_changes(local, seen, console)
    return 0


def announce(local: LocalGroundTruth, console: Console) -> None:
    """Say where to label and to watch, and the codes of this run."""
    accounts = local.accounts
    lines = [f"Label here     [bold underline]{local.portal_url}[/]"]
    if accounts.in_network:
        lines += [
            f"Invitation     [bold]{accounts.invitation}[/]  for names that are new",
            "               Nothing is encrypted: for networks that you trust.",
        ]
    lines += [
        f"Progress       [bold underline]{local.portal_url}/requester[/]",
        f"Pass code      [bold]{accounts.requester_code}[/]  yours, for the progress pages",
    ]
    console.print()
    for line in lines:
        console.print(f"  {line}", soft_wrap=True, highlight=False)
    console.print()


def _tell_changes(local: LocalGroundTruth, seen: dict[str, str], console: Console) -> None:
    """A line for every job whose status is another than in `seen`."""
    client: Any = local.sagemaker
    for page in client.get_paginator("list_labeling_jobs").paginate():
        for job in page["LabelingJobSummaryList"]:
            name, status = job["LabelingJobName"], job["LabelingJobStatus"]
            if seen.get(name) != status:
                seen[name] = status
                console.print(f"Labeling job {name}: {status}", highlight=False)


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, so that what is being written is finished."""
    stopped = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stopped.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
