"""`fewclick predict`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.train_clicks import TrainingDevice


def predict(
    photos: Annotated[
        str,
        typer.Argument(help="A folder of photos, or a training set: then those it keeps aside."),
    ],
    out: Annotated[Path, typer.Option(help="Where masks, overlays and the picture go.")],
    model: Annotated[
        Path | None, typer.Option(help="A model of `fewclick train --local`: OUT/model.")
    ] = None,
    training_job: Annotated[
        str | None,
        typer.Option(help="Of SageMaker: its model gets an endpoint, deleted afterwards."),
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="An endpoint that is there already, and stays.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="The training set, which names an endpoint's classes.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="The same by hand, without the background: cat,dog.")
    ] = None,
    references: Annotated[
        Path | None, typer.Option(help="Folder of masks, <photo>.png by class, to measure with.")
    ] = None,
    instance_type: Annotated[str, typer.Option(help="Of the endpoint.")] = "ml.c5.xlarge",
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Ask an endpoint for them: tells confidence.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many photos.")] = None,
    device: Annotated[TrainingDevice, typer.Option(help="Where --model computes.")] = (
        TrainingDevice.CPU
    ),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it costs money.")] = False,
    s3_folder: Annotated[
        Path | None,
        typer.Option(help="Holds S3's objects as <bucket>/<key>, in place of AWS: out/demo/s3."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the results as JSON on standard output.")
    ] = False,
) -> None:
    """Let a trained model segment photos, and look at what it sees.

    Writes masks, overlays and one picture of many photos; where references exist, mIoU and IoU by
    class. An endpoint that is made for it is deleted afterwards, whatever happens.
    """
    if sum(choice is not None for choice in (model, training_job, endpoint)) != 1:
        raise typer.BadParameter("give one of --model, --training-job and --endpoint.")
    from scripts.segmentation.predict import PredictOptions, run_predict

    raise typer.Exit(
        run_predict(
            PredictOptions(
                photos=photos,
                out=out,
                model=model,
                training_job=training_job,
                endpoint=endpoint,
                data=data,
                labels=labels,
                references=references,
                instance_type=instance_type,
                probabilities=probabilities,
                limit=limit,
                device=device.value,
                yes=yes,
                s3_folder=s3_folder,
                as_json=as_json,
            )
        )
    )
