"""What an asynchronous endpoint publishes on its SNS topics, read through an SQS queue.

Message shapes: https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

MESSAGES_AT_A_TIME = 10
"""ReceiveMessage gives no more."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An invocation that is over. `output` is "" when the message does not say."""

    inference_id: str
    completed: bool
    output: str
    reason: str


def read_notice(body: str) -> Notice | None:
    """The notice in an SQS message's body, with or without SNS's envelope.

    None for whatever is none: `TestNotification`, which SageMaker sends whenever an endpoint is
    made or changed, `s3:TestEvent`, and messages of others.
    """
    message = _object(body)
    if isinstance(message.get("Message"), str):
        message = _object(message["Message"])
    status = message.get("invocationStatus")
    if status not in ("Completed", "Failed") or not isinstance(message.get("inferenceId"), str):
        return None
    parameters = message.get("responseParameters")
    output = parameters.get("outputLocation") if isinstance(parameters, dict) else None
    return Notice(
        inference_id=message["inferenceId"],
        completed=status == "Completed",
        output=output if isinstance(output, str) else "",
        reason=str(message.get("failureReason") or ""),
    )


@contextmanager
def listening(
    sqs: Any, sns: Any, topics: Sequence[str], name: str, say: Callable[[str], None]
) -> Iterator[Callable[[], list[Notice]]]:
    """A queue of our own that hears these topics; gives a function that reads it.

    The queue and its subscriptions go afterwards; what cannot be deleted is said.
    """
    with ExitStack() as closing:
        url = sqs.create_queue(QueueName=name[:80])["QueueUrl"]
        closing.callback(_gone, partial(sqs.delete_queue, QueueUrl=url), f"queue {name}", say)
        described = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = described["Attributes"]["QueueArn"]
        policy = json.dumps(_policy(arn, topics))
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        for topic in dict.fromkeys(topics):
            subscription = sns.subscribe(
                TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True
            )["SubscriptionArn"]
            closing.callback(
                _gone,
                partial(sns.unsubscribe, SubscriptionArn=subscription),
                f"subscription {subscription}",
                say,
            )
        yield lambda: _take(sqs, url)


def _take(sqs: Any, url: str) -> list[Notice]:
    """All that the queue holds at this moment; it is deleted there."""
    notices: list[Notice] = []
    while True:
        messages = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=MESSAGES_AT_A_TIME, WaitTimeSeconds=0
        ).get("Messages", [])
        if not messages:
            return notices
        notices += [found for each in messages if (found := read_notice(each["Body"])) is not None]
        sqs.delete_message_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]}
                for number, each in enumerate(messages)
            ],
        )


def _policy(queue_arn: str, topics: Sequence[str]) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": list(dict.fromkeys(topics))}},
            }
        ],
    }


def _gone(delete: Callable[[], object], what: str, say: Callable[[str], None]) -> None:
    try:
        delete()
    except Exception as error:  # noqa: BLE001 (said, with what to do)
        say(f"The {what} could not be deleted: {error} Delete it in the console.")


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
