"""AWS's errors as sentences that say what to do."""

from __future__ import annotations

import re

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from scripts.refusal import RefusedError

EXPIRED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "TokenRefreshRequired",
    }
)
UNKNOWN_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
CLOCK = frozenset({"RequestTimeTooSkewed"})
DENIED = frozenset(
    {"403", "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden"}
)
MISSING = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NotFound", "ResourceNotFound"})

CLOSED = (
    "AWS closed Ground Truth to new customers in 2026, and Mechanical Turk with it; accounts that "
    "used them before go on. Use an account that has, or label on this machine with --local."
)
PUBLIC_ENDS = (
    "Amazon announced the end of Mechanical Turk for 2026 (no new customers from July 30, closed "
    "on September 30): expect a refusal, or tasks that nobody takes. A private team "
    "(--workforce private) and the local Ground Truth (--local) do not depend on it."
)
_CLOSED = re.compile(
    r"new customers|no longer (open|available|accept)|not subscribed|"
    r"SubscriptionRequired|OptInRequired|closed to",
    re.IGNORECASE,
)


def code_of(error: ClientError) -> str:
    """AWS's code for an error; "" if there is none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_missing(error: ClientError) -> bool:
    return code_of(error) in MISSING


def is_denied(error: ClientError) -> bool:
    return code_of(error) in DENIED


def is_closed(error: ClientError) -> bool:
    """Whether the account is refused because the service takes no new customers."""
    return bool(_CLOSED.search(f"{code_of(error)} {error}"))


def is_about_credentials(error: ClientError | BotoCoreError) -> bool:
    """Whether nothing can have happened, because the caller is not known."""
    if isinstance(error, ClientError):
        return code_of(error) in EXPIRED | UNKNOWN_CREDENTIALS | CLOCK
    return isinstance(
        error,
        NoCredentialsError
        | NoRegionError
        | PartialCredentialsError
        | ProfileNotFound
        | SSOError
        | TokenRetrievalError,
    )


def explain(error: ClientError | BotoCoreError) -> str:
    """One sentence or two for a person."""
    if isinstance(error, ClientError):
        return _explain_answer(error)
    if isinstance(error, NoRegionError):
        return "No AWS region is set: give --region, or set AWS_REGION."
    if isinstance(error, ProfileNotFound):
        return f"{error}. `aws configure list-profiles` shows those there are."
    if isinstance(error, SSOError | TokenRetrievalError):
        return f"The AWS sign-in has expired ({error}): run `aws sso login` and try again."
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return (
            "There are no AWS credentials: run `aws configure` or `aws sso login`, or use --local."
        )
    if isinstance(error, EndpointConnectionError):
        return f"{error} Is the region right, and the network up?"
    return str(error)


def _explain_answer(error: ClientError) -> str:
    code, operation = code_of(error), error.operation_name
    if code in EXPIRED:
        return (
            "The AWS credentials have expired: sign in again (`aws sso login`, or new keys), then "
            "run the same command."
        )
    if code in UNKNOWN_CREDENTIALS:
        return f"AWS does not know these credentials ({code}): check the profile or the keys."
    if code in CLOCK:
        return "This machine's clock is off, so AWS takes no request from it: set the clock."
    if is_closed(error):
        return f"{operation} was refused ({error.response['Error'].get('Message', code)}). {CLOSED}"
    if code in DENIED:
        message = error.response["Error"].get("Message", "")
        return (
            f"These credentials may not call {operation} ({message or code}): ask for that right."
        )
    return str(error)


def refusal_of(error: ClientError | BotoCoreError) -> RefusedError:
    """The error as a refusal: nothing was done."""
    return RefusedError(explain(error))
