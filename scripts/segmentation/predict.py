"""`fewclick predict`: what a trained model sees, as masks, overlays, a picture of all, and mIoU."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer
from PIL import Image
from rich.console import Console
from rich.progress import track

from hooks.core.categories import LabelCategories
from hooks.core.errors import FewclickError, PhotoError
from hooks.core.masks import LabelMap
from model_endpoint.segmentation_metrics import Confusion
from scripts.object_store import open_store
from scripts.photo_set import PhotoSetError
from scripts.segmentation.prediction_input import PredictionInput, open_photos
from scripts.segmentation.segmentation_predictors import (
    EndpointPredictor,
    LocalPredictor,
    PredictionError,
    Predictor,
)
from scripts.training_sets.channel_set import open_channels
from scripts.training_sets.contact_sheet import Tile, draw_sheet, labeled_tile, shrunk
from scripts.training_sets.export_target import FolderTarget, open_target
from scripts.training_sets.exporters.exporter import index_png

GRID_FILE = "grid.png"
RESULTS_FILE = "results.json"
GRID_PHOTOS = 24


@dataclass(frozen=True, slots=True)
class PredictOptions:
    """What the command line asked for; see `fewclick predict --help`.

    One of model, training_job and endpoint says who predicts.
    """

    photos: str
    out: Path
    model: Path | None = None
    training_job: str | None = None
    endpoint: str | None = None
    data: str | None = None
    labels: str | None = None
    references: Path | None = None
    instance_type: str = "ml.c5.xlarge"
    probabilities: bool = False
    limit: int | None = None
    device: str = "cpu"
    yes: bool = False
    s3_folder: Path | None = None
    as_json: bool = False
    seconds_between_looks: float = 10.0


def run_predict(options: PredictOptions) -> int:
    """Predict, write and measure; the exit code."""
    console = Console(stderr=True)
    store = open_store(options.s3_folder)
    photos = open_photos(options.photos, options.references, store)
    if options.limit is not None:
        photos = PredictionInput(photos.photos[: options.limit], photos.classes)
    known = photos.classes
    if options.data is not None:
        known = open_channels(open_target(options.data, store)).classes
    elif options.labels is not None:
        known = ("BACKGROUND", *options.labels.split(","))
    with _open_predictor(options, known, console) as (predictor, classes):
        if photos.classes and photos.classes != classes:
            raise FewclickError(
                f"the model knows {', '.join(classes)}; {options.photos} has "
                f"{', '.join(photos.classes)}. They must be the same, in the same order."
            )
        results = _Results(options.out, LabelCategories.from_names(classes[1:], "labels"))
        for photo in track(photos.photos, "predicting", console=console, transient=True):
            try:
                pixels, reference = photo.read()
                prediction = predictor.predict(pixels)
                results.add(photo.name, pixels, prediction.label_map, reference)
            except (PhotoError, PhotoSetError, PredictionError, ValueError) as error:
                results.problems.append(f"{photo.name}: {error}")
                continue
            results.photos[-1]["confidence"] = _rounded(prediction.confidence)
    result = results.finish()
    if options.as_json:
        typer.echo(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        typer.echo(_text(result), nl=False)
    for problem in results.problems:
        console.print(problem, soft_wrap=True)
    console.print(f"Picture  {options.out / GRID_FILE}", soft_wrap=True)
    return 1 if results.problems else 0


@contextmanager
def _open_predictor(
    options: PredictOptions, known: tuple[str, ...], console: Console
) -> Iterator[tuple[Predictor, tuple[str, ...]]]:
    """Who predicts, and the classes, the background's first. An endpoint made here goes again."""
    if options.model is not None:
        try:
            from model_endpoint.segmentation_network import (
                SegmentationModel,
                SegmentationModelError,
            )
        except ImportError as error:
            raise FewclickError(
                f"a model here needs {error.name}: pip install 'fewclick[train]'."
            ) from error
        try:
            model = SegmentationModel.read(options.model, options.device)
        except SegmentationModelError as error:
            raise FewclickError(str(error)) from error
        yield LocalPredictor(model), model.config.classes
        return
    if len(known) < 2:
        raise FewclickError(
            "an endpoint does not say what its classes are called: give --data with the training "
            "set, or --labels cat,dog."
        )
    import boto3  # takes a while

    runtime = boto3.client("sagemaker-runtime")
    if options.endpoint is not None:
        yield EndpointPredictor(runtime, options.endpoint, options.probabilities), known
        return
    from scripts.segmentation.hosted_endpoint import HostedEndpoint

    sagemaker = boto3.client("sagemaker")
    parts = _endpoint_parts(options, sagemaker)
    if not options.yes:
        console.print(
            f"This starts an endpoint on {options.instance_type}, which costs money until it is "
            "deleted at the end."
        )
        typer.confirm("Start it?", abort=True, err=True)
    console.print(f"Creating the endpoint {parts.name}; Ctrl-C deletes it.")
    hosted = HostedEndpoint(
        sagemaker, parts, console.print, seconds_between_looks=options.seconds_between_looks
    )
    with hosted:
        yield EndpointPredictor(runtime, hosted.name, options.probabilities), known
    if hosted.left:
        raise FewclickError(f"not deleted: {', '.join(hosted.left)}.")


def _endpoint_parts(options: PredictOptions, sagemaker: Any) -> Any:
    from scripts.segmentation.hosted_endpoint import EndpointParts

    job = sagemaker.describe_training_job(TrainingJobName=options.training_job)
    if job["TrainingJobStatus"] != "Completed":
        raise FewclickError(
            f"the training job {options.training_job} is {job['TrainingJobStatus']}: there is no "
            "model yet."
        )
    return EndpointParts(
        name=f"{options.training_job}"[:40] + time.strftime("-%m-%d-%H-%M-%S", time.gmtime()),
        image_uri=job["AlgorithmSpecification"]["TrainingImage"],
        model_data=job["ModelArtifacts"]["S3ModelArtifacts"],
        role_arn=job["RoleArn"],
        instance_type=options.instance_type,
    )


class _Results:
    """Writes one photo's results at a time and keeps only what the picture and the sums need."""

    def __init__(self, out: Path, labels: LabelCategories) -> None:
        self._target = FolderTarget(out)
        self._labels = labels
        self._confusion = Confusion(labels.num_classes)
        self._tiles: list[Tile] = []
        self._references = 0
        self.photos: list[dict[str, Any]] = []
        self.problems: list[str] = []

    def add(
        self,
        name: str,
        pixels: np.ndarray[Any, np.dtype[np.uint8]],
        label_map: LabelMap,
        reference: LabelMap | None,
    ) -> None:
        """Raises ValueError when a label map has classes that the model does not know."""
        if int(label_map.max()) > len(self._labels):
            raise ValueError(f"the answer has the class {int(label_map.max())}, which is not known")
        entry: dict[str, Any] = {"name": name}
        caption = name
        if reference is not None:
            own = Confusion(self._labels.num_classes)
            own.add(label_map, reference)
            self._confusion.counts += own.counts
            self._references += 1
            entry["mean_iou"] = _rounded(own.mean_iou)
            caption = f"{name} · IoU {100 * own.mean_iou:.0f} %"
        self._target.write(f"masks/{name}.png", index_png(label_map, self._labels), "image/png")
        tile = labeled_tile(pixels, label_map, self._labels, caption)
        stream = io.BytesIO()
        Image.fromarray(tile.picture).save(stream, "JPEG", quality=90)
        self._target.write(f"overlays/{name}.jpg", stream.getvalue(), "image/jpeg")
        if len(self.photos) < GRID_PHOTOS:
            self._tiles.append(shrunk(tile))
            if reference is not None:
                known = labeled_tile(pixels, reference, self._labels, "reference")
                self._tiles.append(shrunk(known))
        self.photos.append(entry)

    def finish(self) -> dict[str, Any]:
        """Write the picture and `results.json`; the results."""
        columns = 6 if self._references else 5
        title = f"Predictions of {len(self.photos)} photos"
        if self._references:
            title += (
                f": mIoU {100 * self._confusion.mean_iou:.1f} %, pixel accuracy "
                f"{100 * self._confusion.pixel_accuracy:.1f} %"
            )
        if self._tiles:
            picture = draw_sheet(self._tiles, self._labels, title, columns)
            self._target.write(GRID_FILE, picture, "image/png")
        result: dict[str, Any] = {"photos": self.photos, "references": self._references}
        if self._references:
            names = [self._labels.name(index) for index in range(self._labels.num_classes)]
            result |= {
                "mean_iou": _rounded(self._confusion.mean_iou),
                "pixel_accuracy": _rounded(self._confusion.pixel_accuracy),
                "iou": {
                    names[index]: _rounded(iou) for index, iou in self._confusion.ious().items()
                },
            }
        result["problems"] = self.problems
        body = json.dumps(result, ensure_ascii=False, indent=1).encode()
        self._target.write(RESULTS_FILE, body, "application/json")
        return result


def _text(result: Mapping[str, Any]) -> str:
    lines: Sequence[str] = [f"{len(result['photos'])} photos"]
    if result["references"]:
        lines = [
            f"{len(result['photos'])} photos, {result['references']} with a reference",
            *(f"{name[:28]:<28} {100 * iou:6.1f} %" for name, iou in result["iou"].items()),
            f"{'mean IoU':<28} {100 * result['mean_iou']:6.1f} %",
            f"{'pixel accuracy':<28} {100 * result['pixel_accuracy']:6.1f} %",
        ]
    return "".join(line + "\n" for line in lines)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
