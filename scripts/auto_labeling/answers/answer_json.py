"""Values out of a model's JSON, checked, or an error that names the field."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scripts.auto_labeling.answers.model_answer import MAX_OBJECTS, UnreadableAnswerError

MAX_CLASSES = 10_000
BACKGROUND_NAMES = frozenset({"", "background", "__background__", "_background_", "unlabeled"})


def parse_json(body: bytes) -> Any:
    """The parsed text; what JSON does not have (NaN) is refused, too."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UnreadableAnswerError(f"the answer is not JSON ({_short(error)}).") from error


def parse_object(body: bytes) -> Mapping[str, Any]:
    """As `parse_json`, of an object."""
    document = parse_json(body)
    if not isinstance(document, Mapping):
        raise UnreadableAnswerError("the answer must be a JSON object.")
    return document


def text(value: object, field: str) -> str:
    if not isinstance(value, str) or not value:
        raise UnreadableAnswerError(f"{field}: must be a text that is not empty.")
    return value


def fraction(value: object, field: str) -> float:
    """A number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UnreadableAnswerError(f"{field}: must be a number from 0 to 1.")
    return float(value)


def list_of(value: object, field: str) -> Sequence[Any]:
    """A list of objects, not looked into."""
    if not isinstance(value, list):
        raise UnreadableAnswerError(f"{field}: must be a list.")
    if len(value) > MAX_OBJECTS:
        raise UnreadableAnswerError(f"{field}: {len(value)} objects; at most {MAX_OBJECTS}.")
    return value


def numbers(value: object, field: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """An array of finite numbers of this shape, in which -1 is any length."""
    try:
        array = np.asarray(value, dtype=np.float64) if isinstance(value, list) else None
    except (ValueError, TypeError, OverflowError):
        array = None
    if array is not None and array.size == 0 and shape[0] in (-1, 0):
        array = np.zeros([max(side, 0) for side in shape])
    if array is None or array.ndim != len(shape):
        raise UnreadableAnswerError(f"{field}: must be a list of numbers{_nested(shape)}.")
    if any(side not in (-1, found) for side, found in zip(shape, array.shape, strict=True)):
        wanted = " x ".join("any" if side == -1 else str(side) for side in shape)
        found = " x ".join(map(str, array.shape))
        raise UnreadableAnswerError(f"{field}: has {found} numbers where {wanted} belong.")
    if not np.isfinite(array).all():
        raise UnreadableAnswerError(f"{field}: has numbers that are none.")
    return array


def scores(value: object, field: str, counting: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """A number from 0 to 1 for each row; what rounding puts a little beyond is put right.

    Args:
        counting: the rows that are objects: networks fill the others up, with -1 for instance.
    """
    array = np.where(counting, numbers(value, field, counting.shape), 0.0)
    if array.size and (array.min() < -1e-6 or array.max() > 1 + 1e-6):
        raise UnreadableAnswerError(f"{field}: must be numbers from 0 to 1.")
    return array.clip(0, 1)


def flat(value: object) -> object:
    """`[[1], [2]]`, as the network gives columns, is `[1, 2]`."""
    if isinstance(value, list) and value and all(isinstance(item, list) for item in value):
        return [item[0] if len(item) == 1 else item for item in value]
    return value


def class_names(value: object, field: str) -> tuple[str, ...]:
    """A list of names, of which "" is allowed as the background's."""
    if (
        not isinstance(value, list)
        or not 0 < len(value) <= MAX_CLASSES
        or not all(isinstance(name, str) for name in value)
    ):
        raise UnreadableAnswerError(f"{field}: must be a list of the model's class names.")
    return tuple(value)


def name_of(index: float, classes: Sequence[str], field: str) -> str:
    """The name of a class that an answer gives as a number."""
    if index != math.floor(index) or not 0 <= index < len(classes):
        raise UnreadableAnswerError(
            f"{field}: the class {index:g} has no name; {len(classes)} classes are known."
        )
    return classes[int(index)]


def _nested(shape: tuple[int, ...]) -> str:
    return "" if len(shape) == 1 else f" {len(shape)} deep, all rows of one length"


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _short(error: Exception) -> str:
    said = str(error)
    return said if len(said) <= 200 else said[:200] + "…"
