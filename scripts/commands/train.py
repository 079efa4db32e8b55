"""`fewclick train`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.train_clicks import TrainingDevice


def train(
    data: Annotated[
        str,
        typer.Argument(help="A training set of `fewclick export`: s3://…, with --local a folder."),
    ],
    out: Annotated[Path, typer.Option(help="Where log, curve and, with --local, the model go.")],
    local: Annotated[
        bool,
        typer.Option("--local", help="Train a compact network on this machine, with no account."),
    ] = False,
    epochs: Annotated[int, typer.Option(min=1, help="How often every image is seen.")] = 30,
    batch: Annotated[int, typer.Option(min=1, help="Images at a time, with --local.")] = 8,
    size: Annotated[
        int, typer.Option(min=64, help="Longer side at which photos are seen, with --local.")
    ] = 256,
    seed: Annotated[int, typer.Option(min=0, help="With --local.")] = 0,
    device: Annotated[TrainingDevice, typer.Option(help="With --local.")] = TrainingDevice.CPU,
    s3_folder: Annotated[
        Path | None,
        typer.Option(help="With --local: holds S3's objects as <bucket>/<key>."),
    ] = None,
    role: Annotated[
        str | None, typer.Option(help="ARN of the role that SageMaker trains with.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Of the training job; one that is there is followed.")
    ] = None,
    output: Annotated[
        str | None, typer.Option(help="s3:// prefix for the model. [default: DATA/model/]")
    ] = None,
    image_uri: Annotated[
        str | None,
        typer.Option(help="The algorithm's image, in place of the sagemaker package's knowledge."),
    ] = None,
    instance_type: Annotated[
        str, typer.Option(help="A graphics card is needed.")
    ] = "ml.g4dn.xlarge",
    spot: Annotated[
        bool, typer.Option(help="Train on spare capacity, for less, with interruptions.")
    ] = True,
    hyperparameter: Annotated[
        list[str] | None,
        typer.Option("--set", help="algorithm=deeplab, learning_rate=0.002 … Repeatable."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the request and start nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it costs money.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON on standard output.")
    ] = False,
) -> None:
    """Train a segmentation model on a training set: by SageMaker, or with --local right here.

    SageMaker's built-in semantic segmentation (FCN, PSP, DeepLab v3) is started and followed; the
    number of classes and images comes from the set. Either way mIoU and pixel accuracy are told
    epoch by epoch and plotted. Interrupted, the same command goes on.
    """
    if local:
        from scripts.segmentation.train_local import LocalTrainingOptions, run_local_training

        raise typer.Exit(
            run_local_training(
                LocalTrainingOptions(
                    data=data,
                    out=out,
                    epochs=epochs,
                    batch=batch,
                    seed=seed,
                    size=size,
                    device=device.value,
                    s3_folder=s3_folder,
                    as_json=as_json,
                )
            )
        )
    if role is None:
        raise typer.BadParameter("training by SageMaker needs --role; --local needs none.")
    from scripts.segmentation.train_sagemaker import TrainingOptions, run_training

    raise typer.Exit(
        run_training(
            TrainingOptions(
                data=data,
                out=out,
                role=role,
                name=name,
                output=output,
                image_uri=image_uri,
                instance_type=instance_type,
                spot=spot,
                hyperparameters=(f"epochs={epochs}", *(hyperparameter or ())),
                dry_run=dry_run,
                yes=yes,
                as_json=as_json,
            )
        )
    )
