"""`fewclick simulate-active-learning`: every seed, every way to choose, and what it all says."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from queue import Empty
from typing import Any

import typer
from rich.console import Console

from hooks.core.active_learning.acquisition import Acquisition
from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.categories import LabelCategories
from hooks.core.labeled_box import LabeledBox
from scripts.active_learning_simulation.learner import CLASS
from scripts.active_learning_simulation.photo_features import on_canvas
from scripts.active_learning_simulation.replay import MachineMade, replay
from scripts.active_learning_simulation.results import (
    Results,
    Trial,
    append_result,
    claim,
    read_results,
)
from scripts.active_learning_simulation.seed_trials import (
    Bench,
    Source,
    run_seed,
    start_process,
)
from scripts.active_learning_simulation.simulated_labels import human_iou
from scripts.active_learning_simulation.summary import summarize
from scripts.active_learning_simulation.summary_table import (
    seeds_table,
    summary_tables,
    table_text,
)
from scripts.durations import span_of
from scripts.loop_report.label_gallery import MachineLabel
from scripts.loop_report.loop_report import write_loop_report
from scripts.prices import load_prices
from scripts.progress import counting

SUMMARY_FILE = "summary.json"
SHOWN = 6
"""Machine labels in each row of a report's gallery."""


@dataclass(frozen=True, slots=True)
class SimulationOptions:
    """What the command line asked for; see `fewclick simulate-active-learning --help`."""

    data: Path
    out: Path
    encoder: Path
    sources: tuple[str, ...] = ()
    prior_sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = tuple(LabelKind)
    acquisitions: tuple[str, ...] = tuple(Acquisition)
    targets: tuple[float, ...] = (0.6, 0.8)
    seeds: int = 20
    workers: int = 5
    worker_price: Decimal = Decimal("0.036")
    prices: Path | None = None
    processes: int = 2
    as_json: bool = False


def run_simulation(options: SimulationOptions) -> int:
    """Carry out what is missing, then say what all of it says; the exit code."""
    console = Console(stderr=True)
    source = _source(options)
    photos = source.photos()
    source.prior_photos()  # refused before anything is computed
    claim(
        options.out,
        {
            "data": options.data.name,
            "sources": list(options.sources),
            "prior_sources": list(options.prior_sources),
            "photos": len(photos),
            "encoder": options.encoder.name,
            "human_cost": str(source.human_cost),
            "machine_cost": str(source.machine_cost),
        },
    )
    console.print(
        f"{len(photos)} photos; a label costs {source.human_cost} USD from people and "
        f"{source.machine_cost} USD by machine."
    )
    bench = Bench.open(source)
    for kind in options.kinds:
        bench.learner(kind)  # before there are several processes that would all prepare it
    results = read_results(options.out)
    _carry_out(options, source, results, console)
    wanted = set(_trials(options))
    results = {trial: result for trial, result in results.items() if trial in wanted}
    summary = summarize(results)
    for kind, found in summary.items():
        world = bench.world(kind, 0)
        found["human_iou"] = human_iou(world.human, world.references, boxes=kind == LabelKind.BOXES)
        page = _report(options, bench, results, kind, found)
        console.print(f"{kind}: {page}")
    text = json.dumps(summary, indent=1)
    (options.out / SUMMARY_FILE).write_text(text + "\n", encoding="utf-8")
    if options.as_json:
        typer.echo(text)
        return 0
    for kind, found in summary.items():
        typer.echo(
            f"\n{kind.upper()} (people's labels agree with the references to "
            f"{found['human_iou']:.3f})\n"
        )
        for table in summary_tables(found):
            typer.echo(table_text(table))
    return 0


def _source(options: SimulationOptions) -> Source:
    prices = load_prices(options.prices)
    return Source(
        data=options.data,
        sources=options.sources,
        encoder=options.encoder,
        cache=options.out / "features",
        human_cost=prices.object_fees(1) + options.workers * options.worker_price,
        machine_cost=prices.machine_label,
        prior_sources=options.prior_sources,
    )


def _trials(options: SimulationOptions) -> list[Trial]:
    """By kind and seed, so a simulation that is interrupted has whole seeds to compare."""
    return [
        Trial(kind, seed, acquisition, target)
        for kind in options.kinds
        for seed in range(options.seeds)
        for target in (*options.targets, None)
        for acquisition in options.acquisitions
    ]


def _carry_out(
    options: SimulationOptions, source: Source, results: Results, console: Console
) -> None:
    """Add what is missing to the results, and to their file."""
    groups: dict[tuple[str, int], list[Trial]] = {}
    for trial in _trials(options):
        if trial not in results:
            groups.setdefault((trial.kind, trial.seed), []).append(trial)
    total = sum(map(len, groups.values()))
    if not total:
        return
    console.print(f"{total} trials to carry out, {len(results)} are there.")
    # A process forked after torch has computed may hang in it.
    context = multiprocessing.get_context("spawn")
    began = time.monotonic()
    with (
        context.Manager() as manager,
        ProcessPoolExecutor(options.processes, context, start_process, (source,)) as pool,
        counting("simulating", total) as advance,
    ):
        queue = manager.Queue()
        futures = [pool.submit(run_seed, trials, queue) for trials in groups.values()]
        try:
            for number in range(1, total + 1):
                trial, result = _next(queue, futures)
                results[trial] = result
                append_result(options.out, trial, result)
                advance()
                if number % 25 == 0 and not console.is_terminal:
                    left = (time.monotonic() - began) / number * (total - number)
                    console.print(f"{number} of {total} trials; about {span_of(left)} left.")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _next(queue: Any, futures: Sequence[Future[None]]) -> tuple[Trial, Mapping[str, Any]]:
    """The next result; what a process failed of is raised here."""
    while True:
        try:
            found: tuple[Trial, Mapping[str, Any]] = queue.get(timeout=1)
        except Empty:
            for future in futures:
                if future.done():
                    future.result()
            continue
        return found


def _report(
    options: SimulationOptions,
    bench: Bench,
    results: Results,
    kind: str,
    found: Mapping[str, Any],
) -> Path:
    """The pictures of the first seed's run at the first target, and the tables of all runs."""
    acquisition = next(
        (name for name in options.acquisitions if name != Acquisition.RANDOM), Acquisition.RANDOM
    )
    trial = Trial(kind, 0, acquisition, options.targets[0])
    plan = bench.plan(trial)
    played = replay(plan, bench.world(kind, 0))
    by_iou = sorted(played.machine, key=lambda made: made.iou)
    photos = bench.source.photos()

    def shown(made: MachineMade) -> MachineLabel:
        return _machine_label(made, on_canvas(photos[made.place].read_photo()), kind)

    return write_loop_report(
        options.out / kind,
        title=f"Active learning simulated: {kind}",
        facts={
            "photos": f"{plan.objects} of {options.data.name}",
            "the pictures' run": f"seed 0, {acquisition}, target {plan.target_iou:g}",
            "certainty": f"{plan.certainty:g}, spent over {plan.max_rounds} rounds",
            "people's labels": f"agree with the references to {found['human_iou']:.3f}",
            "a label costs": f"{plan.human_cost} USD from people, {plan.machine_cost} by machine",
        },
        cost=played.cost,
        outcomes=played.outcomes,
        model_ious=played.model_ious,
        target=plan.target_iou,
        labels=LabelCategories.from_names([CLASS]),
        best=[shown(made) for made in by_iou[: -SHOWN - 1 : -1]],
        worst=[shown(made) for made in by_iou[:SHOWN]],
        tables=[*summary_tables(found), seeds_table(results, kind)],
    )


def _machine_label(made: MachineMade, photo: Any, kind: str) -> MachineLabel:
    if kind == LabelKind.BOXES:
        boxes = tuple(
            LabeledBox(1, left, top, right - left, bottom - top)
            for left, top, right, bottom in made.label.tolist()
        )
        return MachineLabel(str(made.place), photo, made.confidence, None, boxes, made.iou)
    whole = made.label.repeat(2, 0).repeat(2, 1)[: photo.shape[0], : photo.shape[1]]
    return MachineLabel(
        str(made.place), photo, made.confidence, whole.astype("uint8"), (), made.iou
    )
