"""Fields of this package's JSON records, each read from JSON that may be anything.

Every problem is a ContractError that names the field.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hooks.core.errors import ContractError

MISSING: Any = object()


def mapping(value: object, field: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise ContractError(field, f"must be a JSON object, not {value!r}.")
    return value


def whole(record: Mapping[str, Any], name: str, place: str, least: int = 0) -> int:
    """A whole number of at least `least`."""
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ContractError(
            f"{place}.{name}", f"must be a whole number of {least} or more, not {value!r}."
        )
    return value


def number(
    record: Mapping[str, Any],
    name: str,
    place: str,
    least: float = -math.inf,
    most: float = math.inf,
) -> float:
    """A finite number between two others."""
    value = record.get(name)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not least <= value <= most
    ):
        bounds = f" from {least:g} to {most:g}" if math.isfinite(most) else ""
        raise ContractError(f"{place}.{name}", f"must be a number{bounds}, not {value!r}.")
    return float(value)


def text(record: Mapping[str, Any], name: str, place: str, default: object = MISSING) -> str:
    """A text."""
    value = record.get(name, default)
    if not isinstance(value, str):
        raise ContractError(f"{place}.{name}", "must be a text.")
    return value


def yes_or_no(record: Mapping[str, Any], name: str, place: str) -> bool:
    """A boolean."""
    value = record.get(name)
    if not isinstance(value, bool):
        raise ContractError(f"{place}.{name}", f"must be true or false, not {value!r}.")
    return value


def sequence(record: Mapping[str, Any], name: str, place: str) -> Sequence[Any]:
    """A JSON array."""
    value = record.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ContractError(f"{place}.{name}", "must be a list.")
    return value


def lines(record: Mapping[str, Any], name: str, place: str) -> tuple[int, ...]:
    """A list of manifest lines, counted from 0."""
    values = sequence(record, name, place)
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ContractError(f"{place}.{name}", f"{value!r} is no manifest line.")
    return tuple(values)
