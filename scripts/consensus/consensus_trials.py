"""One trial of the benchmark: some workers' label maps of one scene go through every method.

A trial is a small value that can be sent to another process; everything random in it comes from
its own numbers, so that it gives the same wherever and whenever it runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from hooks.core.consensus import Method
from hooks.core.masks import LabelMap
from scripts.consensus.annotator_sets import AnnotatorSet
from scripts.consensus.consensus_anchors import BY_NAME, consolidate_ours
from scripts.consensus.consensus_scenes import SimulatedSet
from scripts.consensus.consensus_scores import mean_boundary_f, mean_iou
from scripts.consensus.worker_simulator import BAD_KINDS, draw

CONFIGURATIONS = (
    *((2, 0), (2, 1), (3, 0), (3, 1), (5, 0)),
    *((5, 1), (5, 2), (9, 0), (9, 2), (9, 3)),
)
"""Workers, and how many of them are bad. (2, 1) has more bad ones than any method can outvote."""

DRAW_STREAM = 3
WORKERS_OF_REAL_SETS = (2, 3, 5)
ADDED_BAD = ((2, 1),)
"""In sets without an expert: so many real people and so many simulated bad ones beside them."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Workers' label maps of one scene, uint8 (height, width), what is true, and who is honest."""

    truth: LabelMap
    label_maps: tuple[LabelMap, ...]
    honest: tuple[bool, ...] | None
    classes: int


@dataclass(frozen=True, slots=True)
class SimulatedTrial:
    """Simulated workers on one scene."""

    source: SimulatedSet
    scene: int
    workers: int
    bad: int

    @property
    def set_name(self) -> str:
        """The name of the set that the trial belongs to."""
        return self.source.name

    @property
    def scene_name(self) -> str:
        """The scene; trials of one scene are not independent."""
        return str(self.scene)

    def panels(self) -> Iterator[Panel]:
        """The one panel of this trial."""
        truth = self.source.truth(self.scene)
        drawn = self.source.workers(truth, self.scene, self.workers, self.bad)
        honest = tuple(kind.honest for kind in drawn.kinds)
        yield Panel(truth, drawn.label_maps, honest, self.source.classes)


@dataclass(frozen=True, slots=True)
class AnnotatorTrial:
    """Real people's masks of one object: random choices of so many of them.

    With an expert, `draws` choices are compared with the expert's mask. Without one, each person
    in turn is the truth and the others are consolidated; `bad` simulated workers join them.
    """

    path: Path
    set_name: str
    scene_name: str
    workers: int
    bad: int
    draws: int
    seed: int

    def panels(self) -> Iterator[Panel]:
        """All choices, reproducible."""
        masks = _open_set(self.path).read(self.scene_name)
        words = (*self.scene_name.encode(), self.workers, self.bad)
        rng = np.random.default_rng((self.seed, DRAW_STREAM, *words))
        if masks.gold is not None:
            for _ in range(1 if self.workers == len(masks.answers) else self.draws):
                chosen = sorted(rng.permutation(len(masks.answers))[: self.workers])
                yield Panel(masks.gold, tuple(masks.answers[i] for i in chosen), None, 1)
            return
        for left_out, truth in enumerate(masks.answers):
            others = [mask for place, mask in enumerate(masks.answers) if place != left_out]
            chosen = sorted(rng.permutation(len(others))[: self.workers - self.bad])
            kinds = [BAD_KINDS[rng.integers(len(BAD_KINDS))] for _ in range(self.bad)]
            bad = tuple(draw(rng, truth, 1, kind) for kind in kinds)
            honest = (True,) * len(chosen) + (False,) * self.bad
            yield Panel(truth, (*(others[i] for i in chosen), *bad), honest, 1)


Trial = SimulatedTrial | AnnotatorTrial


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one panel.

    Attributes:
        iou, boundary_f: scores by method's name.
        confidence: image confidence of `robust`, for the same result as its score.
        relative_weights: number of workers times weight, of `robust`, by worker; empty with two.
        honest: by worker, None where nobody knows.
    """

    set_name: str
    scene_name: str
    workers: int
    bad: int
    iou: Mapping[str, float]
    boundary_f: Mapping[str, float]
    confidence: float
    relative_weights: tuple[float, ...]
    honest: tuple[bool, ...] | None


def annotator_trials(
    source: AnnotatorSet, objects: int | None, draws: int, seed: int
) -> list[Trial]:
    """The trials of a real set: on `objects` of its objects, evenly spread, or on all."""
    names = list(source.files)
    if objects is not None and objects < len(names):
        names = [names[len(names) * place // objects] for place in range(objects)]
    trials: list[Trial] = []
    for name in names:
        answers = len(source.files[name])
        if source.gold:
            sizes = sorted({*(n for n in WORKERS_OF_REAL_SETS if n <= answers), answers})
            configurations = [(size, 0) for size in sizes]
        else:
            honest = answers - 1
            configurations = [(n, 0) for n in range(2, honest + 1)]
            configurations += [(n + bad, bad) for n, bad in ADDED_BAD if n <= honest]
        trials += [
            AnnotatorTrial(source.path, source.name, name, workers, bad, draws, seed)
            for workers, bad in configurations
        ]
    return trials


def run_trial(trial: Trial, names: Sequence[str]) -> list[Outcome]:
    """Consolidate every panel of a trial by the methods named; `robust` is one of them."""
    return [_run_panel(trial, panel, names) for panel in trial.panels()]


def _run_panel(trial: Trial, panel: Panel, names: Sequence[str]) -> Outcome:
    consensus = consolidate_ours(panel.label_maps, panel.classes, Method.ROBUST)
    results = {Method.ROBUST.value: consensus.label_map}
    for name in names:
        candidate = BY_NAME[name]
        if name not in results and candidate.can(panel.classes):
            results[name] = candidate.consolidate(panel.label_maps, panel.classes)
    weights = [consensus.workers[worker].relative_weight for worker in sorted(consensus.workers)]
    known = tuple(weight for weight in weights if weight is not None)
    return Outcome(
        set_name=trial.set_name,
        scene_name=trial.scene_name,
        workers=trial.workers,
        bad=trial.bad,
        iou={
            name: mean_iou(result, panel.truth, panel.classes) for name, result in results.items()
        },
        boundary_f={
            name: mean_boundary_f(result, panel.truth, panel.classes)
            for name, result in results.items()
        },
        confidence=consensus.image_confidence,
        relative_weights=known if len(known) == len(weights) else (),
        honest=panel.honest,
    )


@lru_cache(maxsize=4)
def _open_set(path: Path) -> AnnotatorSet:
    return AnnotatorSet.open(path)
