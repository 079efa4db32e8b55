"""`fewclick evaluate-consensus`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooks.core.errors import FewclickError


def evaluate_consensus(
    masks: Annotated[
        Path | None,
        typer.Option(help="Folder of object masks (PNG, not zero inside): the set real1."),
    ] = None,
    annotators: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder or zip of masks that several real people drew: <photo>_w<n>.png with "
            "<photo>_gold.png, or <photo>_obj<n>_a<n>.png. Repeatable."
        ),
    ] = None,
    scenes: Annotated[
        int,
        typer.Option(
            min=0, help="Scenes of every simulated set, a third as many of 12 classes; 0: none."
        ),
    ] = 24,
    objects: Annotated[
        int | None,
        typer.Option(min=1, help="Objects of every real set, evenly spread. [default: all]"),
    ] = None,
    draws: Annotated[
        int, typer.Option(min=1, help="Random choices of workers per real object and number.")
    ] = 3,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of scenes and workers; 7 is what constants stand on.")
    ] = 20261121,
    without: Annotated[
        list[str] | None,
        typer.Option(
            help="Method to leave out by name ('ITK STAPLE'), or all of a library ('crowd-kit', "
            "'ITK'). Repeatable."
        ),
    ] = None,
    speed: Annotated[
        bool, typer.Option("--speed", help="Measure CPU time and memory, up to 12 megapixels.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each method for --speed.")] = 5,
    budget: Annotated[
        float,
        typer.Option(min=0.1, help="Seconds that a method has for all its runs at one size."),
    ] = 60.0,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes. [default: one per processor]")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where consensus.json and .png go.")] = Path(
        "out/consensus"
    ),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON on standard output.")
    ] = False,
) -> None:
    """Compare ways to consolidate several workers' masks: ours, crowd-kit's, SimpleITK's, SIMPLE.

    Simulated workers (careful, sloppy and six kinds of bad) and sets of real people; prints mean
    IoU and boundary F by number of workers, the paired difference of `robust` to the best other
    method, and how well confidence and weights rank; writes the same as JSON and as a plot.
    """
    try:
        from scripts.consensus.evaluate_consensus import ConsensusOptions, run_evaluation
    except ImportError as error:
        raise FewclickError(
            f"this comparison needs OpenCV: pip install 'fewclick[benchmark]' ({error})."
        ) from error

    raise typer.Exit(
        run_evaluation(
            ConsensusOptions(
                masks=masks,
                annotators=tuple(annotators or ()),
                scenes=scenes,
                objects=objects,
                draws=draws,
                seed=seed,
                without=tuple(without or ()),
                speed=speed,
                rounds=rounds,
                budget=budget,
                processes=processes,
                out=out,
                as_json=as_json,
            )
        )
    )
