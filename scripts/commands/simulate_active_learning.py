"""`fewclick simulate-active-learning`: its options."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from hooks.core.active_learning.acquisition import Acquisition
from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.errors import FewclickError

SHIPPED_ENCODER = Path(__file__).parents[2] / "model_endpoint" / "weights" / "small"


def simulate_active_learning(
    data: Annotated[
        Path,
        typer.Option(help="Photos with known masks: a folder or a .zip, as train-clicks reads it."),
    ],
    out: Annotated[Path, typer.Option(help="Where features, results and reports go.")],
    source: Annotated[
        list[str] | None,
        typer.Option(help="Take photos of this source of the data only. Repeatable."),
    ] = None,
    prior_source: Annotated[
        list[str] | None,
        typer.Option(
            help="The head learns from photos of this source first, none of which is replayed. "
            "Repeatable. [default: it starts from nothing]"
        ),
    ] = None,
    kind: Annotated[
        list[LabelKind] | None,
        typer.Option(help="What is labeled. Repeatable. [default: masks, then boxes]"),
    ] = None,
    encoder: Annotated[
        Path,
        typer.Option(
            help="A click model's directory. One that was trained without these photos, or the "
            "simulation promises too much."
        ),
    ] = SHIPPED_ENCODER,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of everything.")] = 20,
    acquisition: Annotated[
        list[Acquisition] | None,
        typer.Option(help="A way to choose what people label next. Repeatable. [default: all]"),
    ] = None,
    target: Annotated[
        list[float] | None,
        typer.Option(
            min=0.01,
            max=0.99,
            help="Mean IoU that machine labels are to have. Repeatable. [default: 0.6 and 0.8]",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="People who label each photo.")] = 5,
    worker_price: Annotated[
        str, typer.Option(help="What each of them gets for it, in US dollars.")
    ] = "0.036",
    prices: Annotated[
        Path | None, typer.Option(help="A price table that overrides the shipped one.")
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes, of one thread each; one per processor core.")
    ] = 2,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on standard output.")
    ] = False,
) -> None:
    """Replay active learning on labeled photos, with simulated workers, before money is spent.

    Each run splits the photos anew, trains a light head on the click encoder's features in every
    round, and decides by the functions that decide real runs. Prints how often machine labels met
    the target, what was saved, and how ways to choose compare with a random choice; writes the same
    with the article's pictures to --out. Interrupted, the same command goes on.
    """
    try:
        from scripts.active_learning_simulation.simulate import SimulationOptions, run_simulation
    except ImportError as error:
        raise FewclickError(
            f"this simulation needs torch and OpenCV: pip install 'fewclick[train]' ({error})."
        ) from error

    raise typer.Exit(
        run_simulation(
            SimulationOptions(
                data=data,
                out=out,
                encoder=encoder,
                sources=tuple(source or ()),
                prior_sources=tuple(prior_source or ()),
                kinds=tuple(kind or LabelKind),
                acquisitions=tuple(acquisition or Acquisition),
                targets=tuple(target or (0.6, 0.8)),
                seeds=seeds,
                workers=workers,
                worker_price=Decimal(worker_price),
                prices=prices,
                processes=processes,
                as_json=as_json,
            )
        )
    )
