"""How good a labeling job's labels and workers are, out of what consolidation wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hooks.core.errors import ContractError, FewclickError
from hooks.core.gold import gold_iou
from hooks.core.manifest import ManifestLine
from hooks.core.worker_record import (
    Evidence,
    WorkerRecord,
    read_evidence,
    records,
    write_evidence,
)
from scripts.results.job_output import JobOutput, follow_up_line
from scripts.results.job_results import PhotoResult, read_results

EVIDENCE_FOLDER = "worker-quality"


@dataclass(frozen=True, slots=True)
class ClassQuality:
    """The confidence of one label, mean and lowest over the photos with it."""

    name: str
    photos: int
    mean: float
    lowest: float
    lowest_photo: str


@dataclass(frozen=True, slots=True)
class JobQuality:
    """All that is told of a job.

    Attributes:
        workers: best first.
        classes: worst first.
        attention: photos that need another look, and why, in the manifest's order.
        problems: evidence that could not be read.
    """

    workers: tuple[WorkerRecord, ...]
    classes: tuple[ClassQuality, ...]
    results: tuple[PhotoResult, ...]
    attention: tuple[tuple[PhotoResult, str], ...]
    problems: tuple[str, ...]


def job_quality(
    output: JobOutput, *, below: float, adjudicated: JobOutput | None = None
) -> JobQuality:
    """Sum up a job.

    Args:
        below: photos of a lower confidence need another look too.
        adjudicated: a job in which reviewers decided on photos of this one: their masks are the
            truth that workers are scored by.
    """
    results = read_results(output.store, output.described(), output.labels, lambda _: ())
    evidence, problems = _read_evidence(output)
    if adjudicated is not None:
        evidence = [*evidence, *adjudicated_evidence(results, evidence, adjudicated)]
    workers = sorted(
        records(evidence).values(), key=lambda record: (-record.prior, record.worker_id)
    )
    decided = () if adjudicated is None else {line.source_ref for line in adjudicated.lines}
    attention = [
        (result, why)
        for result in results
        if result.source_ref not in decided and (why := _why(result, below))
    ]
    return JobQuality(
        tuple(workers),
        _classes(output),
        tuple(results),
        tuple(attention),
        tuple(problems),
    )


def adjudicated_evidence(
    results: Sequence[PhotoResult], evidence: Sequence[Evidence], adjudicated: JobOutput
) -> list[Evidence]:
    """What reviewers' masks say of the workers, each photo's as if it had been a gold one."""
    truths = {
        result.source_ref: result.label_map
        for result in read_results(
            adjudicated.store, adjudicated.described(), adjudicated.labels, lambda _: ()
        )
        if result.label_map is not None
    }
    known = {(item.worker_id, item.photo): item for item in evidence}
    found = []
    for result in results:
        truth = truths.get(result.source_ref)
        for worker in result.workers:
            item = known.get((worker.worker_id, result.source_ref))
            if truth is None or worker.label_map is None or item is None:
                continue
            if item.outcome in ("cannot-label", "discarded"):
                continue
            found.append(replace(item, gold_iou=gold_iou(worker.label_map, truth)))
    return found


def keep_adjudicated(output: JobOutput, adjudicated: JobOutput) -> str:
    """Write what reviewers' masks say of the workers beside the job's other evidence.

    Returns its address; later jobs that start from this one's record read it.
    """
    results = read_results(output.store, output.described(), output.labels, lambda _: ())
    evidence, _ = _read_evidence(output)
    found = adjudicated_evidence(results, evidence, adjudicated)
    uri = f"{output.annotations}/{EVIDENCE_FOLDER}/adjudicated-{adjudicated.name}.json"
    output.store.write(uri, write_evidence(found).encode(), "application/json")
    return uri


def follow_up_manifest(output: JobOutput, quality: JobQuality) -> str:
    """The input manifest of a job in which reviewers look at just those photos."""
    wanted = {result.source_ref for result, _ in quality.attention}
    lines = [
        follow_up_line(line, _label(output, line))
        for line in output.lines
        if line.source_ref in wanted
    ]
    return "".join(line + "\n" for line in lines)


def _read_evidence(output: JobOutput) -> tuple[list[Evidence], list[str]]:
    evidence: list[Evidence] = []
    problems = []
    for uri in output.store.list(f"{output.annotations}/{EVIDENCE_FOLDER}/"):
        try:
            evidence += read_evidence(output.store.read(uri), uri)
        except (ContractError, FileNotFoundError) as error:
            problems.append(str(error))
    return evidence, problems


def _why(result: PhotoResult, below: float) -> str:
    if result.status in ("needs-adjudication", "failed"):
        return result.reason
    if result.status == "consensus" and result.confidence < below:
        return f"The confidence is {result.confidence:.2f}."
    return ""


def _label(output: JobOutput, line: ManifestLine) -> dict[str, Any] | None:
    label = line.fields.get(output.attribute)
    return label if isinstance(label, dict) else None


def _classes(output: JobOutput) -> tuple[ClassQuality, ...]:
    scores: dict[str, list[tuple[float, str]]] = {}
    for line in output.lines:
        label = _label(output, line)
        if label is None or label.get("status") not in ("consensus", "needs-adjudication"):
            continue
        photo = (line.source_ref or "").rsplit("/", 1)[-1]
        for name, confidence in _confidences(output, label):
            scores.setdefault(name, []).append((confidence, photo))
    qualities = [
        ClassQuality(name, len(found), sum(score for score, _ in found) / len(found), *min(found))
        for name, found in scores.items()
    ]
    return tuple(sorted(qualities, key=lambda quality: (quality.mean, quality.name)))


def _confidences(output: JobOutput, label: dict[str, Any]) -> list[tuple[str, float]]:
    """Class names, or verdicts, and confidences: of masks one a class, of boxes one a box."""
    if "class-name" in label:
        return [(str(label["class-name"]), float(label["confidence"]))]
    if "class-map" in label:
        return [
            (box["label"], float(box["confidence"])) for box in _details(output, label)["boxes"]
        ]
    color_map = label.get("internal-color-map")
    if color_map is None:  # it was too long for a manifest line
        color_map = _details(output, label)["label"]["internal-color-map"]
    return [
        (str(entry["class-name"]), float(entry["confidence"]))
        for index, entry in color_map.items()
        if index != "0"
    ]


def _details(output: JobOutput, label: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(json.loads(output.store.read(label["details-ref"])))
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise FewclickError(f"the details of a label cannot be read: {error}") from error
