"""Every error this package raises on purpose.

    FewclickError
    ├── ContractError        an event, settings object or label list has the wrong shape
    │   └── ManifestError    one line of a manifest; carries its line number
    ├── PhotoError           a photo is missing, too large or not a photo; carries its address
    ├── AnswerError          one worker's answer cannot be used; the object goes on without it
    ├── MaskError            a mask's bytes or run lengths do not describe a mask
    ├── ClickRequestError    a click request is refused; carries a code and a worker's sentence
    ├── TokenError           a task token or a grant is refused
    │   └── TokenExpiredError
    └── TooManyCallsError    a task was used more than it may be; carries when it may be again

Messages are whole sentences that name the thing and, where there is one, the fix: they are
shown to people as they are.
"""

from __future__ import annotations


class FewclickError(Exception):
    """Base of all errors raised on purpose; catch this to catch them all."""


class ContractError(FewclickError):
    """An event, settings object or label list does not have the shape that was agreed on.

    `field` is the dotted path of the offending value, e.g. `payload.s3Uri`.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class ManifestError(ContractError):
    """A manifest line that cannot be used; `line_number` counts from 1."""

    def __init__(self, line_number: int, field: str, problem: str) -> None:
        super().__init__(
            f"line {line_number}, {field}" if field else f"line {line_number}", problem
        )
        self.line_number = line_number


class PhotoError(FewclickError):
    """A photo cannot be used; `address` is its S3 URI or path.

    `missing` tells a photo that is not there from one that is there and unusable.
    """

    def __init__(self, address: str, problem: str, *, missing: bool = False) -> None:
        super().__init__(f"{address}: {problem}")
        self.address = address
        self.problem = problem
        self.missing = missing


class AnswerError(FewclickError):
    """One worker's answer cannot be used; the message is the reason that is recorded."""


class MaskError(FewclickError):
    """Bytes or run lengths that do not describe a mask of the expected size."""


class ClickRequestError(FewclickError):
    """A click request that is refused.

    `code` is stable and for programs (kebab-case); the message is a sentence for the worker;
    `status` is the HTTP status that goes with it.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class TokenError(FewclickError):
    """A task token or a grant is missing, malformed or not signed by us."""


class TokenExpiredError(TokenError):
    """A task token or a grant was ours once and is past its expiry."""


class TooManyCallsError(FewclickError):
    """A task has been used more, or faster, than any worker would.

    `seconds` until it may be used again; None if that is never.
    """

    def __init__(self, seconds: float | None) -> None:
        super().__init__(
            "The click service has answered this task too often. Draw the rest with the manual "
            "tools."
            if seconds is None
            else "The click service gets clicks faster than it takes them."
        )
        self.seconds = seconds
