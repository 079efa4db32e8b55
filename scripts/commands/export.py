"""`fewclick export`: its options."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class ExportFormat(StrEnum):
    """What an export can be; `training_sets.exporters.formats` has the same, with its imports."""

    CHANNELS = "channels"
    COCO = "coco"
    COCO_PANOPTIC = "coco-panoptic"
    YOLO = "yolo"
    VOC = "voc"
    PNG = "png"
    HUGGING_FACE = "hugging-face"
    MANIFEST = "manifest"


class Origin(StrEnum):
    """Who labeled."""

    HUMAN = "human"
    MACHINE = "machine"


def export(
    manifest: Annotated[
        list[str],
        typer.Argument(
            help="Output manifests: paths or s3:// addresses. Of a photo in several "
            "lines the last label counts."
        ),
    ],
    out: Annotated[str, typer.Option(help="Where the training set goes: a folder or s3://….")],
    format_: Annotated[
        ExportFormat,
        typer.Option(
            "--format",
            help="channels: what SageMaker's semantic segmentation trains "
            "from; manifest: the same for its pipe mode.",
        ),
    ] = ExportFormat.CHANNELS,
    attribute: Annotated[
        str | None, typer.Option(help="Label attribute to read, in place of each line's newest.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="The classes in order, with commas: cat,dog. [default: all]")
    ] = None,
    merge: Annotated[
        list[str] | None, typer.Option(help="kitten=cat makes one class of two. Repeatable.")
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(help="Label that becomes background. Repeatable.")
    ] = None,
    void: Annotated[
        list[str] | None, typer.Option(help="Label that training shall ignore. Repeatable.")
    ] = None,
    validation: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share of the images to keep aside.")
    ] = 0.2,
    seed: Annotated[int, typer.Option(help="Of the split.")] = 0,
    group_field: Annotated[
        str | None,
        typer.Option(help="Manifest field whose value names a group that stays on one side."),
    ] = None,
    group_pattern: Annotated[
        str | None,
        typer.Option(help="The same by the photo's address: a regular expression, (\\w+)_frame."),
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(min=0, max=1, help="Leave out labels of a lower confidence.")
    ] = None,
    verdict: Annotated[
        list[str] | None,
        typer.Option(help="Only labels of which a verification job says this. Repeatable."),
    ] = None,
    origin: Annotated[Origin | None, typer.Option(help="Only what these labeled.")] = None,
    s3_folder: Annotated[
        Path | None,
        typer.Option(help="Holds S3's objects as <bucket>/<key>, in place of AWS: out/demo/s3."),
    ] = None,
    processing: Annotated[
        int | None,
        typer.Option(min=1, help="Let so many machines do it, as a SageMaker Processing job."),
    ] = None,
    role: Annotated[
        str | None, typer.Option(help="With --processing: ARN of the role of the machines.")
    ] = None,
    image_uri: Annotated[
        str | None, typer.Option(help="With --processing: an image with Python 3.11 or newer.")
    ] = None,
    instance_type: Annotated[
        str, typer.Option(help="With --processing: what the machines are.")
    ] = "ml.c5.xlarge",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it costs money.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on standard output.")
    ] = False,
) -> None:
    """Make a training set of labeling jobs' output manifests.

    Writes the set with a summary (summary.json, summary.txt) and a contact sheet to look at.
    Interrupted, the same command goes on. Lines that cannot be used are named, the rest is
    exported, and the exit code is 1.
    """
    from hooks.core.errors import ContractError
    from scripts.training_sets.export import ExportOptions, run_export
    from scripts.training_sets.export_classes import ClassesError, ClassOptions
    from scripts.training_sets.export_plan import ExportRequest
    from scripts.training_sets.export_processing import ProcessingOptions

    machines = None
    if processing is not None:
        if role is None:
            raise typer.BadParameter("--processing needs --role.")
        machines = ProcessingOptions(processing, role, image_uri, instance_type, yes)
    try:
        classes = ClassOptions.from_texts(labels, merge or (), drop or (), void or ())
    except (ClassesError, ContractError) as error:
        raise typer.BadParameter(str(error)) from error
    request = ExportRequest(
        manifests=tuple(manifest),
        format=format_.value,
        classes=classes,
        attribute=attribute,
        validation=validation,
        seed=seed,
        confidence=confidence,
        verdicts=frozenset(text.lower() for text in verdict or ()),
        origin=origin.value if origin else "",
        group_field=group_field,
        group_pattern=group_pattern,
    )
    raise typer.Exit(run_export(ExportOptions(request, out, s3_folder, machines, as_json)))
