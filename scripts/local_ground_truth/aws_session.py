"""Credentials and boto3 sessions that mean this machine and nothing else.

The user's own AWS profile, configuration and proxy settings are not looked at, so that nothing
here can ever reach a real account.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials

from scripts.local_ground_truth.durable_file import write_durably

CLIENT_CONFIG = Config(proxies={}, retries={"total_max_attempts": 2})
PRESIGN_CONFIG = Config(proxies={}, signature_version="s3v4")


def load_credentials(file: Path) -> Credentials:
    """Made up once and kept, so that links made before a restart hold after it."""
    if file.exists():
        kept = json.loads(file.read_bytes())
    else:
        kept = {
            "access_key": f"LOCAL{secrets.token_hex(8).upper()}",
            "secret_key": secrets.token_hex(20),
        }
        write_durably(
            file, json.dumps(kept).encode(), incoming=file.parent / ".incoming", private=True
        )
    return Credentials(kept["access_key"], kept["secret_key"])


def local_session(credentials: Credentials, region: str) -> boto3.Session:
    """A session that reads no environment and no files."""
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return boto3.Session(
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        region_name=region,
        botocore_session=core,
    )


def machine_environment(
    credentials: Credentials, region: str, *, cloud_url: str, endpoint_url: str
) -> dict[str, str]:
    """The variables with which plain boto3, in any process, talks to this machine."""
    return {
        "AWS_ACCESS_KEY_ID": str(credentials.access_key),
        "AWS_SECRET_ACCESS_KEY": str(credentials.secret_key),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": cloud_url,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
