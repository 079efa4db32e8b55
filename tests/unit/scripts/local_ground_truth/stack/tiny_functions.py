"""Lambda functions that are small, quick, and misbehave when they are asked to."""

import json
import os
import sys
import time
from urllib.request import Request, urlopen


def pre_annotation(event, context):
    data_object = event["dataObject"]
    if data_object.get("ask") == "raise":
        raise ValueError("no such photo")
    if data_object.get("ask") == "nothing":
        return {}
    needed = {"skip": False, "skip-as-text": "false"}.get(data_object.get("ask"), True)
    return {
        "taskInput": {"taskObject": data_object.get("source-ref"), "line": data_object},
        "isHumanAnnotationRequired": needed,
    }


def consolidation(event, context):
    """Every object's answers side by side, by worker; and a file about each, as masks would be."""
    entries = []
    for item in json.loads(_call("GET", event["payload"]["s3Uri"])):
        answers = {
            each["workerId"]: json.loads(each["annotationData"]["content"])
            for each in sorted(item["annotations"], key=lambda each: each["workerId"])
        }
        details = (
            f"{event['outputConfig']}/consolidated-annotation/output/{item['datasetObjectId']}"
        )
        _call("PUT", f"{details}.json", json.dumps(answers).encode())
        asked = [answer.get("ask") for answer in answers.values()]
        if "raise" in asked:
            raise RuntimeError("cannot consolidate this")
        if "omit" in asked:
            continue
        label = {"answers": answers, "event": sorted(event)}
        if "long" in asked:
            label["padding"] = "x" * 20_000
        attribute = "other" if "other" in asked else event["labelAttributeName"]
        entries.append(
            {
                "datasetObjectId": item["datasetObjectId"],
                "consolidatedAnnotation": {"content": {attribute: label}},
            }
        )
    return entries


def echo(event, context):
    """Answers with the event and what it can see of its surroundings, or does as `ask` says."""
    wanted = json.loads(event["body"]) if event.get("body", "").startswith("{") else {}
    ask = wanted.get("ask") or event.get("ask")
    if ask == "raise":
        raise KeyError("gone")
    if ask == "exit":
        sys.exit(3)
    if ask == "sleep":
        time.sleep(60)
    if ask == "memory":
        hoard = bytearray(300 * 1024 * 1024)
        time.sleep(5)
        return len(hoard)
    if ask == "bytes":
        return b"bytes are not JSON"
    if ask == "large":
        return "x" * 6_300_000
    if ask == "answer":
        return wanted["answer"]
    sys.stdout.write("echo was here\n")
    return {
        "event": event,
        "environment": dict(os.environ),
        "remaining": context.get_remaining_time_in_millis(),
        "function_name": context.function_name,
        "arn": context.invoked_function_arn,
        "process": os.getpid(),
        "path": sys.path,
    }


def _call(method, address, body=None):
    # Without boto3, whose import would take longer than all else here.
    bucket, _, key = address.removeprefix("s3://").partition("/")
    scope = "20260101/us-east-1/s3/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    request = Request(
        f"{os.environ['AWS_ENDPOINT_URL']}/{bucket}/{key}",
        data=body,
        headers={"Authorization": authorization},
        method=method,
    )
    with urlopen(request, timeout=10) as answer:
        return answer.read()
