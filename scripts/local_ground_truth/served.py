"""How other processes find a local Ground Truth that runs: `environment.json` in its folder.

    {"schema_version": 1, "bucket": "...", "portal_url": "...", ...,
     "environment": {"AWS_ENDPOINT_URL": "http://127.0.0.1:...", ...}}

Only its owner may read the file, since it holds the credentials. It is there as long as the local
Ground Truth runs; what is left of one that was killed is not taken for one that runs.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.credentials import Credentials

from hooks.core.errors import FewclickError
from scripts.local_ground_truth.aws_session import CLIENT_CONFIG, local_session
from scripts.local_ground_truth.durable_file import write_durably

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

SCHEMA_VERSION = 1
FILE = "environment.json"


class NotServedError(FewclickError):
    """No local Ground Truth runs in a folder."""


@dataclass(frozen=True)
class Served:
    """A local Ground Truth that runs, in this process or another.

    Attributes:
        environment: variables with which plain boto3 talks to it.
        active_learning_arn: of the function that takes the steps of active learning.
    """

    bucket: str
    role_arn: str
    workteam_arn: str
    pre_annotation_arn: str
    consolidation_arn: str
    portal_url: str
    click_api_url: str
    environment: Mapping[str, str]
    active_learning_arn: str = ""

    @cached_property
    def s3(self) -> S3Client:
        client: S3Client = self._client("s3")
        return client

    @cached_property
    def sagemaker(self) -> SageMakerClient:
        client: SageMakerClient = self._client("sagemaker")
        return client

    def write(self, root: Path) -> None:
        fields = {"schema_version": SCHEMA_VERSION, **asdict(self)}
        write_durably(
            root / FILE,
            json.dumps(fields, indent=1).encode(),
            incoming=root / ".incoming",
            private=True,
        )

    def _client(self, service: str) -> Any:
        credentials = Credentials(
            self.environment["AWS_ACCESS_KEY_ID"], self.environment["AWS_SECRET_ACCESS_KEY"]
        )
        session: Any = local_session(credentials, self.environment["AWS_REGION"])
        return session.client(
            service, endpoint_url=self.environment["AWS_ENDPOINT_URL"], config=CLIENT_CONFIG
        )


def find_served(root: Path) -> Served:
    """The local Ground Truth that runs in a folder.

    Raises:
        NotServedError: none does.
    """
    not_served = NotServedError(
        f"No local Ground Truth runs in {root}. Start one with: fewclick serve --root {root}"
    )
    if not (root / FILE).exists() or not _is_locked(root):
        raise not_served
    try:
        fields = json.loads((root / FILE).read_bytes())
    except FileNotFoundError as error:  # it has ended just now
        raise not_served from error
    if fields.pop("schema_version", None) != SCHEMA_VERSION:
        raise NotServedError(f"{root / FILE} was written by another version of fewclick.")
    return Served(**fields)


def _is_locked(root: Path) -> bool:
    """Whether a process has the folder; see `folder_lock`."""
    with (root / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
