"""An account for the commands: moto, with the local Ground Truth for what moto does not know.

Every request, of whatever service, goes through the bounds of botocore's own model before it is
sent, and an operation that neither moto nor the local Ground Truth models fails the test.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError
from PIL import Image
from typer.testing import CliRunner, Result

from scripts.__main__ import app
from scripts.local_ground_truth.local import LocalGroundTruth
from scripts.local_ground_truth.request_check import check_shape_of

STACK = Path(__file__).parent / "local_ground_truth" / "stack" / "template.yaml"


@dataclass
class CloudBench:
    """The account, and what was asked of it: `(service, operation, parameters)`."""

    local: LocalGroundTruth
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    @property
    def bucket(self) -> str:
        return self.local.bucket

    def put(self, key: str, body: bytes | str, bucket: str | None = None) -> str:
        body = body.encode() if isinstance(body, str) else body
        self.local.s3.put_object(Bucket=bucket or self.bucket, Key=key, Body=body)
        return f"s3://{bucket or self.bucket}/{key}"

    def read(self, address: str) -> bytes:
        return self.local.path_of(address).read_bytes()

    def operations(self) -> list[str]:
        return [operation for _, operation, _ in self.calls]

    def write_environment(self) -> Path:
        """What `fewclick serve` leaves in its folder; the folder."""
        local = self.local
        environment = {
            **local.environment,
            "FEWCLICK_BUCKET": local.bucket,
            "FEWCLICK_PRE_ANNOTATION_ARN": local.pre_annotation_arn,
            "FEWCLICK_CONSOLIDATION_ARN": local.consolidation_arn,
            "FEWCLICK_ROLE_ARN": local.role_arn,
            "FEWCLICK_WORKTEAM_ARN": local.workteam_arn,
            "FEWCLICK_PORTAL_URL": local.portal_url,
            "FEWCLICK_CLICK_API_URL": local.click_api_url,
        }
        (local.root / "environment.json").write_text(json.dumps(environment), encoding="utf-8")
        return local.root


@contextmanager
def checked_calls(bench: CloudBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within it, every boto3 call is checked and recorded."""
    call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def checked(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        service = self.meta.service_model.service_name
        findings = check_shape_of(self.meta.service_model, operation, parameters)
        assert not findings, f"{service} {operation}: " + "; ".join(map(str, findings))
        bench.calls.append((service, operation, parameters))
        try:
            return call(self, operation, parameters)
        except ClientError as error:
            _fail_unless_modelled(f"{service} {operation}", error)
            raise

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", checked)
    bench.calls.clear()
    yield


def _fail_unless_modelled(call: str, error: ClientError) -> None:
    said = str(error).lower()
    unknown = "not been implemented" in said or "unknownoperation" in said
    if unknown or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        pytest.fail(f"nothing models {call}: {error}")


def fewclick(*arguments: object, answer: str | None = None) -> Result:
    """Run the command as a person types it."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=answer)


def png(size: tuple[int, int] = (4, 2), color: str = "#808080", kind: str = "PNG") -> bytes:
    """A photo of one colour."""
    stream = io.BytesIO()
    Image.new("RGB", size, color).save(stream, kind)
    return stream.getvalue()
