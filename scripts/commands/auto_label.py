"""`fewclick auto-label`: its options."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scripts.auto_labeling.answers.format_name import FormatName
from scripts.commands.account_options import AsJson, Local, Profile, Region

DATA, MODEL, ENDPOINT, CHECK, RUN = "Photos", "Model", "Endpoint", "Job for people", "Account"


class LabelKind(StrEnum):
    """What a label is."""

    MASKS = "masks"
    BOXES = "boxes"


class Check(StrEnum):
    """What people do with the labels: judge them, correct them, nothing."""

    VERIFICATION = "verification"
    ADJUSTMENT = "adjustment"
    NONE = "none"


def auto_label(
    name: Annotated[str, typer.Argument(help="Of the run, and of the labels in its manifest.")],
    model: Annotated[
        str,
        typer.Option(
            help="jumpstart:ID[@VERSION], hub:HUB/ID[@VERSION] (the hub's name, or its ARN if "
            "another account shares it), model:NAME, endpoint:NAME, or local:DIR of `fewclick "
            "train --local`.",
            rich_help_panel=MODEL,
        ),
    ],
    labels: Annotated[
        str,
        typer.Option(help="cat,dog or a label category file (.json).", rich_help_panel=DATA),
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="The run's folder: journal, manifests, picture. The same folder goes on.",
            rich_help_panel=DATA,
        ),
    ],
    photos: Annotated[
        str | None,
        typer.Option(
            help="A folder of photos, or s3://BUCKET/PREFIX/ of some.", rich_help_panel=DATA
        ),
    ] = None,
    manifest: Annotated[
        str | None, typer.Option(help="A manifest, file or s3://.", rich_help_panel=DATA)
    ] = None,
    kind: Annotated[
        LabelKind, typer.Option(help="What labels are.", rich_help_panel=DATA)
    ] = LabelKind.MASKS,
    answers: Annotated[
        FormatName | None,
        typer.Option(
            help="What the model answers in. [default: by a JumpStart id; fewclick for local:]",
            rich_help_panel=MODEL,
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="The model's classes in the order of their numbers: a,b,c or a file. [default: "
            "what the model or its id says]",
            rich_help_panel=MODEL,
        ),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="CLASS=LABEL: what a class of the model is called here; may be repeated.",
            rich_help_panel=MODEL,
        ),
    ] = None,
    min_score: Annotated[
        float,
        typer.Option(min=0, max=1, help="What is less sure is left out.", rich_help_panel=MODEL),
    ] = 0.5,
    nothing_to_people: Annotated[
        bool,
        typer.Option(
            "--nothing-to-people",
            help="Photos in which the model finds nothing count as unlabeled, and people label "
            "them; else their label is that there is nothing.",
            rich_help_panel=MODEL,
        ),
    ] = False,
    content_type: Annotated[
        str | None,
        typer.Option(
            help="What photos are sent as. [default: the model's, else the photo's own]",
            rich_help_panel=MODEL,
        ),
    ] = None,
    ignores_orientation: Annotated[
        bool,
        typer.Option(
            "--ignores-orientation",
            help="The model looks at photos as they lie in the file, without EXIF's turn.",
            rich_help_panel=MODEL,
        ),
    ] = False,
    accept_eula: Annotated[
        bool,
        typer.Option(
            "--accept-eula",
            help="I have read the model's licence and accept it.",
            rich_help_panel=MODEL,
        ),
    ] = False,
    image_uri: Annotated[
        str | None,
        typer.Option(
            help="PyTorch inference image in which local:DIR runs on AWS. [default: AWS's own]",
            rich_help_panel=ENDPOINT,
        ),
    ] = None,
    instance_type: Annotated[
        str | None,
        typer.Option(help="[default: the model's, else ml.g4dn.xlarge]", rich_help_panel=ENDPOINT),
    ] = None,
    max_instances: Annotated[
        int, typer.Option(min=1, help="Up to which it scales.", rich_help_panel=ENDPOINT)
    ] = 1,
    concurrency: Annotated[
        int,
        typer.Option(
            min=1, max=1000, help="Photos an instance works on at a time.", rich_help_panel=ENDPOINT
        ),
    ] = 4,
    role: Annotated[
        str | None,
        typer.Option(
            help="ARN of the endpoint's execution role; needed on AWS unless endpoint:NAME.",
            rich_help_panel=ENDPOINT,
        ),
    ] = None,
    success_topic: Annotated[
        str | None,
        typer.Option(help="ARN of an SNS topic that hears answers.", rich_help_panel=ENDPOINT),
    ] = None,
    error_topic: Annotated[
        str | None,
        typer.Option(help="ARN of one that hears failures.", rich_help_panel=ENDPOINT),
    ] = None,
    keep_endpoint: Annotated[
        bool,
        typer.Option(
            "--keep-endpoint",
            help="Leave the endpoint: it sleeps, at no cost, until it is asked again.",
            rich_help_panel=ENDPOINT,
        ),
    ] = False,
    attempts: Annotated[
        int,
        typer.Option(
            min=1, help="How often a photo is asked about at most.", rich_help_panel=ENDPOINT
        ),
    ] = 4,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Ask once more about photos that were given up.",
            rich_help_panel=ENDPOINT,
        ),
    ] = False,
    patience: Annotated[
        str,
        typer.Option(
            help="Without any answer, after which the endpoint counts as one that never wakes: "
            "then what to check is said. 30m, 2h.",
            rich_help_panel=ENDPOINT,
        ),
    ] = "30m",
    check: Annotated[
        Check, typer.Option(help="The job made of the labels.", rich_help_panel=CHECK)
    ] = Check.VERIFICATION,
    job_name: Annotated[
        str | None,
        typer.Option(help="Of that job. [default: NAME-check]", rich_help_panel=CHECK),
    ] = None,
    team: Annotated[
        str | None,
        typer.Option(help="Name or ARN. [default: the only one]", rich_help_panel=CHECK),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=9, help="Workers per object.", rich_help_panel=CHECK)
    ] = 1,
    stack: Annotated[
        str, typer.Option(help="The CloudFormation stack.", rich_help_panel=RUN)
    ] = "fewclick",
    prices: Annotated[
        Path | None,
        typer.Option(help="TOML that overrides scripts/prices.toml.", rich_help_panel=RUN),
    ] = None,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask before it costs money.", rich_help_panel=RUN)
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print the requests that would be sent; send nothing.",
            rich_help_panel=RUN,
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let a model label photos, and make a job of its labels for people.

    An asynchronous endpoint is made, which scales down to nothing and is deleted at the end,
    whatever happens; one that is there is used as it is. Whether the model knows the labels is
    checked before anything runs. Interrupted or killed, the same command goes on: no photo that
    has an answer is sent again.

    Exit codes: 0 every photo has a label · 1 some have none, or something failed · 2 it cannot be
    done as asked, and nothing was made · 130 interrupted.
    """
    from scripts.auto_labeling.auto_label import run_auto_label
    from scripts.auto_labeling.auto_label_options import AutoLabelOptions

    raise typer.Exit(
        run_auto_label(
            AutoLabelOptions(
                name=name,
                model=model,
                labels=labels,
                out=out,
                photos=photos,
                manifest=manifest,
                kind=kind.value,
                answers=answers,
                classes=classes,
                mapping=tuple(mapping or ()),
                min_score=min_score,
                nothing_to_people=nothing_to_people,
                content_type=content_type,
                ignores_orientation=ignores_orientation,
                image_uri=image_uri,
                instance_type=instance_type,
                max_instances=max_instances,
                concurrency=concurrency,
                role=role,
                success_topic=success_topic,
                error_topic=error_topic,
                accept_eula=accept_eula,
                keep_endpoint=keep_endpoint,
                again=again,
                attempts=attempts,
                patience=patience,
                check="" if check is Check.NONE else check.value,
                job_name=job_name,
                team=team,
                workers=workers,
                stack=stack,
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
