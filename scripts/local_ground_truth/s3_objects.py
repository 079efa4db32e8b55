"""Reading and writing S3 objects by their `s3://` address, through any boto3 client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from hooks.core.errors import ContractError, FewclickError
from hooks.core.manifest import parse_s3_uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3ObjectError(FewclickError):
    """An object cannot be read; `address` is its `s3://` address."""

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(f"{address}: {problem}")
        self.address = address


def bucket_of(address: str) -> str:
    """The bucket of an `s3://` address, which need not name an object.

    Raises:
        S3ObjectError: it is no such address.
    """
    bucket = address.removeprefix("s3://").partition("/")[0]
    if not address.startswith("s3://") or not bucket:
        raise S3ObjectError(address, "is not of the form s3://bucket/key.")
    return bucket


class S3Objects:
    """What a labeling job does with S3."""

    def __init__(self, client: S3Client) -> None:
        self.client = client

    def read(self, address: str) -> bytes:
        """Raises S3ObjectError, saying why, if the object cannot be read."""
        try:
            bucket, key = parse_s3_uri(address)
            return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ContractError as error:
            raise S3ObjectError(address, "is not of the form s3://bucket/key.") from error
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            problem = {
                "NoSuchBucket": "there is no such bucket.",
                "NoSuchKey": "there is no such object.",
            }.get(code, str(error))
            raise S3ObjectError(address, problem) from error
        except BotoCoreError as error:
            raise S3ObjectError(address, str(error)) from error

    def list(self, prefix: str) -> list[str]:
        """The addresses of all objects below an `s3://` address, ascending."""
        bucket, key = parse_s3_uri(prefix)
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        return [
            f"s3://{bucket}/{each['Key']}" for page in pages for each in page.get("Contents", [])
        ]

    def write(self, address: str, content: bytes, content_type: str) -> None:
        bucket, key = parse_s3_uri(address)
        self.client.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)

    def write_json(self, address: str, value: Any) -> None:
        # In ASCII, because what workers send may hold half a surrogate pair.
        content = json.dumps(value, separators=(",", ":")).encode()
        self.write(address, content, "application/json")

    def has_bucket(self, bucket: str) -> bool:
        try:
            self.client.head_bucket(Bucket=bucket)
        except ClientError:
            return False
        return True

    def readable_from_any_origin(self, bucket: str) -> bool:
        """Whether a CORS rule lets every web page GET the bucket's objects."""
        try:
            rules = self.client.get_bucket_cors(Bucket=bucket)["CORSRules"]
        except ClientError:
            return False
        return any(
            "*" in rule["AllowedOrigins"] and "GET" in rule["AllowedMethods"] for rule in rules
        )
