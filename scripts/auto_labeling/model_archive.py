"""A local model directory as the archive from which SageMaker starts a container."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from typing import Any

from scripts.auto_labeling.hosted_model import DEFAULT_INSTANCE, HostedModel
from scripts.auto_labeling.model_source import LocalModel
from scripts.refusal import RefusedError


def read_local_model(source: LocalModel) -> tuple[tuple[str, ...], bytes]:
    """The classes of a model of `fewclick train --local`, the background's first, and its archive.

    The archive of the same model has the same bytes.

    Raises:
        RefusedError: the directory holds no such model.
    """
    try:
        from model_endpoint.network import WEIGHTS_FILE
        from model_endpoint.segmentation_network import (
            CONFIG_FILE,
            SegmentationConfig,
            SegmentationModelError,
        )
    except ImportError as error:
        raise RefusedError(
            f"a local model needs {error.name}: pip install 'fewclick[train]'."
        ) from error
    try:
        config = SegmentationConfig.read(source.directory)
    except SegmentationModelError as error:
        raise RefusedError(
            f"--model local:{source.directory}: {error} Train one with `fewclick train --local`; "
            "its model lies in OUT/model."
        ) from error
    stream = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in (CONFIG_FILE, WEIGHTS_FILE):
            path = source.directory / name
            if not path.is_file():
                raise RefusedError(f"--model local:{source.directory}: there is no {path}.")
            entry = tarfile.TarInfo(name)
            body = path.read_bytes()
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    return config.classes, stream.getvalue()


def local_hosted_model(
    classes: tuple[str, ...], address: str, instance_type: str | None
) -> HostedModel:
    """What an endpoint of the local Ground Truth is made of, its archive at an address."""
    from scripts.local_ground_truth.hosted_models import SEGMENTATION_IMAGE

    container: dict[str, Any] = {"Image": SEGMENTATION_IMAGE, "ModelDataUrl": address}
    return HostedModel(instance_type or DEFAULT_INSTANCE, container=container, classes=classes)


def digest_of(archive: bytes) -> str:
    return hashlib.sha256(archive).hexdigest()
