"""The labeling job in which people check a machine's labels: judge them, or correct them."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from hooks.core.job_settings import JobKind
from scripts.auto_labeling.label_manifest import LabelManifests
from scripts.jobs.job_create_options import JobCreateOptions
from scripts.refusal import RefusedError


class Check(StrEnum):
    """What people do with a machine's labels."""

    VERIFICATION = "verification"
    """They say of each whether it is right, and what is wrong."""
    ADJUSTMENT = "adjustment"
    """They begin with it and correct it."""


def check_job_options(
    files: LabelManifests,
    check: Check,
    kind: str,
    machine_attribute: str,
    options: JobCreateOptions,
) -> JobCreateOptions:
    """The options of `fewclick job create` for such a job.

    Lines without a label are not in it: they are in `files.unlabeled`, for people to label from
    nothing.

    Args:
        kind: of the labels, "masks" or "boxes".
        machine_attribute: under which the lines hold the machine's label.
        options: name, team, account and whatever else the user chose.

    Raises:
        RefusedError: no line has a label, or the job's own label would overwrite the machine's.
    """
    if not files.labeled_count:
        raise RefusedError(
            f"there is nothing to check: none of the {files.unlabeled_count} photos has a "
            f"machine's label. Look at {files.set_aside}, lower --min-score, or have people label "
            f"{files.unlabeled}."
        )
    if machine_attribute == (options.label_attribute_name or options.name):
        raise RefusedError(
            f"the job's label attribute name {machine_attribute} is that of the machine's labels, "
            "which it would write over: choose another name for the job."
        )
    job_kind = JobKind.VERIFICATION
    if check is Check.ADJUSTMENT:
        # A job that corrects boxes is a bounding-box job that begins with some.
        job_kind = JobKind.BOUNDING_BOX if kind == "boxes" else JobKind.ADJUSTMENT
    return replace(
        options,
        kind=job_kind,
        manifest=str(files.labeled),
        labels=str(files.categories),
        earlier_label=machine_attribute,
    )
