"""`fewclick evaluate-clicks`: its options."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class ClickPolicy(StrEnum):
    """Where a simulated worker corrects a mask."""

    BOUNDARY = "boundary"
    REGION = "region"


def evaluate_clicks(
    data: Annotated[
        list[Path],
        typer.Option(help="Photos with known masks: a folder, a .zip or a .manifest. Repeatable."),
    ],
    objects: Annotated[
        int, typer.Option(min=1, help="Objects per data set, evenly spread over it.")
    ] = 200,
    every: Annotated[bool, typer.Option("--all", help="All objects of every data set.")] = False,
    policy: Annotated[
        ClickPolicy,
        typer.Option(
            help="Where simulated workers click: on the outline's point farthest from the mask's, "
            "or into the middle of the deepest wrong region."
        ),
    ] = ClickPolicy.BOUNDARY,
    jitter: Annotated[
        float, typer.Option(min=0, help="Sigma of the noise on all clicks, in photo pixels.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the jitter.")] = 1,
    model_dir: Annotated[
        Path | None, typer.Option(help="A model directory, in place of the shipped weights.")
    ] = None,
    clicks: Annotated[int, typer.Option(min=1, help="Length of the curves.")] = 10,
    most_clicks: Annotated[
        int,
        typer.Option(
            min=1, help="Clicks for objects that stay below 90 % IoU, for the mean clicks to it."
        ),
    ] = 20,
    out: Annotated[Path, typer.Option(help="Where evaluation.json and .png go.")] = Path(
        "out/evaluation"
    ),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON on standard output.")
    ] = False,
    without_grabcut: Annotated[
        bool, typer.Option("--without-grabcut", help="Leave the slow baseline out.")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the model.")] = 2,
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
    """Measure the click model with simulated workers, beside the octagon and GrabCut.

    Prints mIoU, error and boundary IoU after 0 to 10 corrective clicks, mean clicks to 85 % and
    90 %, latencies, and how well clicks are obeyed; writes the same as JSON and as a plot.
    """
    from scripts.click_model.evaluate_clicks import EvaluateOptions, run_evaluation

    raise typer.Exit(
        run_evaluation(
            EvaluateOptions(
                data=tuple(data),
                objects=None if every else objects,
                policy="region" if policy is ClickPolicy.REGION else "boundary",
                jitter=jitter,
                seed=seed,
                model_dir=model_dir,
                clicks=clicks,
                most_clicks=most_clicks,
                grabcut=not without_grabcut,
                threads=threads,
                exclude=tuple(exclude or ()),
                s3_folder=s3_folder,
                label=label,
                out=out,
                as_json=as_json,
            )
        )
    )
