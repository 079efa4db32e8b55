"""A SageMaker endpoint that is there for as long as it is used, and gone afterwards.

    with HostedEndpoint(sagemaker, EndpointParts(...)) as endpoint:
        ...  # endpoint.name is in service

It costs money every minute. So it goes whatever happens in between: an error, Ctrl-C, SIGTERM or a
closed terminal, also while it is still being created; and deleting is not interrupted. What hangs
on it, such as its scaling, is made once it is in service and goes before it.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any, Protocol, Self

from hooks.core.errors import FewclickError

SECONDS_BETWEEN_LOOKS = 10.0
SECONDS_TO_CREATE = 30 * 60
SECONDS_TO_DELETE = 15 * 60
MISSING_CODES = ("ObjectNotFoundException", "ResourceNotFound", "ResourceNotFoundException")
IN_PROGRESS = ("Creating", "Updating", "SystemUpdating", "RollingBack")


class EndpointError(FewclickError):
    """An endpoint did not come into service, or could not be deleted."""


class EndpointRequests(Protocol):
    """The requests that make an endpoint; its model and configuration have its name."""

    @property
    def name(self) -> str: ...

    def model_request(self) -> dict[str, Any] | None:
        """None when the model is there already, and stays."""

    def config_request(self) -> dict[str, Any]: ...

    def endpoint_request(self) -> dict[str, Any]: ...


class Attachment(Protocol):
    """Something that hangs on an endpoint. `create` replaces what is there of that name."""

    @property
    def what(self) -> str:
        """For people: `alarm turtles-wakes`."""

    def create(self) -> None: ...

    def delete(self) -> None:
        """Raises an error that says `not found` when it is gone already."""


@dataclass(frozen=True, slots=True)
class EndpointParts:
    """A real-time endpoint of one instance."""

    name: str
    image_uri: str
    model_data: str
    role_arn: str
    instance_type: str

    def model_request(self) -> dict[str, Any]:
        return {
            "ModelName": self.name,
            "ExecutionRoleArn": self.role_arn,
            "PrimaryContainer": {"Image": self.image_uri, "ModelDataUrl": self.model_data},
        }

    def config_request(self) -> dict[str, Any]:
        return {
            "EndpointConfigName": self.name,
            "ProductionVariants": [
                {
                    "VariantName": "AllTraffic",
                    "ModelName": self.name,
                    "InitialInstanceCount": 1,
                    "InstanceType": self.instance_type,
                }
            ],
        }

    def endpoint_request(self) -> dict[str, Any]:
        return {"EndpointName": self.name, "EndpointConfigName": self.name}


@dataclass
class HostedEndpoint:
    """See the module's description.

    Attributes:
        say: hears what is going on.
        attachments: made in this order, deleted in the opposite one.
        adopt: take over what is there by that name, of a run that was killed.
        keep: leave everything where it is afterwards, unless there was an error.
        left: after leaving, the names of what could not be deleted; empty if all is gone.
    """

    sagemaker: Any
    parts: EndpointRequests
    say: Callable[[str], None] = lambda text: None
    seconds_between_looks: float = SECONDS_BETWEEN_LOOKS
    attachments: Sequence[Attachment] = ()
    adopt: bool = False
    keep: bool = False
    left: list[str] = field(default_factory=list)
    _closing: ExitStack = field(default_factory=ExitStack)
    _ending: _Ending = field(default_factory=lambda: _Ending())

    @property
    def name(self) -> str:
        return self.parts.name

    def __enter__(self) -> Self:
        with ExitStack() as closing:
            closing.enter_context(self._ending)
            # What is asked for may come to be even if the answer does not arrive; so each is
            # deleted as soon as it may be there.
            model = self.parts.model_request()
            if model is not None:
                closing.callback(self._delete, f"model {self.name}", self._delete_model)
                self._create(self.sagemaker.create_model, model)
            closing.callback(
                self._delete, f"endpoint configuration {self.name}", self._delete_config
            )
            self._create(self.sagemaker.create_endpoint_config, self.parts.config_request())
            closing.callback(self._delete, f"endpoint {self.name}", self._delete_endpoint)
            if self.adopt:
                self._wait_until_deleted()
            self._create(self.sagemaker.create_endpoint, self.parts.endpoint_request())
            self._wait_for_service()
            for attachment in self.attachments:
                closing.callback(self._delete, attachment.what, attachment.delete)
                attachment.create()
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.keep and error_type is None:
            self._ending.restore()
            return
        self._closing.close()

    def delete_left_over(self) -> None:
        """Delete what a run that was killed has left, without making anything."""
        for attachment in reversed(self.attachments):
            self._delete(attachment.what, attachment.delete)
        self._delete(f"endpoint {self.name}", self._delete_endpoint)
        self._delete(f"endpoint configuration {self.name}", self._delete_config)
        if self.parts.model_request() is not None:
            self._delete(f"model {self.name}", self._delete_model)

    def _create(self, create: Callable[..., object], request: dict[str, Any]) -> None:
        try:
            create(**request)
        except Exception as error:
            if not (self.adopt and _is_there(error)):
                raise

    def _wait_until_deleted(self) -> None:
        """One of that name that is going must be gone before it can be made again."""
        while self._status() == "Deleting":
            time.sleep(self.seconds_between_looks)

    def _status(self) -> str | None:
        """None when there is no such endpoint."""
        try:
            described = self.sagemaker.describe_endpoint(EndpointName=self.name)
        except Exception as error:
            if _is_missing(error):
                return None
            raise
        return str(described["EndpointStatus"])

    def _wait_for_service(self) -> None:
        end = time.monotonic() + SECONDS_TO_CREATE
        while (status := self._status()) != "InService":
            if status not in IN_PROGRESS:
                described = self.sagemaker.describe_endpoint(EndpointName=self.name)
                reason = described.get("FailureReason", "no reason given")
                raise EndpointError(f"the endpoint {self.name} is {status}: {reason}")
            if time.monotonic() > end:
                raise EndpointError(f"the endpoint {self.name} did not come into service.")
            time.sleep(self.seconds_between_looks)

    def _delete(self, what: str, delete: Callable[[], None]) -> None:
        """Delete one thing; what cannot be deleted is said, and the others go all the same."""
        with _Uninterrupted():
            try:
                delete()
            except Exception as error:  # noqa: BLE001 (said, with what to do)
                if _is_missing(error):
                    return
                self.left.append(what)
                self.say(
                    f"The {what} could not be deleted and may cost money: {error} "
                    "Delete it in the console or by the AWS command line."
                )
            else:
                self.say(f"The {what} is deleted.")

    def _delete_endpoint(self) -> None:
        # An endpoint that is being created cannot be deleted yet.
        end = time.monotonic() + SECONDS_TO_DELETE
        while self._status() in IN_PROGRESS and time.monotonic() < end:
            time.sleep(self.seconds_between_looks)
        self.sagemaker.delete_endpoint(EndpointName=self.name)

    def _delete_config(self) -> None:
        self.sagemaker.delete_endpoint_config(EndpointConfigName=self.name)

    def _delete_model(self) -> None:
        self.sagemaker.delete_model(ModelName=self.name)


def _is_missing(error: Exception) -> bool:
    response: Any = getattr(error, "response", {})
    said = response.get("Error", {})
    message = str(said.get("Message", "")).lower()
    return said.get("Code") in MISSING_CODES or any(
        words in message for words in ("could not find", "does not exist", "not found")
    )


def _is_there(error: Exception) -> bool:
    response: Any = getattr(error, "response", {})
    code = str(response.get("Error", {}).get("Code", ""))
    message = str(response.get("Error", {}).get("Message", "")).lower()
    return code == "ResourceInUse" or "already exist" in message


class _Ending:
    """Makes SIGTERM and a closed terminal end the program as Ctrl-C does: by way of `finally`."""

    SIGNALS = (signal.SIGTERM, signal.SIGHUP)

    def __enter__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in self.SIGNALS:
                self._before[number] = signal.signal(number, self._end)

    def __exit__(self, *_: object) -> None:
        self.restore()

    def restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @staticmethod
    def _end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)


class _Uninterrupted:
    """Holds signals that end the program back until what is inside is done."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __enter__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in self.SIGNALS:
                self._before[number] = signal.signal(number, signal.SIG_IGN)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
