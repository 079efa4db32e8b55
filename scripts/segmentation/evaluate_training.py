"""`fewclick evaluate-training`: what a model loses by being trained on workers' labels.

The same network is trained twice, by one recipe and seed, on the same photos: once with the labels
of a job, once with reference masks. Both are measured against the reference masks of the photos
kept aside. One class instead of many asks only for the objects, whatever they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from hooks.core.categories import LabelCategories
from hooks.core.masks import VOID, LabelMap
from scripts.photo_set import (
    ReferenceObject,
    References,
    find_photos,
    labels_of,
    reference_label_map,
)
from scripts.segmentation.train_local import RESULT_FILE, LocalTrainingOptions, run_local_training
from scripts.training_sets.channel_set import ChannelImage, ChannelSet, open_channels
from scripts.training_sets.export import ExportOptions, run_export
from scripts.training_sets.export_classes import ClassOptions
from scripts.training_sets.export_plan import ExportRequest
from scripts.training_sets.export_summary import SUMMARY_FILE
from scripts.training_sets.export_target import FolderTarget
from scripts.training_sets.exporters.exporter import index_png

LABELS, REFERENCES = "labels", "references"
SOURCES = (LABELS, REFERENCES)
RESULTS_FILE = "results.json"


@dataclass(frozen=True, slots=True)
class TrainingEvaluationOptions:
    """What the command line asked for; see `fewclick evaluate-training --help`."""

    manifest: str
    images: Path
    masks: Path
    out: Path
    one_class: str | None = None
    epochs: int = 30
    seed: int = 0
    device: str = "cpu"
    s3_folder: Path | None = None
    as_json: bool = False


def run_evaluation(options: TrainingEvaluationOptions) -> int:
    """Export, train twice and compare; the exit code. What is there already is used again."""
    console = Console(stderr=True)
    photos = find_photos(options.images)
    names = labels_of(options.masks, photos)
    merged = dict.fromkeys(names, options.one_class) if options.one_class else {}
    request = ExportRequest(
        manifests=(options.manifest,),
        format="channels",
        classes=ClassOptions(merged=merged),
        seed=options.seed,
    )
    exported = options.out / "export"
    run_export(ExportOptions(request, str(exported), options.s3_folder))
    data = open_channels(FolderTarget(exported))
    truth = _truth(References(options.masks, photos), photos, data, merged)
    results: dict[str, Any] = {"label_iou": round(label_iou(data, truth), 4)}
    for source in SOURCES:
        folder = options.out / source
        write_set(data, folder / "set", truth, of_references=source == REFERENCES)
        console.rule(f"training on {source}")
        run_local_training(
            LocalTrainingOptions(
                data=str(folder / "set"),
                out=folder / "run",
                epochs=options.epochs,
                seed=options.seed,
                device=options.device,
            )
        )
        results[source] = json.loads((folder / "run" / RESULT_FILE).read_text(encoding="utf-8"))
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (options.out / RESULTS_FILE).write_text(text + "\n", encoding="utf-8")
    typer.echo(text if options.as_json else table_text(results), nl=options.as_json)
    return 0


Truth = Callable[[ChannelImage], LabelMap]
"""The reference label map of an image, by the set's classes."""


def _truth(
    references: References, photos: Sequence[Path], data: ChannelSet, merged: Mapping[str, str]
) -> Truth:
    names = {photo.stem: photo.name for photo in photos}
    labels = LabelCategories.from_names(data.classes[1:])

    def truth(image: ChannelImage) -> LabelMap:
        known = [
            ReferenceObject(merged.get(found.label, found.label), found.mask)
            for found in references.of_uri(names[image.name])
        ]
        return reference_label_map(known, labels)

    return truth


def label_iou(data: ChannelSet, truth: Truth) -> float:
    """Mean over the classes of the labels' IoU with the references, background included."""
    from model_endpoint.segmentation_metrics import Confusion

    confusion = Confusion(len(data.classes))
    for image in (*data.train, *data.validation):
        _, label_map = image.read()
        known = label_map != VOID
        confusion.add(label_map * known, truth(image))
    return confusion.mean_iou


def write_set(data: ChannelSet, folder: Path, truth: Truth, *, of_references: bool) -> None:
    """The same photos with annotations of the one source; those kept aside have references."""
    target = FolderTarget(folder)
    if target.read(SUMMARY_FILE) is not None:
        return
    labels = LabelCategories.from_names(data.classes[1:])
    for side, images in (("train", data.train), ("validation", data.validation)):
        for image in images:
            photo = data.target.read(image.photo_file)
            annotation = data.target.read(f"{side}_annotation/{image.name}.png")
            assert photo is not None
            assert annotation is not None
            if of_references or side == "validation":
                annotation = index_png(truth(image), labels)
            target.write(image.photo_file, photo, "image/jpeg")
            target.write(f"{side}_annotation/{image.name}.png", annotation, "image/png")
    summary = data.target.read(SUMMARY_FILE)
    assert summary is not None
    target.write(SUMMARY_FILE, summary, "application/json")


def table_text(results: Mapping[str, Any]) -> str:
    """Both trainings side by side, in per cent, and what was lost."""
    labels, references = results[LABELS], results[REFERENCES]
    lines = [
        f"The labels' mean IoU with the references is {100 * results['label_iou']:.1f} %.",
        "",
        f"{'trained on':<28} {'labels':>8} {'references':>11} {'lost':>7}",
    ]
    rows: Sequence[tuple[str, float, float]] = [
        *((name, labels["iou"].get(name, 0.0), iou) for name, iou in references["iou"].items()),
        ("mean IoU", labels["mean_iou"], references["mean_iou"]),
        ("pixel accuracy", labels["pixel_accuracy"], references["pixel_accuracy"]),
    ]
    lines += [
        f"{name[:28]:<28} {100 * one:>8.1f} {100 * other:>11.1f} {100 * (other - one):>7.1f}"
        for name, one, other in rows
    ]
    return "".join(line + "\n" for line in lines)
