"""Where AWS's services are reached: AWS itself, or the local Ground Truth of another process.

`fewclick serve --root DIR` leaves `DIR/environment.json`, one flat JSON object: the environment
variables by which plain boto3 talks to that machine, and what a labeling job refers to there:

    FEWCLICK_BUCKET, FEWCLICK_PRE_ANNOTATION_ARN, FEWCLICK_CONSOLIDATION_ARN, FEWCLICK_ROLE_ARN,
    FEWCLICK_WORKTEAM_ARN, FEWCLICK_PORTAL_URL, FEWCLICK_CLICK_API_URL
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.refusal import RefusedError

ENVIRONMENT_FILE = "environment.json"


@dataclass(frozen=True, slots=True)
class AwsAccount:
    """One account in one region.

    Attributes:
        session: a boto3 session.
        environment: of the local Ground Truth; empty for AWS.
    """

    session: Any
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        return bool(self.environment)

    @property
    def region(self) -> str:
        return str(self.session.region_name)

    def client(self, service: str) -> Any:
        """A boto3 client."""
        if not self.is_local:
            return self.session.client(service)
        from scripts.local_ground_truth.aws_session import CLIENT_CONFIG

        own = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
        url = self.environment.get(own) or self.environment["AWS_ENDPOINT_URL"]
        return self.session.client(service, endpoint_url=url, config=CLIENT_CONFIG)

    def account_id(self) -> str:
        """The caller's account; a call that anybody with good credentials may make."""
        return str(self.client("sts").get_caller_identity()["Account"])


def open_account(
    local: Path | None = None, region: str | None = None, profile: str | None = None
) -> AwsAccount:
    """The account of the credentials that boto3 finds, or the local one of a folder.

    Raises:
        RefusedError: no region, no such profile, or no local Ground Truth runs in that folder.
    """
    import boto3  # takes a while
    from botocore.exceptions import ProfileNotFound

    from scripts.aws_errors import refusal_of

    if local is not None:
        return _open_local(local)
    try:
        session = boto3.Session(region_name=region, profile_name=profile)
    except ProfileNotFound as error:
        raise refusal_of(error) from error
    if session.region_name is None:
        raise RefusedError("no AWS region is set: give --region, or set AWS_REGION.")
    return AwsAccount(session)


def _open_local(folder: Path) -> AwsAccount:
    from botocore.credentials import Credentials

    from scripts.local_ground_truth.aws_session import local_session

    file = folder / ENVIRONMENT_FILE
    serve = f"start it with `fewclick serve --root {folder}`"
    try:
        environment = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise RefusedError(f"no local Ground Truth runs in {folder}: {serve}.") from error
    except ValueError as error:
        raise RefusedError(f"{file} is not JSON ({error}): {serve} again.") from error
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION")
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise RefusedError(f"{file} lacks {', '.join(missing)}: {serve} again.")
    credentials = Credentials(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    )
    return AwsAccount(local_session(credentials, environment["AWS_REGION"]), environment)
