"""The Lambda integration of a Task: `arn:aws:states:::lambda:invoke`, through a boto3 client.

Errors have the names under which Step Functions lets them be retried and caught: a function's own
exception its type, whatever went wrong before or beside the function `Lambda.<...>`.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
"""

from __future__ import annotations

import json
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scripts.account.aws_account import AwsAccount
from scripts.active_learning.execution import Invoke
from scripts.active_learning.state_machine import StateError

MAX_FUNCTION_SECONDS = 900


def lambda_client(account: AwsAccount) -> Any:
    """A client that waits as long as a function may run, and leaves retries to the definition."""
    config = Config(read_timeout=MAX_FUNCTION_SECONDS + 10, retries={"total_max_attempts": 1})
    return account.client("lambda", config)


def lambda_invoker(client: Any) -> Invoke:
    """Invokes functions by their name or ARN and waits for the answers.

    Args:
        client: see `lambda_client`.
    """

    def invoke(function: str, payload: Any) -> dict[str, Any]:
        try:
            answer = client.invoke(
                FunctionName=function,
                InvocationType="RequestResponse",
                Payload=json.dumps(payload).encode(),
            )
            body = answer["Payload"].read()
        except ClientError as error:
            details = error.response["Error"]
            raise StateError(f"Lambda.{details['Code']}", details["Message"]) from error
        except BotoCoreError as error:
            raise StateError("Lambda.SdkClientException", str(error)) from error
        said = json.loads(body or b"null")
        if "FunctionError" in answer:
            error_type = said.get("errorType") if isinstance(said, dict) else None
            raise StateError(str(error_type or "Lambda.Unknown"), body.decode())
        return {
            "ExecutedVersion": answer.get("ExecutedVersion", "$LATEST"),
            "Payload": said,
            "StatusCode": answer["StatusCode"],
        }

    return invoke
