"""Keeps unfinished jobs going: one thread for each, woken by every change and every second."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from hooks.core.errors import FewclickError
from scripts.local_ground_truth.database import Database
from scripts.local_ground_truth.job_services import JobServices
from scripts.local_ground_truth.job_store import UNFINISHED
from scripts.local_ground_truth.labeling_job import LabelingJob
from scripts.local_ground_truth.lambda_runtime import RuntimeClosedError

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 1.0
"""How late a time limit is noticed at most."""
SECONDS_BETWEEN_DESCRIPTIONS = 0.1
ATTEMPTS = 4
"""How often a step is tried that meets an error of this machine: a full disk, say."""
FIRST_PAUSE_SECONDS = 1.0
"""Doubled after every failure."""


class JobStuckError(FewclickError):
    """A job cannot go on here and now. Nothing is lost: it goes on in the next run."""


class JobRunner:
    """Runs every unfinished job from `start` to `stop`."""

    def __init__(self, services: JobServices, database: Database) -> None:
        self._services = services
        self._database = database
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._stuck: dict[str, Exception] = {}

    def start(self) -> None:
        """Take up all unfinished jobs."""
        for job in self._services.jobs.jobs():
            if job.status in UNFINISHED:
                self.run(job.name)

    def run(self, name: str) -> None:
        """Take up one job."""
        with self._lock:
            if not self._stopping.is_set() and name not in self._threads:
                thread = threading.Thread(
                    target=self._drive, args=(name,), name=f"job {name}", daemon=True
                )
                self._threads[name] = thread
                thread.start()

    def stop(self) -> None:
        """Let no job take another step; returns at once, see `join`."""
        self._stopping.set()
        self._database.wake()

    def join(self) -> None:
        """Wait until the steps in progress are over."""
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join()

    def check(self, name: str) -> None:
        """Raise JobStuckError if the job has been given up for this run."""
        error = self._stuck.get(name)
        if error is not None:
            raise JobStuckError(
                f"The labeling job {name} cannot go on: {type(error).__name__}: {error}. "
                "Nothing is lost; the same command goes on with it."
            ) from error

    def wait(
        self,
        name: str,
        describe: Callable[[], dict[str, Any]],
        on_progress: Callable[[dict[str, Any]], None],
    ) -> dict[str, Any]:
        """Wait until a job is over; its last description.

        Args:
            describe: gives DescribeLabelingJob's answer.
            on_progress: called with one after every change and every second.

        Raises:
            JobStuckError: the job cannot go on in this run.
        """
        while True:
            changes = self._database.changes
            self.check(name)
            description = describe()
            on_progress(description)
            if description["LabelingJobStatus"] not in UNFINISHED:
                return description
            self._database.wait_for_change(changes, SECONDS_BETWEEN_LOOKS)
            time.sleep(SECONDS_BETWEEN_DESCRIPTIONS)

    def _drive(self, name: str) -> None:
        job = LabelingJob(name, self._services)
        failures = 0
        while not self._stopping.is_set():
            changes = self._database.changes
            try:
                job.advance()
                failures = 0
            except RuntimeClosedError:
                return
            except Exception as error:  # a thread has nobody above it to tell
                failures += 1
                logger.exception("labeling job %s: attempt %d failed", name, failures)
                if failures == ATTEMPTS:
                    self._stuck[name] = error
                    self._database.wake()
                    return
                self._stopping.wait(FIRST_PAUSE_SECONDS * 2 ** (failures - 1))
                continue
            if self._is_finished(name):
                return
            self._database.wait_for_change(changes, SECONDS_BETWEEN_LOOKS)

    def _is_finished(self, name: str) -> bool:
        job = self._services.jobs.job(name)
        return job is None or job.status not in UNFINISHED
