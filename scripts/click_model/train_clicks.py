"""`fewclick train-clicks`: train the click model, resumably, and leave a model directory.

A run's folder holds `recipe.json` (everything that decides the weights), `checkpoint.pt`,
`log.jsonl` (a line every half minute), `curve.png` and at the end `model/`.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from hooks.core.errors import FewclickError
from scripts.click_model.evaluate_clicks import say_problems
from scripts.click_model.reference_data import open_data_set
from scripts.click_model.training_plot import plot_training

if TYPE_CHECKING:
    from model_endpoint.trainer import Recipe

RECIPE_FILE = "recipe.json"
CHECKPOINT_FILE = "checkpoint.pt"
LOG_FILE = "log.jsonl"
CURVE_FILE = "curve.png"
MODEL_FOLDER = "model"


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """The command's options, as `fewclick train-clicks --help` names them.

    None leaves what the configuration file, or the run that is resumed, says.
    """

    data: tuple[Path, ...]
    out: Path
    config: Path | None = None
    minutes: float | None = None
    steps: int | None = None
    seed: int | None = None
    device: str = "cpu"
    processes: int | None = None
    resume: bool = False
    start_from: Path | None = None
    exclude: tuple[str, ...] = ()
    s3_folder: Path | None = None
    label: str | None = None


def run_training(options: TrainOptions) -> int:
    """Train, export and plot; the exit code."""
    try:
        from model_endpoint.export import export, load_checkpoint
        from model_endpoint.train import run
        from model_endpoint.trainer import first_network
        from model_endpoint.training_config import write_recipe
    except ImportError as error:
        raise FewclickError(
            f"training needs {error.name}: pip install 'fewclick[train]'."
        ) from error
    errors = Console(stderr=True)
    recipe = _recipe(options)
    if not options.resume:
        first_network(recipe)  # refused before anything is written
    sets = [open_data_set(path, options.s3_folder, options.label) for path in options.data]
    for data in sets:
        say_problems(data, errors)
        errors.print(f"{data.name}: {len(data.photos)} photos, {data.object_count} objects.")
    options.out.mkdir(parents=True, exist_ok=True)
    write_recipe(recipe, options.out / RECIPE_FILE)  # so that a resumed run cannot drift
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[said]}"),
    )
    log = options.out / LOG_FILE
    progress = Progress(*columns, console=errors)
    task = progress.add_task("training", total=1.0, said="")

    def on_step(fraction: float, steps: int) -> None:
        progress.start()  # not before: its thread must not be there when processes fork
        progress.update(task, completed=fraction, said=f"step {steps}")

    try:
        run(
            recipe,
            [photo for data in sets for photo in data.photos],
            options.out,
            options.device,
            on_step,
        )
    finally:
        progress.stop()
    with warnings.catch_warnings():
        # torch announces that its older ONNX exporter will go; the newer one needs more packages.
        warnings.simplefilter("ignore", DeprecationWarning)
        network = load_checkpoint(options.out / CHECKPOINT_FILE)
        export(network, options.out / MODEL_FOLDER, recipe.label, recipe.final_size)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    plot_training(lines, recipe.label, options.out / CURVE_FILE)
    console = Console(soft_wrap=True)
    console.print(_summary(lines), markup=False, highlight=False)
    model = options.out / MODEL_FOLDER
    console.print(f"Model: {model} (try: fewclick evaluate-clicks --data … --model-dir {model})")
    return 0


def _recipe(options: TrainOptions) -> Recipe:
    """What to train by: the configuration's recipe, or that of the run that is resumed."""
    from model_endpoint.training_config import CONFIGS, read_recipe

    overrides: dict[str, Any] = {"data": [path.name for path in options.data]}
    for name in ("minutes", "steps", "seed", "processes"):
        if getattr(options, name) is not None:
            overrides[name] = getattr(options, name)
    if options.minutes is not None and options.steps is not None:
        raise FewclickError("--minutes and --steps are two ways to say the same: give one.")
    if options.minutes is not None:
        overrides["steps"] = None
    if options.start_from is not None:
        overrides["start_from"] = str(options.start_from)
    if options.exclude:
        overrides["excluded"] = list(options.exclude)
    started = options.out / RECIPE_FILE
    if options.resume:
        if not started.exists():
            raise FewclickError(f"{options.out} holds no run to resume: {RECIPE_FILE} is missing.")
        if (options.config, options.seed, options.start_from) != (None, None, None):
            raise FewclickError("a resumed run keeps its configuration, its seed and its start.")
        recipe = read_recipe(started, overrides)
    elif (options.out / CHECKPOINT_FILE).exists():
        raise FewclickError(
            f"{options.out} holds a run already: give --resume to go on, or another --out."
        )
    else:
        recipe = read_recipe(options.config or CONFIGS / "small.json", overrides)
    return recipe


def _summary(lines: Sequence[dict[str, Any]]) -> str:
    last = lines[-1]
    return (
        f"{last['step']} steps, {last['samples']} samples, {last['minutes']:.1f} minutes; IoU in "
        f"training: first mask {100 * last['iou_first']:.1f} %, "
        f"after clicks {100 * last['iou_click']:.1f} %."
    )
