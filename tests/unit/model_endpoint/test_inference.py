"""The model inside AWS's images: the toolkit's own transformer calls our four functions."""

from __future__ import annotations

import base64
import io
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from sagemaker_inference.transformer import Transformer

from hooks.core.wire import PrewarmRequest, SegmentResponse
from model_endpoint.model_directory import SHIPPED


def photo() -> str:
    stream = io.BytesIO()
    Image.new("RGB", (160, 120), (20, 120, 40)).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


REQUEST: dict[str, Any] = {
    "schema_version": 1,
    "object_id": "3",
    "sequence": 7,
    "image_bytes": photo(),
    "extreme_points": [[80, 20], [30, 60], [80, 100], [130, 60]],
    "clicks": [],
}


class Context:
    """What the model server hands over with a request, and what it is told about the answer."""

    def __init__(self, model_dir: Path, content_type: str) -> None:
        self.system_properties = {"model_dir": str(model_dir)}
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        self.request_processor = [SimpleNamespace(get_request_properties=lambda: headers)]
        self.status = 200
        self.content_type = ""

    def set_response_status(self, code: int, phrase: str) -> None:
        self.status = code

    def set_response_content_type(self, index: int, content_type: str) -> None:
        self.content_type = content_type


@pytest.fixture
def transformer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Transformer:
    for name in ("config.json", "encoder.onnx", "decoder.onnx"):
        shutil.copy(SHIPPED / name, tmp_path)
    monkeypatch.setenv("SAGEMAKER_PROGRAM", "model_endpoint.inference")
    return Transformer()


def ask(
    transformer: Transformer, model_dir: Path, body: Any, content_type: str = "application/json"
) -> tuple[Context, str]:
    context = Context(model_dir, content_type)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    (answer,) = transformer.transform([{"body": raw}], context)
    return context, answer


def test_a_request_gets_its_mask(transformer: Transformer, tmp_path: Path) -> None:
    context, answer = ask(transformer, tmp_path, REQUEST)
    assert (context.status, context.content_type) == (200, "application/json")
    assert SegmentResponse.from_json(answer).sequence == 7


def test_a_photo_is_made_ready(transformer: Transformer, tmp_path: Path) -> None:
    body = json.loads(PrewarmRequest().to_json()) | {"image_bytes": photo()}
    context, answer = ask(transformer, tmp_path, body)
    assert (context.status, json.loads(answer)["session"]) == (200, None)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        pytest.param(b"{", "application/json", 400, "bad-request", id="not JSON"),
        pytest.param(REQUEST, "text/csv", 415, "bad-request", id="not said to be JSON"),
        pytest.param(
            REQUEST | {"image_bytes": "aGk="}, "application/json", 415, "not-a-photo", id="no photo"
        ),
        pytest.param(
            REQUEST | {"extreme_points": [[1, 2]] * 3},
            "application/json",
            422,
            "four-points-needed",
            id="three points",
        ),
    ],
)
def test_a_refusal_keeps_its_status_and_says_its_code_in_the_first_line(
    transformer: Transformer, tmp_path: Path, body: Any, content_type: str, status: int, code: str
) -> None:
    context, answer = ask(transformer, tmp_path, body, content_type)
    assert context.status == status
    assert json.loads(answer.partition("\n")[0])["error"] == code
