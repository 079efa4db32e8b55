"""The command that the kill test runs: one small labeling job, and maybe a death in the middle.

    python kill_driver.py <folder> <acknowledged file> [<kill as JSON>]

Does a job of a few objects with two workers, or goes on with it. Every answer that the portal
acknowledged is noted in the acknowledged file. Without a kill, every step at which something is
made durable is printed in the end, one a line. A kill is
`{"step": name, "occurrence": number from 0, "when": "before" | "middle" | "after", "delay": s}`.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import sys
import threading
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from scripts.local_ground_truth.local import LocalGroundTruth
from tests.unit.scripts.local_ground_truth.conftest import STACK

JOB = "killed"
OBJECTS = 4
WORKERS = ("ann", "bob")
PAGE = "<crowd-form><p data-object='{{ task.input.line.id }}'></p></crowd-form>"
PACKAGE = str(Path("scripts") / "local_ground_truth")

fsync, replace, connect = os.fsync, os.replace, sqlite3.connect


class Reaper:
    """Counts the steps by name, and dies at the one that it was told."""

    def __init__(self, kill: dict[str, Any] | None) -> None:
        self.kill = kill
        self.seen: Counter[str] = Counter()
        self.steps: list[str] = []
        self._lock = threading.Lock()

    def at(self, step: str) -> str:
        """What to do at this step: "", "before", "middle" or "after"."""
        with self._lock:
            occurrence = self.seen[step]
            self.seen[step] += 1
            self.steps.append(step)
        if self.kill is None or step != self.kill["step"] or occurrence != self.kill["occurrence"]:
            return ""
        return str(self.kill["when"])

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
        signal.pause()

    def die_soon(self) -> None:
        """Die within the next moments, whatever the process is at then, C code included."""
        assert self.kill is not None
        # Nothing handles SIGALRM, so it ends the process as abruptly as SIGKILL would.
        signal.setitimer(signal.ITIMER_REAL, max(1e-6, self.kill["delay"]))


def install(reaper: Reaper, root: Path) -> None:
    """Put the reaper into every call that makes something durable."""

    def name_of(path: Any) -> str:
        relative = os.path.relpath(path, root)
        return "file " + re.sub(r"\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d", "<time>", relative)

    def reaping_replace(source: Any, target: Any) -> None:
        doing = reaper.at(name_of(target))
        if doing == "middle":
            os.truncate(source, Path(source).stat().st_size // 2)
            reaper.die()
        if doing == "before":
            reaper.die()
        replace(source, target)
        if doing == "after":
            reaper.die()

    class ReapingConnection(sqlite3.Connection):
        def commit(self) -> None:
            caller = next(
                frame.name
                for frame in reversed(traceback.extract_stack())
                if PACKAGE in frame.filename and not frame.filename.endswith("database.py")
            )
            doing = reaper.at(f"commit {caller}")
            if doing == "before":
                reaper.die()
            if doing == "middle":
                reaper.die_soon()
            super().commit()
            if doing == "after":
                reaper.die()

    os.replace = reaping_replace  # type: ignore[assignment]
    sqlite3.connect = lambda *options, **named: connect(  # type: ignore[assignment]
        *options, factory=ReapingConnection, **named
    )


def create_job(local: LocalGroundTruth) -> None:
    """Create the job unless an earlier run did."""
    if local.sagemaker.list_labeling_jobs(NameContains=JOB)["LabelingJobSummaryList"]:
        return

    def put(key: str, body: str) -> str:
        local.s3.put_object(Bucket=local.bucket, Key=key, Body=body.encode())
        return f"s3://{local.bucket}/{key}"

    lines = [{"source-ref": put(f"{number}.jpg", "x"), "id": number} for number in range(OBJECTS)]
    lines.append({"source-ref": put("bad.jpg", "x"), "id": OBJECTS, "ask": "raise"})
    local.sagemaker.create_labeling_job(
        LabelingJobName=JOB,
        LabelAttributeName="cats",
        InputConfig={
            "DataSource": {
                "S3DataSource": {"ManifestS3Uri": put("m", "\n".join(map(json.dumps, lines)))}
            }
        },
        OutputConfig={"S3OutputPath": f"s3://{local.bucket}/out/"},
        RoleArn=local.role_arn,
        HumanTaskConfig={
            "WorkteamArn": local.workteam_arn,
            "UiConfig": {"UiTemplateS3Uri": put("page.liquid.html", PAGE)},
            "PreHumanTaskLambdaArn": local.pre_annotation_arn,
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": local.consolidation_arn
            },
            "TaskTitle": "t",
            "TaskDescription": "d",
            "NumberOfHumanWorkersPerDataObject": len(WORKERS),
            "TaskTimeLimitInSeconds": 600,
            "MaxConcurrentTaskCount": 3,
        },
    )


def work(local: LocalGroundTruth, worker: str, acknowledged: int) -> None:
    """Answer until the job is over; note every answer that was acknowledged."""
    with httpx.Client(base_url=local.portal_url, follow_redirects=True) as browser:
        browser.post("/sign-in", data={"name": worker})
        while True:
            page = browser.get(f"/jobs/{JOB}/next?wait=1")
            if page.url.path.startswith("/tasks/"):
                number = int(page.text.partition("data-object='")[2].partition("'")[0])
                answer = {"by": worker, "object": number}
                submitted = browser.post(f"{page.url.path}/submit", json={"answerContent": answer})
                submitted.raise_for_status()
                note = {"assignment": page.url.path.rpartition("/")[2], "answer": answer}
                os.write(acknowledged, (json.dumps(note) + "\n").encode())
                fsync(acknowledged)
            elif browser.get("/progress").json()["jobs"][0]["status"] == "Completed":
                return


def main() -> None:
    root = Path(sys.argv[1])
    reaper = Reaper(json.loads(sys.argv[3]) if len(sys.argv) > 3 else None)
    install(reaper, root.resolve())
    acknowledged = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with LocalGroundTruth(root, template=STACK, endpoint_name="") as local:
        create_job(local)
        workers = [
            threading.Thread(target=work, args=(local, worker, acknowledged)) for worker in WORKERS
        ]
        for worker in workers:
            worker.start()
        description = local.wait_for_job(JOB)
        for worker in workers:
            worker.join()
        sys.stdout.write("\n".join(reaper.steps) + "\n")
        assert description["LabelingJobStatus"] == "Completed"


if __name__ == "__main__":
    main()
