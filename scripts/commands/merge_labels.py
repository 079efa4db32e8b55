"""`fewclick merge-labels`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.commands.account_options import AsJson, Local, Profile, Region


def merge_labels(
    name: Annotated[str, typer.Argument(help="Of the merged labels, and of their attribute.")],
    runs: Annotated[
        list[Path], typer.Argument(help="Folders of `fewclick auto-label`, over the same photos.")
    ],
    out: Annotated[Path, typer.Option(help="A folder for the manifests. The same folder goes on.")],
    priority: Annotated[
        str | None,
        typer.Option(
            help="person,cat: where labels meet, the one further in front is seen. [default: the "
            "surer one]"
        ),
    ] = None,
    stack: Annotated[str, typer.Option(help="The CloudFormation stack.")] = "fewclick",
    local: Local = None,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Merge the labels of several task models: one knows people, another cats.

    A photo gets a label where every run has one; the others are for people to label.

    Exit codes: 0 every photo has a label · 1 some have none · 2 these runs cannot be merged.
    """
    from scripts.auto_labeling.merge_labels import MergeOptions, run_merge

    raise typer.Exit(
        run_merge(
            MergeOptions(
                name=name,
                runs=tuple(runs),
                out=out,
                priority=tuple(part.strip() for part in priority.split(",")) if priority else (),
                stack=stack,
                local=local,
                region=region,
                profile=profile,
                as_json=as_json,
            )
        )
    )
