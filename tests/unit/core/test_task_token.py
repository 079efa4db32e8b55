"""Task tokens: only ours, only for what they say, only for a while."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.allowance import Allowance
from hooks.core.errors import ContractError, TokenError, TokenExpiredError
from hooks.core.task_token import SigningKeys, TaskGrant, TaskToken, grant_key, hash_data_object

KEYS = SigningKeys.from_secret(json.dumps({"current": "k1", "k1": "a" * 40}))
ALLOWANCE = Allowance(100, 2.0)
TOKEN = TaskToken("turtles", "ab12", "s3://bucket/a.jpg", 1000, "x1", ALLOWANCE)
GRANT = TaskGrant("turtles", "ab12", "s3://bucket/a.jpg", 5000)


def test_what_was_minted_is_verified() -> None:
    assert TaskToken.verify(TOKEN.mint(KEYS), KEYS, now=999) == TOKEN


def test_a_token_ends_when_it_says() -> None:
    with pytest.raises(TokenExpiredError):
        TaskToken.verify(TOKEN.mint(KEYS), KEYS, now=1000)


def test_an_older_key_still_verifies_and_a_forgotten_one_does_not() -> None:
    token = TOKEN.mint(KEYS)
    rotated = SigningKeys.from_secret(json.dumps({"current": "k2", "k1": "a" * 40, "k2": "b" * 40}))
    assert TaskToken.verify(token, rotated, now=0) == TOKEN
    forgotten = SigningKeys.from_secret(json.dumps({"current": "k2", "k2": "b" * 40}))
    with pytest.raises(TokenError, match="not valid"):
        TaskToken.verify(token, forgotten, now=0)


def test_a_token_for_another_photo_cannot_be_made_from_one() -> None:
    version, payload, signature = TOKEN.mint(KEYS).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["image"] = "s3://bucket/secret.jpg"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    with pytest.raises(TokenError):
        TaskToken.verify(f"{version}.{forged}.{signature}", KEYS, now=0)


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda data: f"v1.{data.hex()}.aa"))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        TaskToken.verify(text, KEYS, now=0)


@given(st.integers(0), st.integers(1, 127))
def test_no_character_can_be_changed(position: int, change: int) -> None:
    token = TOKEN.mint(KEYS)
    position %= len(token)
    changed = token[:position] + chr(ord(token[position]) ^ change) + token[position + 1 :]
    try:
        verified = TaskToken.verify(changed, KEYS, now=0)
    except TokenError:
        return
    # Base64 has spare bits in its last character; they change nothing that is signed.
    assert verified == TOKEN


def test_a_token_of_a_thousand_brackets_is_refused() -> None:
    payload = base64.urlsafe_b64encode(b"[" * 2900).rstrip(b"=").decode()
    with pytest.raises(TokenError):
        TaskToken.verify(f"v1.{payload}.AAAA", KEYS, now=0)


def test_the_same_data_object_has_the_same_hash_in_any_key_order() -> None:
    assert hash_data_object({"a": 1, "b": 2}) == hash_data_object({"b": 2, "a": 1})
    assert hash_data_object({"a": 1}) != hash_data_object({"a": 2})


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "[]",
        "{}",
        '{"current": "k1"}',
        '{"current": "k1", "k1": "short"}',
        '{"current": "k1", "k1": 5}',
    ],
)
def test_a_secret_of_another_shape_is_refused(secret: str) -> None:
    with pytest.raises(ContractError):
        SigningKeys.from_secret(secret)


def test_a_grant_becomes_a_token_of_some_minutes_for_the_same_photo() -> None:
    grant = TaskGrant.verify(GRANT.mint(KEYS), KEYS, now=1000)
    token = grant.token(1000.9, "x1", ALLOWANCE)
    assert token == TaskToken("turtles", "ab12", "s3://bucket/a.jpg", 1600, "x1", ALLOWANCE)


@pytest.mark.parametrize("now", [4399, 4401, 4999])
def test_no_token_outlives_its_grant(now: int) -> None:
    assert GRANT.token(now, "x1", ALLOWANCE).expires == min(now + 600, 5000)


def test_a_grant_is_no_token_and_a_token_no_grant() -> None:
    grant, token = GRANT.mint(KEYS), TOKEN.mint(KEYS)
    with pytest.raises(TokenError):
        TaskToken.verify(grant, KEYS, now=0)
    with pytest.raises(TokenError):
        TaskGrant.verify(token, KEYS, now=0)
    # Nor does it help to give one the other's beginning.
    with pytest.raises(TokenError, match="not valid"):
        TaskToken.verify("v1" + grant[2:], KEYS, now=0)
    with pytest.raises(TokenError, match="not valid"):
        TaskGrant.verify("g1" + token[2:], KEYS, now=0)


def test_a_grant_ends_when_it_says() -> None:
    with pytest.raises(TokenExpiredError):
        TaskGrant.verify(GRANT.mint(KEYS), KEYS, now=5000)


def test_the_object_that_a_page_fetches_holds_the_grant() -> None:
    content = json.loads(GRANT.to_json(KEYS))
    assert content["schema_version"] == 1
    assert TaskGrant.verify(content["grant"], KEYS, now=0) == GRANT
    assert grant_key("Turtles", "ab12") == "jobs/turtles/grants/ab12.json"


def test_a_token_of_an_old_page_has_an_allowance_too() -> None:
    old = TaskToken("turtles", "ab12", "s3://bucket/a.jpg", 1000)
    read = TaskToken.verify(old.mint(KEYS), KEYS, now=0)
    assert read == old
    assert read.allowance.calls > 0
    assert set(json.loads(base64.urlsafe_b64decode(old.mint(KEYS).split(".")[1] + "=="))) == {
        "kid",
        "job",
        "object",
        "image",
        "exp",
    }


@pytest.mark.parametrize("text", ["", "v1", "v1.!.x", "v1.e30.x", "v1.W10.x", "v1." + "W1" * 900])
def test_only_what_names_an_unknown_key_asks_for_new_keys(text: str) -> None:
    assert KEYS.know(text)
    assert KEYS.know(TOKEN.mint(KEYS))
    other = SigningKeys.from_secret(json.dumps({"current": "k2", "k2": "b" * 40}))
    assert not KEYS.know(TOKEN.mint(other))
