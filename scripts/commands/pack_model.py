"""`fewclick pack-model`: its options."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class ServingBackend(StrEnum):
    """What runs the network in the endpoint."""

    ONNX = "onnx"
    TORCH = "torch"


def pack_model(
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("out/model.tar.gz"),
    model_dir: Annotated[
        Path | None, typer.Option(help="A model directory, in place of the shipped weights.")
    ] = None,
    backend: Annotated[
        ServingBackend,
        typer.Option(help="onnx serves on a CPU, torch on a graphics card."),
    ] = ServingBackend.ONNX,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was written as JSON.")
    ] = False,
) -> None:
    """Pack a model into the model.tar.gz that a SageMaker endpoint reads.

    It serves in the image of model_endpoint/Dockerfile and, through its code/ folder, in AWS's
    PyTorch images.
    """
    from model_endpoint.model_directory import SHIPPED
    from scripts.click_model.pack_model import pack_model as pack

    package = pack(out, model_dir or SHIPPED, "onnx" if backend == "onnx" else "torch")
    if as_json:
        fields = {"path": str(package.path), "bytes": package.size, "names": package.names}
        typer.echo(json.dumps(fields))
        return
    typer.echo(f"{package.path}: {package.size / 1e6:.1f} MB, {len(package.names)} files.")
