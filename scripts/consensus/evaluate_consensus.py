"""`fewclick evaluate-consensus`: our consolidation of workers' masks beside everybody else's."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hooks.core.errors import FewclickError
from scripts.consensus.annotator_sets import AnnotatorSet
from scripts.consensus.consensus_anchors import Candidate, choose_candidates
from scripts.consensus.consensus_figures import confidence_rank, summarise, weight_auc
from scripts.consensus.consensus_plot import plot_consensus
from scripts.consensus.consensus_scenes import SimulatedSet, find_objects
from scripts.consensus.consensus_speed import (
    SPEED_CASES,
    SpeedCase,
    SpeedOptions,
    ignore_interrupts,
    measure_case,
)
from scripts.consensus.consensus_table import (
    comparison_table,
    ranking_table,
    scores_table,
    speed_table,
)
from scripts.consensus.consensus_trials import (
    CONFIGURATIONS,
    Outcome,
    SimulatedTrial,
    Trial,
    annotator_trials,
    run_trial,
)

TUNING_SEED = 7
"""The constants of `robust` were chosen on this seed, so figures of it flatter."""
MANY_CLASSES = 12
MANY_CLASSES_SHARE = 3
"""Of the scenes of one class, every third time one of many classes: these cost more."""
SYNTH1, SYNTH12, REAL1 = 1, 12, 101
"""Numbers of the sets' random streams."""
TABLE_WIDTH = 132


@dataclass(frozen=True, slots=True)
class ConsensusOptions:
    """The command's options, as `fewclick evaluate-consensus --help` names them."""

    masks: Path | None = None
    annotators: tuple[Path, ...] = ()
    scenes: int = 24
    objects: int | None = None
    draws: int = 3
    seed: int = 20261121
    without: tuple[str, ...] = ()
    speed: bool = False
    rounds: int = 5
    budget: float = 60.0
    processes: int | None = None
    out: Path = Path("out/consensus")
    as_json: bool = False


def run_evaluation(
    options: ConsensusOptions, speed_cases: Sequence[SpeedCase] = SPEED_CASES
) -> int:
    """Measure, print the tables, write `consensus.json` and `consensus.png`; the exit code."""
    errors = Console(stderr=True)
    candidates = choose_candidates(options.without)
    trials = all_trials(options)
    if not trials and not options.speed:
        raise FewclickError("there is nothing to measure: --scenes is 0, and no set is named.")
    columns = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=errors) as progress:
        outcomes = _run_trials(trials, candidates, options, progress)
        speed = _measure_speed(speed_cases, candidates, options, progress) if options.speed else []
    found = _figures(outcomes, candidates, options) | {"speed": speed}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "consensus.json").write_text(json.dumps(found, indent=1) + "\n")
    written = ["consensus.json"]
    if _plot(found, options.out / "consensus.png", errors):
        written.append("consensus.png")
    if options.as_json:
        sys.stdout.write(json.dumps(found) + "\n")
        return 0
    console = Console()
    console.width = max(console.width, TABLE_WIDTH)
    print_tables(found, console)
    console.print(f"Written to {options.out}: {', '.join(written)}", highlight=False)
    return 0


def all_trials(options: ConsensusOptions) -> list[Trial]:
    """Everything that is measured, set by set.

    Raises:
        FewclickError: a folder or zip that cannot be used.
    """
    count, seed = options.scenes, options.seed
    sets = []
    if count:
        many = max(count // MANY_CLASSES_SHARE, 1)
        sets = [
            SimulatedSet("synth1", SYNTH1, 1, count, seed),
            SimulatedSet("synth12", SYNTH12, MANY_CLASSES, many, seed),
        ]
        if options.masks is not None:
            masks = find_objects(options.masks, count)
            sets.append(SimulatedSet("real1", REAL1, 1, len(masks), seed, masks))
    trials: list[Trial] = [
        SimulatedTrial(source, scene, workers, bad)
        for source in sets
        for scene in range(source.scenes)
        for workers, bad in CONFIGURATIONS
    ]
    names = [source.name for source in sets]
    for path in options.annotators:
        real = AnnotatorSet.open(path)
        if real.name in names:
            raise FewclickError(f"there are two sets called {real.name}; rename {path}.")
        names.append(real.name)
        found = annotator_trials(real, options.objects, options.draws, options.seed)
        if not found:
            raise FewclickError(
                f"{path}: two people per object and no expert; with the one as the truth there "
                "is nobody left to agree with the other."
            )
        trials += found
    return trials


def print_tables(found: dict[str, Any], console: Console) -> None:
    """All tables of `consensus.json`."""
    tuned = (
        "the seed that the constants were tuned on"
        if found["seed"] == found["tuning_seed"]
        else f"constants tuned on seed {found['tuning_seed']}"
    )
    console.print(f"seed {found['seed']}; {tuned}", style="bold", highlight=False)
    for part in found["sets"]:
        console.print(f"{part['name']}: {part['scenes']} scenes", style="bold", highlight=False)
        console.print(scores_table(part, "iou"))
        console.print(scores_table(part, "boundary_f"))
        console.print(comparison_table(part))
    if found["sets"]:
        console.print(ranking_table(found))
    if found["speed"]:
        console.print(speed_table(found["speed"], "cpu_ms"))
        console.print(speed_table(found["speed"], "peak_mib"))


def _run_trials(
    trials: Sequence[Trial],
    candidates: Sequence[Candidate],
    options: ConsensusOptions,
    progress: Progress,
) -> list[Outcome]:
    """All outcomes, in the order of the trials."""
    if not trials:
        return []
    names = tuple(candidate.name for candidate in candidates)
    task = progress.add_task("consolidating", total=len(trials))
    found: dict[int, list[Outcome]] = {}
    for place, outcomes in _in_any_order(trials, names, options.processes or os.cpu_count() or 1):
        found[place] = outcomes
        progress.update(task, advance=1, description=f"consolidating {trials[place].set_name}")
    return [outcome for place in sorted(found) for outcome in found[place]]


def _in_any_order(
    trials: Sequence[Trial], names: tuple[str, ...], processes: int
) -> Iterator[tuple[int, list[Outcome]]]:
    if processes == 1:
        for place, trial in enumerate(trials):
            yield place, run_trial(trial, names)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, initializer=ignore_interrupts)
    try:
        waiting = {pool.submit(run_trial, trial, names): i for i, trial in enumerate(trials)}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    except BaseException as error:
        # A slow method may hold a process for minutes: an interrupted run does not wait for it.
        pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.kill()
        if isinstance(error, BrokenProcessPool):
            raise FewclickError(
                "a process ended before its time, as when memory is short; try --processes "
                f"{max(processes // 2, 1)} or --without the largest methods."
            ) from error
        raise
    pool.shutdown()


def _measure_speed(
    cases: Sequence[SpeedCase],
    candidates: Sequence[Candidate],
    options: ConsensusOptions,
    progress: Progress,
) -> list[dict[str, Any]]:
    how = SpeedOptions(options.rounds, options.budget, options.seed)
    total = sum(candidate.can(case.classes) for case in cases for candidate in candidates)
    task = progress.add_task("measuring", total=total * options.rounds)
    measured = []
    for case in cases:

        def advance(name: str, case: SpeedCase = case) -> None:
            progress.update(task, advance=1, description=f"{case.size.width} px: {name}")

        measured.append(measure_case(case, candidates, how, advance))
    return measured


def _figures(
    outcomes: Sequence[Outcome], candidates: Sequence[Candidate], options: ConsensusOptions
) -> dict[str, Any]:
    names = [candidate.name for candidate in candidates]
    anchors = [candidate.name for candidate in candidates if not candidate.ours]
    by_set: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_set.setdefault(outcome.set_name, []).append(outcome)
    real = {AnnotatorSet.open(path).name for path in options.annotators}
    simulated = [outcome for outcome in outcomes if outcome.set_name not in real]
    return {
        "seed": options.seed,
        "tuning_seed": TUNING_SEED,
        "sets": [summarise(part, names, anchors) for part in by_set.values()],
        "simulated": {
            "name": "all simulated",
            "confidence_spearman": confidence_rank(simulated),
            "weight_auc": weight_auc(simulated),
        }
        if simulated
        else None,
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }


def _plot(found: dict[str, Any], path: Path, errors: Console) -> bool:
    try:
        plot_consensus(found, path)
    except ImportError:
        errors.print(
            "No plot: it needs matplotlib (pip install 'fewclick[benchmark]').", markup=False
        )
        return False
    return True
