"""`fewclick evaluate-clicks`: how good masks are after so many clicks, beside two baselines."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hooks.core.errors import FewclickError
from model_endpoint.click_simulator import Policy
from model_endpoint.evaluation import (
    DrawnOctagon,
    Evaluation,
    Method,
    read_objects,
    sample_objects,
)
from model_endpoint.model_directory import SHIPPED, load_network
from model_endpoint.predictor import ClickPredictor
from model_endpoint.reference_photos import DataSet
from scripts.click_model.evaluation_plot import plot_evaluation
from scripts.click_model.evaluation_table import curve_table, figures_table
from scripts.click_model.reference_data import open_data_set

PUBLISHED_MIOU = (72.72, 76.56, 77.62, 78.89, 80.57, 81.73)
"""After 0 to 5 clicks, in the article that this tool follows: other photos, other workers."""
SHOWN_PROBLEMS = 5
TABLE_WIDTH = 100


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """The command's options, as `fewclick evaluate-clicks --help` names them."""

    data: tuple[Path, ...]
    objects: int | None = 200
    policy: Policy = "boundary"
    jitter: float = 0.0
    seed: int = 1
    model_dir: Path | None = None
    clicks: int = 10
    most_clicks: int = 20
    grabcut: bool = True
    threads: int = 2
    exclude: tuple[str, ...] = ()
    s3_folder: Path | None = None
    label: str | None = None
    out: Path = field(default=Path("out/evaluation"))
    as_json: bool = False


def run_evaluation(options: EvaluateOptions) -> int:
    """Measure, print the tables, write `evaluation.json` and `evaluation.png`; the exit code."""
    errors = Console(stderr=True)
    try:
        predictor = ClickPredictor(load_network(options.model_dir or SHIPPED, options.threads))
    except (ValueError, KeyError, OSError) as error:
        raise FewclickError(f"the model cannot be loaded: {error}") from error
    sets = [open_data_set(path, options.s3_folder, options.label) for path in options.data]
    for data in sets:
        say_problems(data, errors)
    parts = [_evaluate(data, options, _methods(options, predictor), errors) for data in sets]
    found = {
        "model": predictor.network.name,
        "policy": options.policy,
        "jitter": options.jitter,
        "seed": options.seed,
        "clicks": options.clicks,
        "most_clicks": max(options.clicks, options.most_clicks),
        "published_miou": list(PUBLISHED_MIOU),
        "data": parts,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "evaluation.json").write_text(json.dumps(found, indent=1) + "\n")
    written = ["evaluation.json"]
    if _plot(found, options.out / "evaluation.png", errors):
        written.append("evaluation.png")
    if options.as_json:
        sys.stdout.write(json.dumps(found) + "\n")
        return 0
    console = Console()
    console.width = max(console.width, TABLE_WIDTH)
    for part in parts:
        console.print(part["sampled"], style="bold", highlight=False)
        console.print(curve_table(part, PUBLISHED_MIOU))
        console.print(figures_table(part))
    console.print(f"Written to {options.out}: {', '.join(written)}")
    return 0


def _methods(options: EvaluateOptions, predictor: ClickPredictor) -> list[Method]:
    methods = [Method("octagon", DrawnOctagon(), None)]
    if options.grabcut:
        try:
            from model_endpoint.grabcut import GrabCut
        except ImportError as error:
            raise FewclickError(
                "GrabCut needs OpenCV: pip install 'fewclick[train]', or say --without-grabcut."
            ) from error
        methods.append(Method("GrabCut", GrabCut(), "region"))
    methods.append(Method(predictor.network.name, predictor, options.policy))
    return methods


def _evaluate(
    data: DataSet, options: EvaluateOptions, methods: Sequence[Method], errors: Console
) -> dict[str, Any]:
    sampled = sample_objects(data, options.objects, options.exclude)
    evaluation = Evaluation(
        methods, options.clicks, options.most_clicks, options.jitter, options.seed
    )
    results = evaluation.start()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors) as progress:
        task = progress.add_task(data.name, total=len(sampled))
        for place, item in read_objects(sampled):
            evaluation.measure(item, results)
            progress.update(task, completed=place + 1)
        progress.update(task, completed=len(sampled))
    measured = len(results[0].objects)
    if measured == 0:
        raise FewclickError(f"{data.name}: no object is large enough to have four extreme points.")
    how = "all" if len(sampled) == data.object_count else "evenly spread"
    left_out = len(sampled) - measured
    return {
        "name": data.name,
        "objects": measured,
        "of": data.object_count,
        "too_thin": left_out,
        "sampled": f"{data.name}: {measured} of {data.object_count} objects, {how}"
        + (f", {left_out} too thin left out" if left_out else "")
        + f"; {options.policy} clicks, jitter {options.jitter:g} px, seed {options.seed}",
        "rows": [result.to_json() for result in results],
    }


def say_problems(data: DataSet, errors: Console) -> None:
    """Print the first few of what in a data set could not be used."""
    for problem in data.problems[:SHOWN_PROBLEMS]:
        errors.print(f"{data.name}: {problem}", markup=False, highlight=False)
    more = len(data.problems) - SHOWN_PROBLEMS
    if more > 0:
        errors.print(f"{data.name}: … and {more} more.", markup=False, highlight=False)


def _plot(found: dict[str, Any], path: Path, errors: Console) -> bool:
    try:
        plot_evaluation(found, path)
    except ImportError:
        errors.print("No plot: it needs matplotlib (pip install 'fewclick[train]').", markup=False)
        return False
    return True
