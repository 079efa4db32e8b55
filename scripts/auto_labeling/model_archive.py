"""A local model directory as the archive from which SageMaker starts a container.

On this machine the archive is the model alone, and our own server runs it; on AWS it has our code
with it, for AWS's PyTorch image. The same model gives the same bytes.
"""

from __future__ import annotations

import hashlib

from scripts.auto_labeling.hosted_model import DEFAULT_INSTANCE, HostedModel
from scripts.auto_labeling.model_source import LocalModel
from scripts.click_model.pack_model import code_files, pack_files
from scripts.processing_job import TORCH_PYTHON, TORCH_VERSION
from scripts.refusal import RefusedError
from scripts.segmentation.sagemaker_images import image_address

INFERENCE = "model_endpoint.segmentation_inference"
PYTORCH = {
    "version": TORCH_VERSION,
    "py_version": TORCH_PYTHON,
    "image_scope": "inference",
}
CODE_FOLDER = "/opt/ml/model/code"


def read_local_model(source: LocalModel, *, with_code: bool) -> tuple[tuple[str, ...], bytes]:
    """The classes of a model of `fewclick train --local`, the background's first, and its archive.

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
    entries = dict(code_files(INFERENCE)) if with_code else {}
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        path = source.directory / name
        if not path.is_file():
            raise RefusedError(f"--model local:{source.directory}: there is no {path}.")
        entries[name] = path.read_bytes()
    return config.classes, pack_files(entries)


def hosted_here(classes: tuple[str, ...], address: str, instance_type: str | None) -> HostedModel:
    """What an endpoint of the local Ground Truth is made of, its archive at an address."""
    from scripts.local_ground_truth.hosted_models import SEGMENTATION_IMAGE

    container = {"Image": SEGMENTATION_IMAGE, "ModelDataUrl": address}
    return HostedModel(instance_type or DEFAULT_INSTANCE, container=container, classes=classes)


def hosted_on_aws(
    classes: tuple[str, ...],
    address: str,
    instance_type: str | None,
    region: str,
    image_uri: str | None,
) -> HostedModel:
    """What an endpoint on AWS is made of.

    Args:
        image_uri: in place of AWS's own PyTorch image.

    Raises:
        ImageAddressError: that image's address is not known here; the message says what to do.
    """
    chosen = instance_type or DEFAULT_INSTANCE
    image = image_uri or image_address("pytorch", region, instance_type=chosen, **PYTORCH)
    container = {
        "Image": image,
        "ModelDataUrl": address,
        "Environment": {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": CODE_FOLDER,
        },
    }
    return HostedModel(chosen, container=container, classes=classes)


def digest_of(archive: bytes) -> str:
    return hashlib.sha256(archive).hexdigest()
