"""DescribeLabelingJob, with its refusals in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import CLOSED, code_of, is_closed
from scripts.refusal import RefusedError

_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_MISSING = re.compile(r"not find|not found|does not exist", re.IGNORECASE)
UNFINISHED = ("Initializing", "InProgress", "Stopping")


def describe_job(name: str, account: AwsAccount) -> Mapping[str, Any] | None:
    """DescribeLabelingJob's answer; None if there is no such job."""
    try:
        described: Mapping[str, Any] = account.client("sagemaker").describe_labeling_job(
            LabelingJobName=name
        )
    except ClientError as error:
        if is_closed(error):
            raise RefusedError(f"this account cannot use Ground Truth ({error}). {CLOSED}") from (
                error
            )
        # SageMaker says of some things that are not there that the request is wrong.
        missing = code_of(error) == "ValidationException" and _MISSING.search(str(error))
        if code_of(error) == "ResourceNotFound" or missing:
            return None
        if code_of(error) == "ValidationException" and not _NAME.fullmatch(name):
            raise RefusedError(
                f"{name!r} is no name for a labeling job: letters, digits and single hyphens "
                "between them, at most 63."
            ) from error
        raise
    return described


def existing_job(name: str, account: AwsAccount) -> Mapping[str, Any]:
    """The same of a job that must be there. Raises RefusedError if it is not."""
    described = describe_job(name, account)
    if described is None:
        raise RefusedError(
            f"there is no labeling job {name} in {account.region}: `fewclick job list` shows all."
        )
    return described
