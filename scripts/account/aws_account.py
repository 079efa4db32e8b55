"""Where AWS's services are reached: AWS itself, or the local Ground Truth of another process.

`fewclick serve --root DIR` runs the local one; see `scripts.local_ground_truth.served`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.refusal import RefusedError

if TYPE_CHECKING:
    from botocore.config import Config

    from scripts.local_ground_truth.served import Served


@dataclass(frozen=True, slots=True)
class AwsAccount:
    """One account in one region.

    Attributes:
        session: a boto3 session.
        served: the local Ground Truth; None for AWS.
    """

    session: Any
    served: Served | None = None

    @property
    def region(self) -> str:
        return str(self.session.region_name)

    def client(self, service: str, config: Config | None = None) -> Any:
        """A boto3 client.

        Args:
            config: what is to be otherwise than usual.
        """
        if self.served is None:
            return self.session.client(service, config=config)
        from scripts.local_ground_truth.aws_session import CLIENT_CONFIG

        own = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
        environment = self.served.environment
        url = environment.get(own) or environment["AWS_ENDPOINT_URL"]
        wanted = CLIENT_CONFIG if config is None else CLIENT_CONFIG.merge(config)
        return self.session.client(service, endpoint_url=url, config=wanted)

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

    from scripts.account.aws_errors import refusal_of

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
    from scripts.local_ground_truth.served import NotServedError, find_served

    try:
        served = find_served(folder)
    except NotServedError as error:
        raise RefusedError(str(error)) from error
    environment = served.environment
    credentials = Credentials(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    )
    return AwsAccount(local_session(credentials, environment["AWS_REGION"]), served)
