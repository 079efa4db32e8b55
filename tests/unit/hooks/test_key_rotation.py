"""Rotation of the signing key, step by step as Secrets Manager asks for it."""

from __future__ import annotations

import io
import time
from typing import Any

import boto3
import pytest

from hooks import aws_stack
from hooks.core.errors import ContractError
from hooks.core.task_token import SigningKeys, TaskGrant
from hooks.key_rotation import handler
from tests.unit.hooks.conftest import Account, LambdaContext

VERSION = "11111111-2222-4333-8444-555555555555"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def step(account: Account, context: LambdaContext, name: str, version: str = VERSION) -> None:
    event = {"Step": name, "SecretId": account.secret_arn, "ClientRequestToken": version}
    assert handler(event, context) is None


def keys_of(account: Account, **which: str) -> SigningKeys:
    client = boto3.client("secretsmanager")
    which = which or {"VersionStage": "AWSCURRENT"}
    answer = client.get_secret_value(SecretId=account.secret_arn, **which)
    return SigningKeys.from_secret(answer["SecretString"])


def test_a_rotation_adds_a_key_and_keeps_the_one_before(
    account: Account, context: LambdaContext
) -> None:
    before = keys_of(account)
    now = time.time()
    grant = TaskGrant("pets", "ab", "s3://b/a.jpg", int(now) + 1000)
    for name in STEPS[:3]:
        step(account, context, name)
        assert keys_of(account) == before  # nobody sees the new one yet
    step(account, context, STEPS[3])
    after = keys_of(account)
    assert after.current != before.current
    assert len(after.keys[after.current]) == 64
    assert after.keys[before.current] == before.keys[before.current]
    assert TaskGrant.verify(grant.mint(before), after, now) == grant
    assert TaskGrant.verify(grant.mint(after), after, now) == grant


def test_every_step_can_be_repeated(account: Account, context: LambdaContext) -> None:
    for name in STEPS:
        step(account, context, name)
        made = keys_of(account, VersionId=VERSION)
        step(account, context, name)
        assert keys_of(account, VersionId=VERSION) == made
    assert keys_of(account) == made


def test_the_next_rotation_goes_on_from_the_last(
    account: Account, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in STEPS:
        step(account, context, name)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 30 * 24 * 3600)
    other = VERSION.replace("1", "9")
    for name in STEPS:
        step(account, context, name, other)
    assert len(keys_of(account).keys) == 3


def test_a_pending_version_that_is_no_good_never_becomes_the_current_one(
    account: Account, context: LambdaContext
) -> None:
    boto3.client("secretsmanager").put_secret_value(
        SecretId=account.secret_arn,
        SecretString="nonsense",
        ClientRequestToken=VERSION,
        VersionStages=["AWSPENDING"],
    )
    with pytest.raises(ContractError):
        step(account, context, "testSecret")


@pytest.mark.parametrize(("name", "problem"), [("finishSecret", "no version"), ("dance", "no ver")])
def test_a_step_for_an_unknown_version_is_refused(
    account: Account, context: LambdaContext, name: str, problem: str
) -> None:
    with pytest.raises(ContractError, match=problem):
        step(account, context, name)
    step(account, context, "createSecret")
    with pytest.raises(ContractError, match="not a step"):
        step(account, context, "dance")


def test_logs_hold_no_key(account: Account, context: LambdaContext, logged: io.StringIO) -> None:
    for name in STEPS:
        step(account, context, name)
    keys = keys_of(account)
    assert "finishSecret" in logged.getvalue()
    assert not [key for key in keys.keys.values() if key.decode() in logged.getvalue()]


def test_a_secret_that_is_gone_fails_the_rotation(context: LambdaContext, account: Account) -> None:
    errors: Any = aws_stack.client("secretsmanager").exceptions
    event = {"Step": "createSecret", "SecretId": "gone", "ClientRequestToken": VERSION}
    with pytest.raises(errors.ResourceNotFoundException):
        handler(event, context)
