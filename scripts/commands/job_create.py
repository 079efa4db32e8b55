"""`fewclick job create`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooks.core.job_settings import JobKind
from scripts.commands.account_options import AsJson, Local, Profile, Region
from scripts.commands.choices import Workforce

DATA, TASK, WORKERS, RUN = "Data", "Task", "Workers", "Account"


def create(
    name: Annotated[str, typer.Argument(help="The job's name; never used before.")],
    photos: Annotated[
        str | None,
        typer.Option(
            help="A folder of photos, or s3://BUCKET/PREFIX/ of some.", rich_help_panel=DATA
        ),
    ] = None,
    manifest: Annotated[
        str | None, typer.Option(help="A manifest, file or s3://.", rich_help_panel=DATA)
    ] = None,
    from_job: Annotated[
        str | None,
        typer.Option(help="An earlier job: its output is the input.", rich_help_panel=DATA),
    ] = None,
    retry_from: Annotated[
        str | None,
        typer.Option(
            help="An earlier job: what failed or was left in it is labeled again, under its label "
            "attribute name.",
            rich_help_panel=DATA,
        ),
    ] = None,
    input_topic: Annotated[
        str | None,
        typer.Option(
            help="SNS topic of a streaming job: each message is a manifest line.",
            rich_help_panel=DATA,
        ),
    ] = None,
    output_topic: Annotated[
        str | None, typer.Option(help="SNS topic that gets each label.", rich_help_panel=DATA)
    ] = None,
    leave_out_bad: Annotated[
        bool,
        typer.Option(
            "--leave-out-bad",
            help="Go on without lines that cannot be labeled.",
            rich_help_panel=DATA,
        ),
    ] = False,
    kind: Annotated[
        JobKind | None,
        typer.Option(help="What workers do. [default: segmentation]", rich_help_panel=TASK),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="cat,dog or a label category file (.json). [default: the earlier job's]",
            rich_help_panel=TASK,
        ),
    ] = None,
    earlier_label: Annotated[
        str | None,
        typer.Option(
            help="Attribute that a verification or adjustment job looks at. [default: that of "
            "--from-job]",
            rich_help_panel=TASK,
        ),
    ] = None,
    label_attribute_name: Annotated[
        str | None,
        typer.Option(help="Of the labels. [default: the job's name]", rich_help_panel=TASK),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="What workers see in their list.", rich_help_panel=TASK)
    ] = None,
    description: Annotated[
        str | None, typer.Option(help="The same, longer.", rich_help_panel=TASK)
    ] = None,
    keyword: Annotated[
        list[str] | None,
        typer.Option(help="Helps public workers to find it; up to 5.", rich_help_panel=TASK),
    ] = None,
    short_instructions: Annotated[
        str | None, typer.Option(help="Beside the photo.", rich_help_panel=TASK)
    ] = None,
    instructions: Annotated[
        Path | None,
        typer.Option(help="File of the full instructions, plain text.", rich_help_panel=TASK),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of the page. [default: en]", rich_help_panel=TASK)
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            help="A settings.json as `render` and `preview` take it: kind, labels, instructions, "
            "examples, verdicts. The options above go before it.",
            rich_help_panel=TASK,
        ),
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
            help="I have looked: the data names and shows nobody who could be recognised. The "
            "public workforce needs this word.",
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
    at_once: Annotated[
        int | None,
        typer.Option(
            min=1, help="Objects that are out at a time. [default: 1000]", rich_help_panel=WORKERS
        ),
    ] = None,
    stop_after: Annotated[
        int | None,
        typer.Option(min=1, help="Stop when so many are labeled.", rich_help_panel=WORKERS),
    ] = None,
    worker_records: Annotated[
        list[str] | None,
        typer.Option(
            help="Earlier jobs whose records workers start from.", rich_help_panel=WORKERS
        ),
    ] = None,
    delete_answers_after: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Days after which S3 deletes single workers' answers.",
            rich_help_panel=WORKERS,
        ),
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
    kms_key: Annotated[
        str | None, typer.Option(help="Encrypts the output.", rich_help_panel=RUN)
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="name=value, for the bill.", rich_help_panel=RUN)
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(help="TOML that overrides scripts/prices.toml.", rich_help_panel=RUN),
    ] = None,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.", rich_help_panel=RUN)] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print the request that would be sent; send nothing.",
            rich_help_panel=RUN,
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create a labeling job: check, show the cost, ask, upload, start.

    Interrupted, the same command goes on; it never makes two jobs of one name. With --local the
    same request goes to the local Ground Truth.
    """
    from scripts.jobs.job_create import run_create
    from scripts.jobs.job_create_options import JobCreateOptions

    raise typer.Exit(
        run_create(
            JobCreateOptions(
                name=name,
                photos=photos,
                manifest=manifest,
                from_job=from_job,
                retry_from=retry_from,
                input_topic=input_topic,
                output_topic=output_topic,
                kind=kind,
                labels=labels,
                earlier_label=earlier_label,
                label_attribute_name=label_attribute_name,
                workforce=workforce,
                team=team,
                workers=workers,
                price=price,
                no_personal_information=no_personal_information,
                no_adult_content=no_adult_content,
                time_limit=time_limit,
                available=available,
                at_once=at_once,
                stop_after=stop_after,
                title=title,
                description=description,
                keywords=tuple(keyword or ()),
                short_instructions=short_instructions,
                instructions=instructions,
                language=language,
                settings=settings,
                worker_records=tuple(worker_records or ()),
                leave_out_bad=leave_out_bad,
                delete_answers_after=delete_answers_after,
                kms_key=kms_key,
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
            )
        )
    )
