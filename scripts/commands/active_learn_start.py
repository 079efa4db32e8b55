"""`fewclick active-learn start`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooks.core.active_learning.acquisition import Acquisition
from hooks.core.active_learning.loop_plan import LabelKind
from scripts.commands.account_options import AsJson, Local, Profile, Region
from scripts.commands.choices import Workforce

DATA, LOOP, LEARNER, WORKERS, RUN = "Data", "Loop", "Learner", "Workers", "Account"
AWS_SECONDS, LOCAL_SECONDS = 300, 2
"""Between two looks at a job."""
Name = Annotated[str, typer.Argument(help="The run's name; its labels are called so too.")]


def start(
    name: Name,
    photos: Annotated[
        str | None,
        typer.Option(
            help="A folder of photos, or s3://BUCKET/PREFIX/ of some.", rich_help_panel=DATA
        ),
    ] = None,
    manifest: Annotated[
        str | None, typer.Option(help="A manifest, file or s3://.", rich_help_panel=DATA)
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(help="cat,dog or a label category file (.json).", rich_help_panel=DATA),
    ] = None,
    kind: Annotated[
        LabelKind, typer.Option(help="What is labeled.", rich_help_panel=DATA)
    ] = LabelKind.MASKS,
    leave_out_bad: Annotated[
        bool,
        typer.Option(
            "--leave-out-bad",
            help="Go on without lines that cannot be labeled.",
            rich_help_panel=DATA,
        ),
    ] = False,
    target: Annotated[
        float,
        typer.Option(help="Mean IoU that machine labels are to have.", rich_help_panel=LOOP),
    ] = 0.6,
    certainty: Annotated[
        float,
        typer.Option(help="With which all of them together have it.", rich_help_panel=LOOP),
    ] = 0.95,
    test_size: Annotated[
        int,
        typer.Option(min=0, help="Photos to try the job with.", rich_help_panel=LOOP),
    ] = 20,
    validation_size: Annotated[
        int,
        typer.Option(min=1, help="Photos that machine labels are judged by.", rich_help_panel=LOOP),
    ] = 100,
    training_size: Annotated[
        int,
        typer.Option(min=1, help="Photos for the first model.", rich_help_panel=LOOP),
    ] = 100,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Photos for people in a round.", rich_help_panel=LOOP)
    ] = 100,
    max_rounds: Annotated[
        int, typer.Option(min=1, max=20, help="Models at most.", rich_help_panel=LOOP)
    ] = 5,
    acquisition: Annotated[
        Acquisition,
        typer.Option(help="How photos are chosen for people.", rich_help_panel=LOOP),
    ] = Acquisition.ENTROPY,
    per_class: Annotated[
        bool,
        typer.Option("--per-class", help="A threshold for every class.", rich_help_panel=LOOP),
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, help="Of all that is drawn.", rich_help_panel=LOOP)
    ] = 0,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Of training. [default: by the number of labels]", rich_help_panel=LEARNER
        ),
    ] = None,
    size: Annotated[
        int,
        typer.Option(
            min=64,
            help="Longer side of the photo as the network sees it, a multiple of 32.",
            rich_help_panel=LEARNER,
        ),
    ] = 256,
    instance_type: Annotated[
        str, typer.Option(help="On which it runs.", rich_help_panel=LEARNER)
    ] = "ml.c5.xlarge",
    hours: Annotated[
        float,
        typer.Option(
            min=0.0, help="That a round takes there, for the forecast.", rich_help_panel=LEARNER
        ),
    ] = 0.5,
    learner_image: Annotated[
        str | None,
        typer.Option(
            help="A container of your own in place of fewclick's learner; what it gets and gives "
            "stands in scripts/active_learning/train_and_predict.py.",
            rich_help_panel=LEARNER,
        ),
    ] = None,
    learner_role: Annotated[
        str | None,
        typer.Option(help="ARN of its role. [default: the stack's]", rich_help_panel=LEARNER),
    ] = None,
    workforce: Annotated[
        Workforce, typer.Option(help="Who labels.", rich_help_panel=WORKERS)
    ] = Workforce.PRIVATE,
    team: Annotated[
        str | None,
        typer.Option(help="Name or ARN. [default: the only one]", rich_help_panel=WORKERS),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=9, help="Workers per object.", rich_help_panel=WORKERS)
    ] = 3,
    price: Annotated[
        str | None,
        typer.Option(
            help="Dollars for a public worker and an object: 0.036.", rich_help_panel=WORKERS
        ),
    ] = None,
    no_personal_information: Annotated[
        bool,
        typer.Option(
            "--no-personal-information",
            help="As of `job create`: the public workforce needs this word.",
            rich_help_panel=WORKERS,
        ),
    ] = False,
    no_adult_content: Annotated[
        bool,
        typer.Option(
            "--no-adult-content", help="The data is fit for everybody.", rich_help_panel=WORKERS
        ),
    ] = False,
    time_limit: Annotated[
        str, typer.Option(help="For one object: 90s, 30m, 8h.", rich_help_panel=WORKERS)
    ] = "1h",
    available: Annotated[
        str | None,
        typer.Option(
            help="How long an object waits for workers. [default: 10d, public 6h]",
            rich_help_panel=WORKERS,
        ),
    ] = None,
    short_instructions: Annotated[
        str | None, typer.Option(help="Beside the photo.", rich_help_panel=WORKERS)
    ] = None,
    instructions: Annotated[
        Path | None,
        typer.Option(help="File of the full instructions.", rich_help_panel=WORKERS),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of the page. [default: en]", rich_help_panel=WORKERS)
    ] = None,
    stack: Annotated[
        str, typer.Option(help="The CloudFormation stack.", rich_help_panel=RUN)
    ] = "fewclick",
    role: Annotated[
        str | None,
        typer.Option(
            help="ARN of Ground Truth's execution role. [default: the stack's]",
            rich_help_panel=RUN,
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="name=value, for the bill.", rich_help_panel=RUN)
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(help="TOML that overrides scripts/prices.toml.", rich_help_panel=RUN),
    ] = None,
    wait: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Seconds between two looks at a job. [default: 300, locally 2]",
            rich_help_panel=RUN,
        ),
    ] = None,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.", rich_help_panel=RUN)] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print what would be written, requests and plan; write nothing.",
            rich_help_panel=RUN,
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start a run: check, show what it may cost, ask, upload, execute.

    Machine labels are taken only where people's labels of the validation set show that they reach
    the target. On AWS the stack's state machine carries the run out; with --local this command
    does, until it ends or Ctrl-C. The same command goes on with a run that is there.
    """
    from scripts.active_learning.learner import LearnerSettings
    from scripts.active_learning.run_options import StartOptions
    from scripts.active_learning.run_start import run_start
    from scripts.jobs.job_create_options import JobCreateOptions

    if size % 32:
        raise typer.BadParameter(f"{size} is no multiple of 32.", param_hint="--size")
    raise typer.Exit(
        run_start(
            StartOptions(
                job=JobCreateOptions(
                    name=name,
                    photos=photos,
                    manifest=manifest,
                    labels=labels,
                    workforce=workforce,
                    team=team,
                    workers=workers,
                    price=price,
                    no_personal_information=no_personal_information,
                    no_adult_content=no_adult_content,
                    time_limit=time_limit,
                    available=available,
                    short_instructions=short_instructions,
                    instructions=instructions,
                    language=language,
                    leave_out_bad=leave_out_bad,
                    tags=tuple(tag or ()),
                    stack=stack,
                    role=role,
                    prices=prices,
                    local=local,
                    region=region,
                    profile=profile,
                    yes=yes,
                    dry_run=dry_run,
                    as_json=as_json,
                ),
                kind=kind,
                test_size=test_size,
                validation_size=validation_size,
                training_size=training_size,
                batch_size=batch_size,
                max_rounds=max_rounds,
                target=target,
                certainty=certainty,
                per_class=per_class,
                acquisition=acquisition,
                seed=seed,
                learner=LearnerSettings(epochs, size),
                learner_image=learner_image,
                learner_role=learner_role,
                instance_type=instance_type,
                hours=hours,
                wait_seconds=wait_seconds(wait, local),
            )
        )
    )


def wait_seconds(wait: int | None, local: Path | None) -> int:
    """What was given, or what is usual where the run is."""
    return wait or (AWS_SECONDS if local is None else LOCAL_SECONDS)
