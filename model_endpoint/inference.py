"""The endpoint inside AWS's PyTorch images, whose SageMaker Inference Toolkit brings the server.

The toolkit calls these four functions by name. What they do is what `model_endpoint.server` does:
the same requests, answers and refusals, without the bounded queue, which is the toolkit's there.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from sagemaker_inference.errors import BaseInferenceToolkitError

from hooks.core.wire import PrewarmResponse, SegmentResponse
from model_endpoint.service import REFUSED, Refusal, SegmentService, build_service

JSON = "application/json"


def model_fn(model_dir: str) -> SegmentService:
    """The service for the unpacked `model.tar.gz`; raises if the model fails its self-test."""
    service = build_service(Path(model_dir))
    service.check_itself()
    return service


def input_fn(body: str | bytes, content_type: str) -> bytes:
    """The request as it came; it is parsed where it is answered."""
    if content_type.partition(";")[0].strip().lower() != JSON:
        raise _error(
            Refusal(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "bad-request",
                f"Requests are {JSON}, not {content_type}.",
            )
        )
    return body.encode() if isinstance(body, str) else bytes(body)


def predict_fn(body: bytes, service: SegmentService) -> SegmentResponse | PrewarmResponse:
    """The mask; a request that cannot be answered becomes the toolkit's own kind of error."""
    try:
        return service.answer(body)
    except REFUSED as error:
        raise _error(Refusal.of(error)) from error


def output_fn(answer: SegmentResponse | PrewarmResponse, accept: str) -> tuple[str, str]:
    """JSON whatever is accepted: there is no other form."""
    return answer.to_json(), JSON


def _error(refusal: Refusal) -> BaseInferenceToolkitError:
    # The toolkit answers the message, a line end and a traceback; the proxy reads the first line.
    phrase = HTTPStatus(refusal.status).phrase
    return BaseInferenceToolkitError(refusal.status, refusal.to_json(), phrase)
