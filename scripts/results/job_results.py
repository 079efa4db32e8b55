"""What came out of a labeling job, photo by photo: read from its S3 output alone."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from hooks.core.answer import FORM_FIELD, WorkerAnswer
from hooks.core.categories import LabelCategories
from hooks.core.contract import form_field
from hooks.core.errors import AnswerError
from hooks.core.geometry import Size
from hooks.core.manifest import ManifestLine, read_lines
from hooks.core.masks import VOID, LabelMap, iou
from hooks.core.photo import read_header, upright
from scripts.object_store import ObjectStore
from scripts.photo_set import ReferenceObject, reference_label_map

USABLE = ("consensus", "single-annotator", "needs-adjudication", "machine")


@dataclass(frozen=True, slots=True)
class WorkerView:
    """What one worker said of one photo.

    Attributes:
        label_map: None when the answer could not be used, then `problem` says why; or when it is
            one of boxes or a verdict.
        agreement: mean IoU with the other workers, 0 to 1; None for a single worker.
    """

    worker_id: str
    label_map: LabelMap | None
    problem: str
    clicks: int
    seconds: float
    agreement: float | None


@dataclass(frozen=True, slots=True)
class PhotoResult:
    """One line of the output manifest, with what lies behind it.

    Attributes:
        status: `consensus`, `single-annotator`, `needs-adjudication` or `failed`; `machine` where
            the line came with a machine's label, which no worker was asked about.
        reason: why it failed or needs another look; else empty.
        label_map: consolidated, upright, None when it failed or is one of boxes or a verdict.
        iou: mean over the classes of reference and result; None without reference.
    """

    source_ref: str
    status: str
    reason: str
    label_map: LabelMap | None
    confidence: float
    iou: float | None
    workers: tuple[WorkerView, ...]

    @property
    def name(self) -> str:
        return self.source_ref.rsplit("/", 1)[-1]

    @property
    def clicks(self) -> int:
        return sum(worker.clicks for worker in self.workers)

    @property
    def agreement(self) -> float | None:
        return mean(worker.agreement for worker in self.workers)


def read_results(
    store: ObjectStore,
    job: dict[str, Any],
    labels: LabelCategories,
    references: Callable[[str], Sequence[ReferenceObject]],
) -> list[PhotoResult]:
    """One result for every line of a finished job's output manifest, in its order.

    Args:
        job: what DescribeLabelingJob answers.
        references: gives the known objects of a photo by its `source-ref`; none is fine.
    """
    manifest = store.read(job["LabelingJobOutput"]["OutputDatasetS3Uri"]).decode()
    attribute = str(job["LabelAttributeName"])
    output = job["OutputConfig"]["S3OutputPath"].rstrip("/") + "/" + job["LabelingJobName"]
    responses = _worker_responses(store, f"{output}/annotations/worker-response/")
    return [
        _result(store, line, attribute, responses.get(str(line.number - 1)), labels, references)
        for line in read_lines(manifest)
        if isinstance(line, ManifestLine)
    ]


def _result(
    store: ObjectStore,
    line: ManifestLine,
    attribute: str,
    response_uri: str | None,
    labels: LabelCategories,
    references: Callable[[str], Sequence[ReferenceObject]],
) -> PhotoResult:
    source_ref = line.source_ref or ""
    label = line.fields.get(attribute)
    if isinstance(label, dict) and "mask-ref" not in label and label.get("status") in USABLE:
        # Boxes or a verdict: there is nothing to draw a picture of.
        return PhotoResult(
            source_ref,
            label["status"],
            label["reason"],
            None,
            label["confidence"],
            None,
            _told_workers(store, label),
        )
    if not isinstance(label, dict) or "mask-ref" not in label:
        said = label.get("reason", "") if isinstance(label, dict) else ""
        reason = line.failure_reason(attribute) or said or "the line has no label."
        workers = _workers(store, label, response_uri, None, labels)
        return PhotoResult(source_ref, "failed", reason, None, 0.0, None, workers)
    header = read_header(store.read(source_ref), source_ref)
    with Image.open(io.BytesIO(store.read(label["mask-ref"]))) as image:
        label_map = upright(np.asarray(image), header.orientation)
    known = references(source_ref)
    return PhotoResult(
        source_ref=source_ref,
        status=label["status"],
        reason=label["reason"],
        label_map=label_map,
        confidence=label["confidence"],
        iou=mean_iou(label_map, reference_label_map(known, labels)) if known else None,
        workers=_workers(store, label, response_uri, label_map, labels),
    )


def _told_workers(store: ObjectStore, label: Mapping[str, Any]) -> tuple[WorkerView, ...]:
    """Every worker's part as the details tell it; a machine's label may have none."""
    details_ref = label.get("details-ref")
    details = json.loads(store.read(details_ref)) if details_ref else {}
    views = [
        WorkerView(
            item["worker_id"], None, "", item["clicks"], item["seconds"], item.get("agreement")
        )
        for item in details.get("workers", [])
    ]
    views += [
        WorkerView(item["worker_id"], None, item["reason"], 0, 0.0, None)
        for item in details.get("discarded", [])
    ]
    return tuple(sorted(views, key=lambda view: view.worker_id))


def _workers(
    store: ObjectStore,
    label: object,
    response_uri: str | None,
    label_map: LabelMap | None,
    labels: LabelCategories,
) -> tuple[WorkerView, ...]:
    """Every worker's part: drawings from the worker response, the rest from the details."""
    if response_uri is None:
        return ()
    details_ref = label.get("details-ref") if isinstance(label, dict) else None
    details = json.loads(store.read(details_ref)) if details_ref else {}
    agreement = {item["worker_id"]: item["agreement"] for item in details.get("workers", [])}
    views = []
    for given in json.loads(store.read(response_uri))["answers"]:
        worker_id = given["workerId"]
        try:
            fields = form_field(json.dumps(given["answerContent"]), FORM_FIELD)
            answer = WorkerAnswer.from_fields(fields, _size(fields, label_map), labels)
        except AnswerError as error:
            views.append(WorkerView(worker_id, None, str(error), 0, 0.0, None))
            continue
        views.append(
            WorkerView(
                worker_id=worker_id,
                label_map=answer.label_map,
                problem="",
                clicks=answer.clicks,
                seconds=answer.seconds,
                agreement=agreement.get(worker_id),
            )
        )
    return tuple(sorted(views, key=lambda view: view.worker_id))


def _size(fields: Mapping[str, Any], label_map: LabelMap | None) -> Size:
    if label_map is not None:
        return Size(label_map.shape[1], label_map.shape[0])
    image = fields.get("inputImageProperties")
    if not isinstance(image, Mapping):
        raise AnswerError('"inputImageProperties" is missing.')
    return Size(int(image.get("width", 0)), int(image.get("height", 0)))


def _worker_responses(store: ObjectStore, prefix: str) -> dict[str, str]:
    """Data object id to its worker-response file; `…/iteration-1/17/2026-….json` is object 17's."""
    return {uri.split("/")[-2]: uri for uri in sorted(store.list(prefix))}


def mean_iou(label_map: LabelMap, reference: LabelMap) -> float:
    """Mean IoU over the foreground classes of either map; void pixels count as background."""
    classes = (set(np.unique(label_map).tolist()) | set(np.unique(reference).tolist())) - {0, VOID}
    if not classes:
        return 1.0
    scores = [iou(label_map == index, reference == index) for index in classes]
    return sum(scores) / len(scores)


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of the values that are known; None if none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
