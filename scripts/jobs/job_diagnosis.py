"""Why a labeling job, or some of its objects, came to nothing, and what to do about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hooks.core.label_reader import FAILED_STATUS
from hooks.core.manifest import ManifestLine
from hooks.core.manifest_findings import ManifestFinding
from hooks.core.manifest_lint import lint_manifest

MOST_FINDINGS = 20
"""Of a failed job's manifest; `fewclick manifest lint` lists all."""

_HINTS: tuple[tuple[str, str], ...] = (
    (
        r"PersonallyIdentifiable|ContentClassifier",
        "The public workforce needs --no-personal-information.",
    ),
    (
        r"LambdaErrorCode|Lambda|Unhandled|function",
        "The hook says why in its log: `sam logs --stack-name <stack> --filter ERROR`, or in "
        "CloudWatch below /aws/lambda/. Mend it, then `fewclick job create … --retry-from`.",
    ),
    (
        r"AccessDenied|not authori[sz]ed|[Ff]orbidden|permission|AssumeRole",
        "The role lacks a permission: `fewclick doctor` names it.",
    ),
    (
        r"CORS|[Cc]ross-origin",
        "The photos' bucket needs its CORS rule: `fewclick manifest lint` shows the command.",
    ),
    (
        r"expired|not (been )?(answered|submitted)|nobody|lifetime|timed? ?out",
        "Give it more time or more workers: `fewclick job create … --retry-from` with a longer "
        "--available and --time-limit.",
    ),
    (
        r"[Mm]anifest|line \d+|JSON",
        "`fewclick manifest lint` names each line, `fewclick manifest repair` mends what it can.",
    ),
    (r"photo|image|source-ref", "Look at the photo: `fewclick manifest lint` says what is wrong."),
)


@dataclass(frozen=True, slots=True)
class LineProblem:
    """An object without a label, and why. `line` is its number in the manifest, from 1."""

    line: int
    photo: str
    reason: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is told of a job that did not go as it should.

    Attributes:
        reason: of a failed job, in Ground Truth's words.
        problems: objects without a label.
        findings: what is wrong with the manifest of a job that failed.
        hints: what to do, each once.
    """

    status: str
    reason: str
    problems: tuple[LineProblem, ...]
    findings: tuple[ManifestFinding, ...]
    hints: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        return {
            "status": self.status,
            "reason": self.reason,
            "problems": [
                {"line": item.line, "photo": item.photo, "reason": item.reason}
                for item in self.problems
            ],
            "findings": [found.to_json() for found in self.findings],
            "hints": list(self.hints),
        }

    def by_reason(self) -> list[tuple[str, list[LineProblem]]]:
        """The problems of each reason, the commonest first."""
        counts = Counter(item.reason for item in self.problems)
        return [
            (reason, [item for item in self.problems if item.reason == reason])
            for reason, _ in counts.most_common()
        ]


def diagnose(
    job: Mapping[str, Any], output: Iterable[ManifestLine], manifest: bytes | None
) -> Diagnosis:
    """Say why.

    Args:
        job: DescribeLabelingJob's answer.
        output: the lines that the job has written so far.
        manifest: its input, if that can be read.
    """
    attribute, status = str(job["LabelAttributeName"]), str(job["LabelingJobStatus"])
    reason = str(job.get("FailureReason", ""))
    problems = [
        LineProblem(line.number, line.source_ref or line.source or "", why)
        for line in output
        if (why := _why(line, attribute, status))
    ]
    findings: tuple[ManifestFinding, ...] = ()
    if status == "Failed" and manifest is not None:
        findings = lint_manifest(manifest, label_attribute_name=attribute).errors[:MOST_FINDINGS]
    reasons = [reason, *dict.fromkeys(item.reason for item in problems)]
    return Diagnosis(status, reason, tuple(problems), findings, tuple(_hints(reasons)))


def _why(line: ManifestLine, attribute: str, status: str) -> str:
    """Why a line has no label; "" if it has one, or may still get one."""
    failure = line.failure_reason(attribute)
    if failure is not None:
        return failure
    label = line.fields.get(attribute)
    if isinstance(label, dict) and label.get("status") == FAILED_STATUS:
        return str(label.get("reason") or "consolidation gave no reason.")
    if attribute not in line.fields and status in ("Completed", "Stopped"):
        if status == "Stopped":
            return "not labeled when the job stopped."
        return (
            "neither labeled nor said to have failed: nobody answered in time, or no person was "
            "asked."
        )
    return ""


def _hints(reasons: Sequence[str]) -> list[str]:
    """One hint for each reason, the first that fits; each hint once."""
    found: dict[str, None] = {}
    for reason in reasons:
        for pattern, hint in _HINTS:
            if reason and re.search(pattern, reason):
                found[hint] = None
                break
    return list(found)
