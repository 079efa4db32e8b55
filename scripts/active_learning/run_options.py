"""What `fewclick active-learn start` was asked for."""

from __future__ import annotations

from dataclasses import dataclass

from hooks.core.active_learning.acquisition import Acquisition
from hooks.core.active_learning.loop_plan import LabelKind
from scripts.active_learning.learner import LearnerSettings
from scripts.jobs.job_create_options import JobCreateOptions


@dataclass(frozen=True, slots=True)
class StartOptions:
    """The command line's options; see `fewclick active-learn start --help`.

    Attributes:
        job: what all of the run's labeling jobs have in common; its name is the run's.
        hours: that one training with its predictions takes, for the forecast.
        learner_image: of the user's own learner; None for fewclick's.
        wait_seconds: between two looks at a job.
    """

    job: JobCreateOptions
    learner: LearnerSettings
    kind: LabelKind = LabelKind.MASKS
    test_size: int = 20
    validation_size: int = 100
    training_size: int = 100
    batch_size: int = 100
    max_rounds: int = 5
    target: float = 0.6
    certainty: float = 0.95
    per_class: bool = False
    acquisition: Acquisition = Acquisition.ENTROPY
    seed: int = 0
    learner_image: str | None = None
    learner_role: str | None = None
    instance_type: str = "ml.c5.xlarge"
    hours: float = 0.5
    wait_seconds: int = 300
