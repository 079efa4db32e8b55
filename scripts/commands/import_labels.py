"""`fewclick import`: its options."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Source(StrEnum):
    """What can be imported; `training_sets.import_labels` has the same, with its imports."""

    COCO = "coco"
    VOC = "voc"
    YOLO = "yolo"
    CVAT = "cvat"
    PNG = "png"


def import_labels(
    path: Annotated[
        Path, typer.Argument(exists=True, help="The folder, or COCO's or CVAT's file.")
    ],
    format_: Annotated[
        Source,
        typer.Option("--format", help="cvat: CVAT for images; CVAT's mask export is voc."),
    ],
    out: Annotated[str, typer.Option(help="s3:// address for masks, photos and manifest.")],
    images: Annotated[
        Path | None, typer.Option(help="Where the photos are, if not where the format has them.")
    ] = None,
    photos: Annotated[
        str | None,
        typer.Option(help="s3:// prefix where the photos are already; they are not copied then."),
    ] = None,
    attribute: Annotated[
        str, typer.Option(help="Name of the label; -ref is put behind it.")
    ] = "imported",
    machine: Annotated[
        bool, typer.Option("--machine", help="A machine made these labels, not people.")
    ] = False,
    s3_folder: Annotated[
        Path | None,
        typer.Option(help="Holds S3's objects as <bucket>/<key>, in place of AWS: out/demo/s3."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what came of it as JSON on standard output.")
    ] = False,
) -> None:
    """Make other tools' labels the input manifest of an adjustment or verification job.

    Images that cannot be used are named, the rest is imported, and the exit code is 1.
    """
    from scripts.training_sets.import_labels import ImportFormat, ImportOptions, run_import

    raise typer.Exit(
        run_import(
            ImportOptions(
                path=path,
                format=ImportFormat(format_.value),
                out=out,
                images=images,
                photos=photos,
                attribute=attribute,
                human=not machine,
                s3_folder=s3_folder,
                as_json=as_json,
            )
        )
    )
