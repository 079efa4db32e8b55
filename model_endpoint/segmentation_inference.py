"""A segmentation model inside AWS's PyTorch images, whose SageMaker Inference Toolkit serves it.

The toolkit calls these four functions by name. They do what `model_endpoint.segmentation_server`
does: a photo's bytes in, the answer of `segmentation_answer` out.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from sagemaker_inference.errors import BaseInferenceToolkitError

from hooks.core.errors import PhotoError
from model_endpoint.segmentation_answer import answer_photo
from model_endpoint.segmentation_network import SegmentationModel

JSON = "application/json"


def model_fn(model_dir: str) -> SegmentationModel:
    """The model of the unpacked `model.tar.gz`, on a graphics card where there is one."""
    import torch

    return SegmentationModel.read(Path(model_dir), "cuda" if torch.cuda.is_available() else "cpu")


def input_fn(body: str | bytes, content_type: str) -> bytes:
    """The photo as it came, whatever it is called: it is looked at where it is answered."""
    return body.encode() if isinstance(body, str) else bytes(body)


def predict_fn(body: bytes, model: SegmentationModel) -> bytes:
    """The answer; what is no photo becomes the toolkit's own kind of error, a 400."""
    try:
        return answer_photo(model, body)
    except PhotoError as error:
        status = HTTPStatus.BAD_REQUEST
        raise BaseInferenceToolkitError(status, str(error), status.phrase) from error


def output_fn(answer: bytes, accept: str) -> tuple[bytes, str]:
    """JSON whatever is accepted: there is no other form."""
    return answer, JSON
