"""SageMaker's Processing jobs on this machine: fewclick's own learner, in a process of its own.

No container is run. A job whose image is LEARNER_IMAGE runs
`python -m scripts.active_learning.train_and_predict` of this installation with the job's container
arguments; any other image is refused by name. What is known of a job is on the disk, so that a
local Ground Truth that is started again tells of jobs that were cut off.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scripts.local_ground_truth import guarded_process
from scripts.local_ground_truth.durable_file import write_durably
from scripts.local_ground_truth.model_server import REPOSITORY, process_environment
from scripts.local_ground_truth.request_check import (
    Finding,
    Operation,
    RequestRefusedError,
    checked,
    refusal,
)

LEARNER_IMAGE = "fewclick.local/learner"
LEARNER = "scripts.active_learning.train_and_predict"
WORK_VARIABLE = "FEWCLICK_LEARNER_WORK"
"""As the learner reads it; this room starts it, and does not import it."""
DEFAULT_SECONDS = 24 * 3600
"""SageMaker's own, where a request sets no limit."""
MOST_SAID = 1024
IN_PROGRESS, STOPPING = "InProgress", "Stopping"
COMPLETED, FAILED, STOPPED = "Completed", "Failed", "Stopped"
ECHOED = (
    "ProcessingJobName",
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingResources",
    "StoppingCondition",
    "AppSpecification",
    "Environment",
    "NetworkConfig",
    "RoleArn",
    "ExperimentConfig",
)
LISTED_BY = frozenset({"NameContains", "StatusEquals", "MaxResults"})
MOST_LISTED = 100


class ProcessingJobs:
    """Answers the operations of `operations`.

    Args:
        folder: holds a file a job, its log beside it, and the learner's checkpoints.
        machine: addresses of the stand-ins, credentials and region.
        now: seconds since 1970.
    """

    def __init__(
        self,
        folder: Path,
        machine: Mapping[str, str],
        *,
        account: str,
        region: str,
        now: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._machine = machine
        self._prefix = f"arn:aws:sagemaker:{region}:{account}:processing-job"
        self._now = now
        self._lock = threading.RLock()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._watches: list[threading.Thread] = []
        self._closing = False
        folder.mkdir(parents=True, exist_ok=True)
        self._jobs: dict[str, dict[str, Any]] = {}
        for path in sorted(folder.glob("*.job.json")):
            job = json.loads(path.read_bytes())
            self._jobs[job["ProcessingJobName"]] = job
            if job["ProcessingJobStatus"] == IN_PROGRESS:
                reason = "The local Ground Truth ended while the job ran. Start the job anew."
                self._end(job, FAILED, FailureReason=reason)
            elif job["ProcessingJobStatus"] == STOPPING:
                self._end(job, STOPPED)

    @property
    def operations(self) -> dict[str, Operation]:
        """By the name that `X-Amz-Target` gives."""
        answers: dict[str, Operation] = {
            "CreateProcessingJob": self.create,
            "DescribeProcessingJob": self.describe,
            "ListProcessingJobs": self.list_jobs,
            "StopProcessingJob": self.stop,
        }
        return {f"SageMaker.{name}": checked(name, answer) for name, answer in answers.items()}

    def create(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        specification = parameters["AppSpecification"]
        image = specification["ImageUri"]
        if image != LEARNER_IMAGE:
            raise RequestRefusedError(
                "ValidationException",
                f"The local Ground Truth runs no containers, so not {image}: only fewclick's own "
                f"learner, {LEARNER_IMAGE}. Run it on AWS.",
            )
        name = parameters["ProcessingJobName"]
        with self._lock:
            if name in self._jobs:
                raise RequestRefusedError("ResourceInUse", f"There is a job named {name} already.")
            job = {key: parameters[key] for key in ECHOED if key in parameters}
            job |= {
                "ProcessingJobArn": f"{self._prefix}/{name}",
                "ProcessingJobStatus": IN_PROGRESS,
                "CreationTime": self._now(),
                "ProcessingStartTime": self._now(),
                "LastModifiedTime": self._now(),
            }
            self._jobs[name] = job
            self._write(job)
            self._start(job)
        return {"ProcessingJobArn": job["ProcessingJobArn"]}

    def describe(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            return dict(self._existing(parameters["ProcessingJobName"]))

    def list_jobs(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The newest first."""
        unknown = sorted(parameters.keys() - LISTED_BY)
        if unknown:
            raise RequestRefusedError(
                "ValidationException",
                f"The local Ground Truth lists jobs by {', '.join(sorted(LISTED_BY))}, not by "
                f"{', '.join(unknown)}.",
            )
        wanted = str(parameters.get("NameContains", "")).lower()
        status = parameters.get("StatusEquals")
        with self._lock:
            jobs = [
                job
                for name, job in self._jobs.items()
                if wanted in name.lower() and status in (None, job["ProcessingJobStatus"])
            ]
        jobs.sort(key=lambda job: (-job["CreationTime"], job["ProcessingJobName"]))
        kept = (
            "ProcessingJobName",
            "ProcessingJobArn",
            "CreationTime",
            "ProcessingEndTime",
            "LastModifiedTime",
            "ProcessingJobStatus",
            "FailureReason",
            "ExitMessage",
        )
        count = int(parameters.get("MaxResults", MOST_LISTED))
        return {
            "ProcessingJobSummaries": [
                {key: job[key] for key in kept if key in job} for job in jobs[:count]
            ]
        }

    def stop(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            job = self._existing(parameters["ProcessingJobName"])
            if job["ProcessingJobStatus"] != IN_PROGRESS:
                constraint = (
                    f"Member must name a job that is running; this one is "
                    f"{job['ProcessingJobStatus']}"
                )
                raise refusal([Finding("processingJobName", job["ProcessingJobName"], constraint)])
            job["ProcessingJobStatus"] = STOPPING
            self._write(job)
            _end_process(self._processes[job["ProcessingJobName"]])
        return {}

    def close(self) -> None:
        """End what runs; the next local Ground Truth in this folder tells that it was cut off."""
        with self._lock:
            self._closing = True
            for process in self._processes.values():
                _end_process(process)
        for watch in self._watches:
            watch.join()

    def log_of(self, name: str) -> Path:
        """Where what a job says is written."""
        return self._folder / f"{name}.log"

    def _start(self, job: dict[str, Any]) -> None:
        name = job["ProcessingJobName"]
        arguments = job["AppSpecification"].get("ContainerArguments", [])
        # The same round asked for again, under another name, finds its checkpoints.
        work = self._folder / "work" / hashlib.sha256(repr(arguments).encode()).hexdigest()[:16]
        environment = dict(job.get("Environment", {})) | process_environment(self._machine)
        environment |= {WORK_VARIABLE: str(work), "PYTHONPATH": str(REPOSITORY)}
        with self.log_of(name).open("ab") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-P", str(Path(guarded_process.__file__))),
                    *(sys.executable, "-m", LEARNER, *arguments),
                ],
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._processes[name] = process
        watch = threading.Thread(target=self._watch, args=(job, process), daemon=True)
        self._watches.append(watch)
        watch.start()

    def _watch(self, job: dict[str, Any], process: subprocess.Popen[bytes]) -> None:
        limit = job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_SECONDS)
        try:
            status = process.wait(limit)
            late = False
        except subprocess.TimeoutExpired:
            _end_process(process)
            status, late = process.wait(), True
        _end_process(process)
        said = self._last_words(job["ProcessingJobName"])
        with self._lock:
            del self._processes[job["ProcessingJobName"]]
            if self._closing:
                return  # as if it had been killed
            if status == 0:
                self._end(job, COMPLETED, ExitMessage=said)
            elif job["ProcessingJobStatus"] == STOPPING:
                self._end(job, STOPPED, ExitMessage=said)
            elif late:
                reason = f"It ran longer than MaxRuntimeInSeconds, {limit} seconds."
                self._end(job, STOPPED, ExitMessage=reason)
            else:
                reason = f"AlgorithmError: exit code {status}: {said}"[:MOST_SAID]
                self._end(job, FAILED, FailureReason=reason, ExitMessage=said)

    def _last_words(self, name: str) -> str:
        lines = self.log_of(name).read_text(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")[:MOST_SAID]

    def _end(self, job: dict[str, Any], status: str, **said: str) -> None:
        job |= {
            "ProcessingJobStatus": status,
            "ProcessingEndTime": self._now(),
            "LastModifiedTime": self._now(),
            **{key: text for key, text in said.items() if text},
        }
        self._write(job)

    def _existing(self, name: str) -> dict[str, Any]:
        if name not in self._jobs:
            raise RequestRefusedError("ValidationException", f"Could not find requested job {name}")
        return self._jobs[name]

    def _write(self, job: Mapping[str, Any]) -> None:
        write_durably(
            self._folder / f"{job['ProcessingJobName']}.job.json",
            json.dumps(job).encode(),
            incoming=self._folder / ".incoming",
        )


def _end_process(process: subprocess.Popen[bytes]) -> None:
    """The sign for the guard to end the learner, and itself."""
    assert process.stdin is not None
    process.stdin.close()
