"""`fewclick manifest`: its verbs' options."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from scripts.commands.account_options import AsJson, Local, Profile, Region

app = typer.Typer(
    help="Check manifests, also those of the built-in jobs, and mend them.", no_args_is_help=True
)


class TaskType(StrEnum):
    """What a job does; it limits the objects that it may have."""

    SEGMENTATION = "segmentation"
    OTHER = "other"


Manifest = Annotated[str, typer.Argument(help="A manifest: a file, or s3://BUCKET/KEY.")]
LinesOnly = Annotated[
    bool, typer.Option("--lines-only", help="Look at the lines alone, fetch no photo and no mask.")
]


@app.command()
def lint(
    manifest: Manifest,
    lines_only: LinesOnly = False,
    label_attribute_name: Annotated[
        str | None, typer.Option(help="Of the job that is to read it: is it a name that works?")
    ] = None,
    task: Annotated[
        TaskType, typer.Option(help="20,000 objects at most for segmentation, else 100,000.")
    ] = TaskType.SEGMENTATION,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a manifest, line by line, each with its fix.

    Duplicates, photos that are missing or too large, lines and attributes that are too long, names
    that Ground Truth refuses, colour maps, palettes, masks of another size than their photo,
    buckets of another region or without the CORS rule. Exit code 1 if a job would fail on it.
    """
    from hooks.core.manifest_lint import MAX_OBJECTS, MAX_SEGMENTATION_OBJECTS
    from scripts.manifests.manifest_lint import LintOptions, run_lint

    most = MAX_SEGMENTATION_OBJECTS if task is TaskType.SEGMENTATION else MAX_OBJECTS
    raise typer.Exit(
        run_lint(
            LintOptions(
                manifest, lines_only, label_attribute_name, most, local, region, profile, as_json
            )
        )
    )


@app.command()
def repair(
    manifest: Manifest,
    out: Annotated[
        str | None, typer.Option(help="The new manifest, file or s3://. [default: …-repaired]")
    ] = None,
    masks_to: Annotated[
        str | None,
        typer.Option(help="s3:// folder for masks painted anew. [default: beside --out in S3]"),
    ] = None,
    lines_only: LinesOnly = False,
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Write a new manifest without duplicates, with colour maps and palettes that say the same.

    The manifest and its masks stay as they are. Exit code 1 if something could not be mended.
    """
    from scripts.manifests.manifest_repair import RepairOptions, run_repair

    raise typer.Exit(
        run_repair(
            RepairOptions(manifest, out, masks_to, lines_only, local, region, profile, as_json)
        )
    )
