"""Three pictures of a run: labels, IoU and cost, by iteration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hooks.core.active_learning.loop_cost import LoopCost
from hooks.core.active_learning.round import RoundOutcome
from scripts.refusal import RefusedError

HUMAN, MACHINE, ROUND = "tab:blue", "tab:orange", "0.6"
WIDTH, HEIGHT = 6.4, 3.8


def plot_labels(cost: LoopCost, path: Path) -> None:
    """How many photos people and the machine labeled in every phase."""
    figure, axes = _figure()
    names = [phase.phase for phase in cost.phases]
    human = [phase.human for phase in cost.phases]
    machine = [phase.machine for phase in cost.phases]
    below = axes.bar(names, human, color=HUMAN, label=f"people, {cost.human}")
    above = axes.bar(names, machine, bottom=human, color=MACHINE, label=f"machine, {cost.machine}")
    for bars, values in ((below, human), (above, machine)):
        axes.bar_label(bars, [str(value or "") for value in values], label_type="center")
    _finish(figure, axes, "photos labeled", path)


def plot_ious(
    outcomes: Sequence[RoundOutcome],
    model_ious: Sequence[float | None],
    target: float,
    path: Path,
) -> None:
    """Mean IoU with people's labels in every round, of the whole validation set and of what lay
    above the threshold, with what is guaranteed of the machine labels."""
    figure, axes = _figure()
    names = [f"round-{outcome.round}" for outcome in outcomes]
    axes.plot(
        names,
        [_or_gap(iou) for iou in model_ious],
        color=HUMAN,
        marker="o",
        label="model, all validation photos",
    )
    classes = sorted({name for outcome in outcomes for name in outcome.calibrations})
    for place, name in enumerate(classes):
        found = [outcome.calibrations.get(name) for outcome in outcomes]
        passed = [None if one is None or one.threshold is None else one for one in found]
        of_class = f" {name}" if name else ""
        look: Mapping[str, Any] = {"color": f"C{1 + place}", "linestyle": "none"}
        axes.plot(
            names,
            [_or_gap(None if one is None else one.mean_iou) for one in passed],
            marker="s",
            label=f"above the threshold{of_class}",
            **look,
        )
        axes.plot(
            names,
            [_or_gap(None if one is None else one.bound) for one in passed],
            marker="_",
            markersize=16,
            markeredgewidth=2,
            label=f"guaranteed of machine labels{of_class}",
            **look,
        )
    axes.axhline(target, color="black", linewidth=1, linestyle="--", label=f"target {target:g}")
    axes.set_ylim(0, 1)
    _finish(figure, axes, "mean IoU", path)


def plot_cost(cost: LoopCost, path: Path) -> None:
    """Dollars in every phase, and together, beside what people alone would have cost."""
    figure, axes = _figure()
    names = [phase.phase for phase in cost.phases]
    below = [0.0] * len(names)
    parts = (
        ("people", HUMAN, [float(phase.human_cost) for phase in cost.phases]),
        ("machine", MACHINE, [float(phase.machine_cost) for phase in cost.phases]),
        ("training", ROUND, [float(phase.round_cost) for phase in cost.phases]),
    )
    for name, colour, values in parts:
        if any(values):
            axes.bar(names, values, bottom=below, color=colour, label=f"{name}, {sum(values):.2f}")
        below = [base + value for base, value in zip(below, values, strict=True)]
    together = [sum(below[: place + 1]) for place in range(len(below))]
    axes.plot(names, together, color="black", marker=".", label=f"together, {together[-1]:.2f}")
    everything = float(cost.all_human)
    axes.axhline(
        everything, color="tab:red", linestyle="--", label=f"people alone, {everything:.2f}"
    )
    _finish(figure, axes, "US dollars", path)


def _or_gap(value: float | None) -> float:
    return float("nan") if value is None else value


def _figure() -> tuple[Any, Any]:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RefusedError(
            f"pictures of a run need matplotlib: pip install 'fewclick[train]' ({error})."
        ) from error
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    FigureCanvasAgg(figure)  # draws without a screen
    return figure, figure.subplots()


def _finish(figure: Any, axes: Any, what: str, path: Path) -> None:
    axes.set_ylabel(what)
    axes.tick_params(axis="x", labelrotation=30, labelsize=8)
    axes.grid(alpha=0.3, axis="y")
    axes.set_axisbelow(True)
    axes.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
