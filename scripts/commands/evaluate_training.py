"""`fewclick evaluate-training`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.train_clicks import TrainingDevice


def evaluate_training(
    manifest: Annotated[str, typer.Argument(help="A labeling job's output manifest.")],
    images: Annotated[Path, typer.Option(help="The photos that were labeled.")],
    masks: Annotated[
        Path, typer.Option(help="Their reference masks: <photo>_<number>_<label>.png.")
    ],
    out: Annotated[Path, typer.Option(help="Where sets, runs and results go.")],
    one_class: Annotated[
        str | None, typer.Option(help="Make all labels one class of this name.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Of each training.")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="Of split and training.")] = 0,
    device: Annotated[TrainingDevice, typer.Option(help="Where the network computes.")] = (
        TrainingDevice.CPU
    ),
    s3_folder: Annotated[
        Path | None,
        typer.Option(help="Holds S3's objects as <bucket>/<key>, in place of AWS: out/demo/s3."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the results as JSON on standard output.")
    ] = False,
) -> None:
    """Measure what a segmentation model loses by being trained on a job's labels.

    Trains on the labels and on reference masks, by one recipe, and measures both against the
    references of photos kept aside. Interrupted, the same command goes on.
    """
    from scripts.segmentation.evaluate_training import TrainingEvaluationOptions, run_evaluation

    raise typer.Exit(
        run_evaluation(
            TrainingEvaluationOptions(
                manifest=manifest,
                images=images,
                masks=masks,
                out=out,
                one_class=one_class,
                epochs=epochs,
                seed=seed,
                device=device.value,
                s3_folder=s3_folder,
                as_json=as_json,
            )
        )
    )
