"""Rotation of the key that signs grants and tokens, in the four steps of Secrets Manager.

    createSecret   the pending version: all keys that still verify, and a new one that signs
    setSecret      nothing: no other service holds the key
    testSecret     what each key signs is verified by the pending version
    finishSecret   the pending version becomes the current one

Every step can be repeated. Functions read the secret again when they meet a key they do not know.
"""

from __future__ import annotations

import secrets
import string
import time
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from hooks import aws_stack
from hooks.core.errors import ContractError
from hooks.core.key_rotation import add_key
from hooks.core.task_token import SigningKeys, TaskToken

logger = Logger(service="key-rotation")

KEY_CHARACTERS = 64
CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Entry point for Secrets Manager."""
    step, secret, version = event["Step"], event["SecretId"], event["ClientRequestToken"]
    stages = aws_stack.secret_versions(secret)
    if step != "createSecret" and version not in stages:
        raise ContractError("ClientRequestToken", f"{version} is no version of the secret.")
    if CURRENT in stages.get(version, ()):
        logger.info("this version is the current one already", extra={"step": step})
        return
    if step == "createSecret":
        _create(secret, version)
    elif step == "testSecret":
        _test(secret, version)
    elif step == "finishSecret":
        (before,) = (name for name, its in stages.items() if CURRENT in its)
        aws_stack.move_secret_stage(secret, CURRENT, version, before)
    elif step != "setSecret":
        raise ContractError("Step", f"{step!r} is not a step of a rotation.")
    logger.info("done", extra={"step": step})


def _create(secret: str, version: str) -> None:
    if aws_stack.read_secret_version(secret, PENDING, version) is not None:
        return  # the step is repeated
    current = aws_stack.read_secret_version(secret, CURRENT)
    if current is None:
        raise ContractError("signing key", "the secret has no current version.")
    characters = string.ascii_letters + string.digits
    new_key = "".join(secrets.choice(characters) for _ in range(KEY_CHARACTERS))
    rotated = add_key(current, new_key, time.time())
    aws_stack.write_secret_version(secret, rotated, PENDING, version)


def _test(secret: str, version: str) -> None:
    pending = aws_stack.read_secret_version(secret, PENDING, version)
    if pending is None:
        raise ContractError("signing key", "the pending version is empty.")
    keys = SigningKeys.from_secret(pending)
    probe = TaskToken("rotation", "probe", "s3://rotation/probe", 2**32)
    for key_id in keys.keys:
        signed = probe.mint(SigningKeys(key_id, keys.keys))
        if TaskToken.verify(signed, keys, time.time()) != probe:
            raise ContractError("signing key", f"{key_id} does not verify what it signed.")
