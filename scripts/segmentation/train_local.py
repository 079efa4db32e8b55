"""`fewclick train --local`: the compact network, trained here from the same channels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hooks.core.errors import FewclickError
from scripts.object_store import open_store
from scripts.segmentation.training_progress import plot_epochs
from scripts.training_sets.channel_set import ChannelImage, open_channels
from scripts.training_sets.export_target import open_target

CURVE_FILE = "curve.png"
RESULT_FILE = "result.json"


@dataclass(frozen=True, slots=True)
class LocalTrainingOptions:
    """What the command line asked for; see `fewclick train --help`."""

    data: str
    out: Path
    epochs: int = 30
    batch: int = 8
    seed: int = 0
    size: int = 256
    device: str = "cpu"
    s3_folder: Path | None = None
    as_json: bool = False


def run_local_training(options: LocalTrainingOptions) -> int:
    """Train, or go on with a run that was interrupted; the exit code."""
    try:
        from model_endpoint.epoch_loop import LOG_FILE, EpochReport
        from model_endpoint.model_directory import SHIPPED
        from model_endpoint.network import NetworkConfig
        from model_endpoint.segmentation_network import STRIDE, SegmentationConfig
        from model_endpoint.segmentation_trainer import (
            MODEL_FOLDER,
            SegmentationRecipe,
            SegmentationTrainer,
        )
    except ImportError as error:
        raise FewclickError(
            f"training here needs {error.name}: pip install 'fewclick[train]'."
        ) from error
    if options.size % STRIDE or options.size < 2 * STRIDE:
        raise FewclickError(f"--size {options.size}: a multiple of {STRIDE} from {2 * STRIDE} on.")
    console = Console(stderr=True)
    data = open_channels(open_target(options.data, open_store(options.s3_folder)))
    recipe = SegmentationRecipe(
        classes=data.classes,
        epochs=options.epochs,
        batch=options.batch,
        size=options.size,
        crop=max(options.size * 2 // 3 // STRIDE * STRIDE, STRIDE),
        seed=options.seed,
    )
    network = NetworkConfig.from_json(json.loads((SHIPPED / "config.json").read_text())["network"])
    config = SegmentationConfig(data.classes, options.size, network)
    try:
        trainer = SegmentationTrainer(
            recipe, config, options.out, click_weights=SHIPPED, device=options.device
        )
    except ValueError as error:
        raise FewclickError(str(error)) from error
    console.print(
        f"{data.address}: {len(data.train)} images to train on, {len(data.validation)} kept "
        f"aside, {len(data.classes)} classes with the background."
    )
    if trainer.epoch:
        console.print(f"Going on after epoch {trainer.epoch}.")
    columns = (
        TextColumn("training"),
        BarColumn(),
        TextColumn("epoch {task.completed:.0f} of {task.total:.0f}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[said]}"),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("", total=options.epochs, completed=trainer.epoch, said="")

        def on_epoch(report: EpochReport) -> None:
            said = f"mIoU {report.mean_iou:.3f}, pixel accuracy {report.pixel_accuracy:.3f}"
            progress.update(bar, completed=report.epoch, said=said if data.validation else "")

        model = trainer.train(_images(data.train), _images(data.validation), on_epoch)
    confusion = trainer.measure(_images(data.validation))
    result = {
        "images": len(data.validation),
        "mean_iou": round(confusion.mean_iou, 4),
        "pixel_accuracy": round(confusion.pixel_accuracy, 4),
        "iou": {data.classes[index]: round(iou, 4) for index, iou in confusion.ious().items()},
    }
    (options.out / RESULT_FILE).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    lines = [json.loads(line) for line in (options.out / LOG_FILE).read_text().splitlines()]
    plot_epochs(lines, options.out.name, options.out / CURVE_FILE)
    if options.as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
    else:
        typer.echo(result_text(result), nl=False)
    folder = options.out / MODEL_FOLDER
    console.print(f"Model: {folder} ({len(model.config.classes)} classes; try: fewclick predict)")
    return 0


def result_text(result: Mapping[str, Any]) -> str:
    """The measures on the images kept aside, a class a line."""
    if not result["images"]:
        return "No images were kept aside, so nothing was measured.\n"
    lines = [f"{name[:28]:<28} {100 * iou:6.1f} %" for name, iou in result["iou"].items()]
    lines += [
        f"{'mean IoU':<28} {100 * result['mean_iou']:6.1f} %",
        f"{'pixel accuracy':<28} {100 * result['pixel_accuracy']:6.1f} %",
    ]
    return f"{result['images']} images kept aside\n" + "".join(line + "\n" for line in lines)


def _images(images: Sequence[ChannelImage]) -> list[Any]:
    from model_endpoint.segmentation_trainer import TrainingImage

    return [TrainingImage(image.name, image.read) for image in images]
