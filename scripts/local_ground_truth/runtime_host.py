"""SageMaker's runtime: invocations of the click endpoint, and of those that CreateEndpoint made."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.model import ServiceModel
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from scripts.local_ground_truth.endpoint_host import EndpointHost, error_response
from scripts.local_ground_truth.hosted_models import HostedModels, NoSuchEndpointError
from scripts.local_ground_truth.request_check import check_shape_of, refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_INLINE_BYTES = 128_000
"""botocore's model has this maximum for a request's own body."""
_ROUTES = Map(
    [
        Rule("/endpoints/<name>/invocations", methods=["POST"], endpoint="invoke"),
        Rule("/endpoints/<name>/async-invocations", methods=["POST"], endpoint="async"),
    ]
)


class RuntimeHost:
    """A WSGI application with every endpoint.

    Args:
        clicks: the click endpoint; None if there is none.
    """

    def __init__(self, clicks: EndpointHost | None, models: HostedModels) -> None:
        self._clicks = clicks
        self._models = models

    def close(self) -> None:
        self._models.close()
        if self._clicks is not None:
            self._clicks.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            kind, arguments = _ROUTES.bind_to_environ(environ).match()
        except (NotFound, MethodNotAllowed):
            return _answer(_refused("UnknownOperationException", "Not found.", 404))(
                environ, start_response
            )
        name = arguments["name"]
        if self._clicks is not None and name == self._clicks.name and kind == "invoke":
            return self._clicks(environ, start_response)
        if "HTTP_ORIGIN" in environ:
            refused = _refused("AccessDeniedException", "Requests must be signed.", 403)
            return _answer(refused)(environ, start_response)
        try:
            hosted = self._models.of(name)
        except NoSuchEndpointError as error:
            return _answer(_refused("ValidationError", str(error)))(environ, start_response)
        if kind == "invoke":
            if hosted.host is None:
                message = f"Endpoint {name} is asynchronous: use InvokeEndpointAsync."
                return _answer(_refused("ValidationError", message))(environ, start_response)
            return hosted.host(environ, start_response)
        return _answer(self._invoke_async(name, Request(environ)))(environ, start_response)

    def _invoke_async(self, name: str, request: Request) -> Response:
        invocations = self._models.of(name).invocations
        if invocations is None:
            message = f"Endpoint {name} has no AsyncInferenceConfig: use InvokeEndpoint."
            return _refused("ValidationError", message)
        try:
            parameters = _parameters(name, request)
        except ValueError as error:
            return _refused("ValidationError", f"A number is none: {error}.")
        findings = check_shape_of(_runtime_model(), "InvokeEndpointAsync", parameters)
        if findings:
            return _refused("ValidationError", str(refusal(findings)))
        if bool(parameters.get("InputLocation")) == bool(parameters.get("Body")):
            message = "Give an InputLocation or a Body, and not both."
            return _refused("ValidationError", message)
        if len(parameters.get("Body", b"")) > MAX_INLINE_BYTES:
            return _refused("ValidationError", f"A Body has at most {MAX_INLINE_BYTES} bytes.")
        taken = invocations.accept(parameters)
        response = Response(
            json.dumps({"InferenceId": taken.inference_id}), 202, content_type="application/json"
        )
        response.headers["X-Amzn-SageMaker-OutputLocation"] = taken.output
        if taken.failure:
            response.headers["X-Amzn-SageMaker-FailureLocation"] = taken.failure
        return response


def _parameters(name: str, request: Request) -> Mapping[str, Any]:
    """The request's members by name, read from where botocore's model puts them."""
    shape: Any = _runtime_model().operation_model("InvokeEndpointAsync").input_shape
    parameters: dict[str, Any] = {"EndpointName": name}
    for member, place in shape.members.items():
        header = place.serialization.get("name", "")
        if place.serialization.get("location") == "header" and header in request.headers:
            value = request.headers[header]
            parameters[member] = int(value) if place.type_name == "integer" else value
    body = request.get_data()
    return {**parameters, "Body": body} if body else parameters


@cache
def _runtime_model() -> ServiceModel:
    return botocore.session.Session().get_service_model("sagemaker-runtime")


def _refused(code: str, message: str, status: int = 400) -> Response:
    return error_response(status, code, {"Message": message})


def _answer(response: Response) -> Response:
    response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
    return response
