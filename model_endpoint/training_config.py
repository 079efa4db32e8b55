"""Training configurations: JSON files that hold a recipe, network sizes included.

`configs/small.json` is the recipe of the shipped weights; `configs/large.json` wants a graphics
card. A key is a field of `Recipe`; what is left out keeps the recipe's default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

from hooks.core.errors import FewclickError
from model_endpoint.network import NetworkConfig
from model_endpoint.trainer import Recipe

CONFIGS = Path(__file__).parent / "configs"
SIZE_STEP = 32
MIN_BATCH = 4
_LEAST = {
    "steps": 1,
    "processes": 1,
    "batch": MIN_BATCH,
    "size": SIZE_STEP,
    "final_size": SIZE_STEP,
    "warm_up_steps": 1,
    "seed": 0,
}
"""Fields that are whole numbers, and the smallest that makes sense."""
_NUMBERS = frozenset(
    {"minutes", "final_share", "learning_rate", "weight_decay", "average_decay", "hand_noise"}
)


class TrainingConfigError(FewclickError):
    """A training configuration cannot be used; the message names the file and the field."""


def read_recipe(path: Path, overrides: Mapping[str, Any]) -> Recipe:
    """The recipe of a configuration file, with the fields of `overrides` in place of its own.

    Raises:
        TrainingConfigError: not JSON, an unknown field, or a value that does not fit.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingConfigError(f"{path}: no readable configuration ({error}).") from error
    if not isinstance(values, dict):
        raise TrainingConfigError(f"{path}: must be a JSON object.")
    values = values | dict(overrides)
    known = {item.name: item for item in fields(Recipe)}
    for name, value in values.items():
        if name not in known:
            raise TrainingConfigError(f"{path}: {name!r} is not a field of a recipe.")
        _check(path, name, value)
    for name, item in known.items():
        if name not in values and item.default is MISSING and item.default_factory is MISSING:
            raise TrainingConfigError(f"{path}: {name} is missing.")
    try:
        network = NetworkConfig.from_json(values.get("network", {}))
    except (TypeError, ValueError) as error:
        raise TrainingConfigError(f"{path}: network: {error}.") from error
    lists = {name: tuple(values[name]) for name in ("data", "excluded") if name in values}
    return Recipe(**(values | lists | {"network": network}))


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe so that `read_recipe` gives it back."""
    values = asdict(recipe) | {"source_weights": dict(recipe.source_weights)}
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _check(path: Path, name: str, value: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in ("steps", "start_from") and value is None:
        fits = True
    elif name in _LEAST:
        fits = number and isinstance(value, int) and value >= _LEAST[name]
        if name in ("size", "final_size"):
            fits = fits and isinstance(value, int) and value % SIZE_STEP == 0
    elif name in _NUMBERS:
        fits = number
    elif name == "source_weights":
        fits = isinstance(value, dict) and all(
            isinstance(weight, int | float) and weight >= 0 for weight in value.values()
        )
    elif name in ("data", "excluded"):
        fits = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    elif name == "network":
        fits = isinstance(value, dict)
    else:
        fits = isinstance(value, str) and value != ""
    if not fits:
        raise TrainingConfigError(f"{path}: {name} cannot be {value!r}.")
