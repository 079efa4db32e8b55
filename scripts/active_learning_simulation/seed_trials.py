"""The trials of one seed, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from hooks.core.active_learning.acquisition import Acquisition
from hooks.core.active_learning.loop_plan import LabelKind, LoopPlan
from model_endpoint.reference_photos import ReferencePhoto, read_indexed
from scripts.active_learning_simulation import box_learner, mask_learner
from scripts.active_learning_simulation.box_learner import BoxLearner
from scripts.active_learning_simulation.labeled_photos import References, read_references
from scripts.active_learning_simulation.learner import Learner
from scripts.active_learning_simulation.mask_learner import MaskLearner
from scripts.active_learning_simulation.photo_features import PhotoFeatures, read_features
from scripts.active_learning_simulation.prior_head import read_prior_head
from scripts.active_learning_simulation.prior_photos import prior_folder, read_prior
from scripts.active_learning_simulation.replay import World, learning_curve, replay
from scripts.active_learning_simulation.results import Trial
from scripts.active_learning_simulation.simulated_labels import answer
from scripts.active_learning_simulation.simulated_plan import simulated_plan
from scripts.refusal import RefusedError

CURVE_BATCHES = 2
"""Batches after which a learning curve ends."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the photos of a simulation and what is known of them come from.

    Attributes:
        sources: of the data set, that are taken; all if there are none.
        prior_sources: from whose photos heads learn before the replays; may be empty.
    """

    data: Path
    sources: tuple[str, ...]
    encoder: Path
    cache: Path
    human_cost: Decimal
    machine_cost: Decimal
    prior_sources: tuple[str, ...] = ()

    def photos(self) -> tuple[ReferencePhoto, ...]:
        """Raises RefusedError when the data set has no such source."""
        return self._of(self.sources) if self.sources else read_indexed(self.data).photos

    def prior_photos(self) -> tuple[ReferencePhoto, ...]:
        """Raises RefusedError when there is no such source, or it is replayed itself."""
        both = sorted(set(self.prior_sources) & set(self.sources))
        if both or (self.prior_sources and not self.sources):
            named = ", ".join(both or self.prior_sources)
            raise RefusedError(
                f"--prior-source {named}: a head may not learn from photos that are replayed; say "
                "with --source which others are."
            )
        return self._of(self.prior_sources)

    def _of(self, sources: tuple[str, ...]) -> tuple[ReferencePhoto, ...]:
        found = read_indexed(self.data).photos
        known = sorted({photo.source for photo in found})
        for source in sources:
            if source not in known:
                raise RefusedError(
                    f"{self.data} has no photos of source {source!r}; it has {', '.join(known)}."
                )
        return tuple(photo for photo in found if photo.source in sources)


@dataclass(frozen=True, slots=True)
class Bench:
    """All that trials need, read once by a process."""

    source: Source
    features: PhotoFeatures
    references: References

    @classmethod
    def open(cls, source: Source) -> Bench:
        photos = source.photos()
        features = read_features(photos, source.encoder, source.cache)
        return cls(source, features, read_references(photos))

    def learner(self, kind: str) -> Learner:
        """What learns the labels of a kind, from the prior head where there is one."""
        if kind == LabelKind.BOXES:
            return BoxLearner(self.features, self._prior(kind, box_learner))
        return MaskLearner(self.features, self._prior(kind, mask_learner))

    def _prior(self, kind: str, how: Any) -> Mapping[str, Any] | None:
        photos = self.source.prior_photos()
        if not photos:
            return None
        folder = prior_folder(photos, self.features.folder)
        return read_prior_head(
            folder / f"{kind}.safetensors",
            how.OUTPUTS,
            lambda: how.prior_examples(
                read_prior(photos, self.source.encoder, self.features.folder)
            ),
            how.LOSS,
        )

    def plan(self, trial: Trial) -> LoopPlan:
        return simulated_plan(
            LabelKind(trial.kind),
            len(self.features.sizes),
            seed=trial.seed,
            acquisition=Acquisition(trial.acquisition),
            target=trial.target or 0.5,
            human_cost=self.source.human_cost,
            machine_cost=self.source.machine_cost,
        )

    def world(self, kind: str, seed: int) -> World:
        """The photos with the labels that people give them in the runs of a seed."""
        human = answer(self.references, self.features.sizes, seed)
        return World(self.learner(kind), human, self.references)

    def try_all(
        self, trials: Sequence[Trial], done: Callable[[Trial, Mapping[str, Any]], None]
    ) -> None:
        """Carry out trials of one kind and seed."""
        world = self.world(trials[0].kind, trials[0].seed)
        for trial in trials:
            plan = self.plan(trial)
            if trial.target is None:
                points = learning_curve(plan, world, plan.acquisition, CURVE_BATCHES)
                done(trial, {"points": points})
            else:
                done(trial, replay(plan, world).to_json(trial.target))


_bench: Bench | None = None


def start_process(source: Source) -> None:
    """Prepare a process for `run_seed`: one thread, as there are as many processes as cores."""
    global _bench
    import cv2
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    _bench = Bench.open(source)


def run_seed(trials: Sequence[Trial], queue: Any) -> None:
    """Carry out trials of one kind and seed, and put each result in the queue."""
    assert _bench is not None
    _bench.try_all(trials, lambda trial, result: queue.put((trial, result)))
