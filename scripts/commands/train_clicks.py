"""`fewclick train-clicks`: its options."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class TrainingDevice(StrEnum):
    """Where training computes."""

    CPU = "cpu"
    CUDA = "cuda"


def train_clicks(
    data: Annotated[
        list[Path],
        typer.Option(help="Photos with known masks: a folder, a .zip or a .manifest. Repeatable."),
    ],
    out: Annotated[Path, typer.Option(help="Where the run goes: checkpoint, log, plot, model.")],
    config: Annotated[
        Path | None,
        typer.Option(help="A configuration file, in place of that of the shipped weights."),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Time to train, in place of the file's.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Updates to make, in place of a time.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="In place of the file's.")] = None,
    device: Annotated[TrainingDevice, typer.Option(help="Where the network computes.")] = (
        TrainingDevice.CPU
    ),
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Training processes; about one per processor core."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run that --out holds.")
    ] = False,
    start_from: Annotated[
        Path | None,
        typer.Option(
            help="Model directory whose weights to go on from, e.g. model_endpoint/weights/small."
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Stem of a photo to leave out. Repeatable.")
    ] = None,
    s3_folder: Annotated[
        Path | None,
        typer.Option(help="Holds a manifest's objects as <bucket>/<key>, in place of AWS."),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Label attribute to read, if a manifest has several.")
    ] = None,
) -> None:
    """Train the click model on your own photos, or on labels that a job has collected.

    Leaves a model directory in OUT/model for `--model-dir`. Interrupted, the same command with
    --resume goes on from the last checkpoint.
    """
    from scripts.click_model.train_clicks import TrainOptions, run_training

    raise typer.Exit(
        run_training(
            TrainOptions(
                data=tuple(data),
                out=out,
                config=config,
                minutes=minutes,
                steps=steps,
                seed=seed,
                device=device.value,
                processes=processes,
                resume=resume,
                start_from=start_from,
                exclude=tuple(exclude or ()),
                s3_folder=s3_folder,
                label=label,
            )
        )
    )
