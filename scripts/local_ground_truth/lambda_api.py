"""Lambda's Invoke, as boto3 speaks it: `POST /2015-03-31/functions/<name or ARN>/invocations`.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from scripts.local_ground_truth.lambda_runtime import (
    Answer,
    InvocationRefusedError,
    RuntimeClosedError,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

INVOCATIONS = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations/?")
LATEST = "$LATEST"


class LambdaApi:
    """A WSGI application that invokes this machine's functions and waits for their answers.

    Args:
        function_arns: of the functions that there are.
        invoke: invokes the function of an ARN with an event's JSON.
    """

    def __init__(
        self, function_arns: Collection[str], invoke: Callable[[str, bytes], Answer]
    ) -> None:
        self._arns = {arn.rpartition(":")[2]: arn for arn in function_arns}
        self._invoke = invoke

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = self._answer(Request(environ))
        response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        found = INVOCATIONS.fullmatch(request.path)
        if found is None or request.method != "POST":
            return _error(404, "UnknownOperationException", "Only Invoke is answered here.")
        given = unquote(found["name"])
        # `name`, `name:$LATEST`, `account:function:name`, or the ARN, whole or with its version.
        name = given.removesuffix(f":{LATEST}").rpartition(":")[2]
        arn = self._arns.get(name)
        if arn is None or not f":{arn}".endswith(f":{given.removesuffix(f':{LATEST}')}"):
            return _error(404, "ResourceNotFoundException", f"Function not found: {given}")
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "DryRun":
            return Response(status=204)
        if kind != "RequestResponse":
            return _error(
                400,
                "InvalidParameterValueException",
                f"The invocation type {kind} is not answered on this machine.",
            )
        event = request.get_data() or b"{}"
        try:
            json.loads(event)
        except ValueError as error:
            return _error(
                400, "InvalidRequestContentException", f"Could not parse request body: {error}"
            )
        try:
            answer = self._invoke(arn, event)
        except InvocationRefusedError as error:
            return _error(413, "RequestTooLargeException", str(error))
        except RuntimeClosedError:
            return _error(503, "ServiceException", "This machine's Lambda is shutting down.")
        response = Response(answer.payload, 200, content_type="application/json")
        response.headers["X-Amz-Executed-Version"] = LATEST
        if answer.function_error is not None:
            response.headers["X-Amz-Function-Error"] = answer.function_error
        return response


def _error(status: int, code: str, message: str) -> Response:
    body = json.dumps({"Type": "User" if status < 500 else "Service", "Message": message})
    headers = {"x-amzn-ErrorType": code}
    return Response(body, status, content_type="application/json", headers=headers)
