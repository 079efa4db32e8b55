"""The labeling jobs of a run, every phase's, made before the first begins. Pure.

In the first phases people draw; from the first batch on they correct what a model predicted. A
prediction stands in the lines as the label "<run>-predicted", and every job writes the label
"<run>".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hooks.core.active_learning.labeling_request import LINE, MAX_NAME
from hooks.core.active_learning.loop_plan import LabelKind, LoopPlan
from hooks.core.active_learning.phases import FIRST, all_phases
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.job_settings import JobKind
from scripts.jobs.job_environment import JobEnvironment
from scripts.jobs.job_plan import JobPlan, JobWishes, plan_job
from scripts.jobs.labeling_job_request import TaskTerms
from scripts.refusal import RefusedError

DRAWN = {LabelKind.MASKS: JobKind.SEGMENTATION, LabelKind.BOXES: JobKind.BOUNDING_BOX}
CORRECTED = {LabelKind.MASKS: JobKind.ADJUSTMENT, LabelKind.BOXES: JobKind.BOUNDING_BOX}
MAX_RUN_NAME = 40
RESERVE = len("-99")
"""Of a name: another attempt at a job has its number behind it."""


@dataclass(frozen=True, slots=True)
class PhaseJob:
    """A phase's labeling job; its request's address in the run's folder."""

    phase: str
    address: str
    plan: JobPlan


def predicted_attribute(name: str) -> str:
    """The attribute in which a line has the model's prediction."""
    return f"{name}-predicted"


def reserved_attributes(name: str) -> tuple[str, ...]:
    """What no line of the input manifest may have."""
    return name, predicted_attribute(name), LINE


def phase_jobs(
    plan: LoopPlan,
    folder: RunFolder,
    wishes: JobWishes,
    terms: Mapping[JobKind, TaskTerms],
    environment: JobEnvironment,
    team_arn: str,
) -> list[PhaseJob]:
    """The jobs of all phases that may come.

    Args:
        wishes: of the run; names and kinds are each phase's own.
        terms: what workers are told and paid, by kind of job.

    Raises:
        RefusedError: the run's name is too long, or Ground Truth would refuse a job.
    """
    if len(plan.name) > MAX_RUN_NAME:
        raise RefusedError(
            f"the name {plan.name} has {len(plan.name)} characters: a run's has at most "
            f"{MAX_RUN_NAME}, since its jobs are named after it."
        )
    jobs = []
    for phase in all_phases(plan.max_rounds):
        name = f"{plan.name}-{phase}"
        assert len(name) + RESERVE <= MAX_NAME
        drawn = phase in FIRST
        kind = (DRAWN if drawn else CORRECTED)[plan.kind]
        own = replace(
            wishes,
            name=name,
            kind=kind,
            terms=terms[kind],
            label_attribute_name=plan.name,
            # Instructions of one's own are for drawing; correcting has the kind's.
            short_instructions=wishes.short_instructions if drawn else "",
            earlier_label="" if drawn else predicted_attribute(plan.name),
        )
        planned = plan_job(own, environment, team_arn, folder.job_manifest(phase, 1))
        jobs.append(PhaseJob(phase, folder.request(phase), planned))
    return jobs
