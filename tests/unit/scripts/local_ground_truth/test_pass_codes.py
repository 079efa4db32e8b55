"""Pass codes are kept as salted hashes, and nothing else opens what they open."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.local_ground_truth.pass_codes import (
    PassCodeError,
    check_pass_code,
    hash_pass_code,
    is_pass_code,
    make_pass_code,
)


@settings(max_examples=10)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_the_right_code_is_known_again_and_another_is_not(code: str) -> None:
    stored = hash_pass_code(code)
    assert is_pass_code(code, stored)
    assert not is_pass_code(code + "x", stored)
    assert not is_pass_code("", stored)


def test_the_same_code_is_stored_differently_each_time() -> None:
    first, second = hash_pass_code("same code"), hash_pass_code("same code")
    assert first != second
    assert "same code" not in first
    assert re.fullmatch(r"scrypt\$14\$8\$1\$[0-9a-f]{32}\$[0-9a-f]{128}", first)


def test_a_code_that_is_made_is_good_enough_and_new_each_time() -> None:
    codes = {make_pass_code() for _ in range(100)}
    assert len(codes) == 100
    for code in codes:
        check_pass_code(code)
        assert re.fullmatch(r"([a-z2-9]{4}-){2}[a-z2-9]{4}", code)


@pytest.mark.parametrize("code", ["", "short", "x" * 201])
def test_a_code_is_neither_short_nor_endless(code: str) -> None:
    with pytest.raises(PassCodeError, match="6 to 200 characters"):
        check_pass_code(code)
