"""S3 as the loop's functions use it, in this process: a whole run takes hundreds of calls."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError


@dataclass
class ObjectsInMemory:
    """Objects by bucket and key; answers have the shapes of boto3's, errors S3's codes."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def answer(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return {
            "GetObject": self._get,
            "PutObject": self._put,
            "DeleteObject": self._delete,
            "ListObjectsV2": self._list,
        }[operation](parameters)

    def _get(self, parameters: dict[str, Any]) -> dict[str, Any]:
        body = self.objects.get((parameters["Bucket"], parameters["Key"]))
        if body is None:
            raise refusal("GetObject", "NoSuchKey", "The specified key does not exist.")
        if "Range" not in parameters:
            return {"Body": io.BytesIO(body)}
        first, _, last = parameters["Range"].removeprefix("bytes=").partition("-")
        part = body[int(first) : int(last) + 1]
        content_range = f"bytes {first}-{int(first) + len(part) - 1}/{len(body)}"
        return {"Body": io.BytesIO(part), "ContentRange": content_range}

    def _put(self, parameters: dict[str, Any]) -> dict[str, Any]:
        where = (parameters["Bucket"], parameters["Key"])
        if parameters.get("IfNoneMatch") == "*" and where in self.objects:
            raise refusal("PutObject", "PreconditionFailed", "A pre-condition did not hold.")
        body = parameters["Body"]
        self.objects[where] = body.encode() if isinstance(body, str) else body
        return {}

    def _delete(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self.objects.pop((parameters["Bucket"], parameters["Key"]), None)
        return {}

    def _list(self, parameters: dict[str, Any]) -> dict[str, Any]:
        prefix = parameters.get("Prefix", "")
        keys = sorted(
            key
            for bucket, key in self.objects
            if bucket == parameters["Bucket"] and key.startswith(prefix)
        )
        return {"Contents": [{"Key": key} for key in keys], "IsTruncated": False}


def refusal(operation: str, code: str, message: str) -> ClientError:
    """An error as boto3 raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
