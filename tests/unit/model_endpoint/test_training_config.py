"""Training configurations. Needs torch, as recipes do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the training extra")

from model_endpoint.model_directory import SHIPPED
from model_endpoint.network import ClickNetwork, NetworkConfig
from model_endpoint.training_config import (
    CONFIGS,
    TrainingConfigError,
    read_recipe,
    write_recipe,
)

pytestmark = pytest.mark.torch


def test_the_shipped_weights_have_the_network_of_the_shipped_configuration() -> None:
    recipe = read_recipe(CONFIGS / "small.json", {"data": ["a"]})
    shipped = json.loads((SHIPPED / "config.json").read_text())
    assert recipe.network == NetworkConfig.from_json(shipped["network"])
    assert (recipe.label, recipe.final_size) == (shipped["label"], shipped["size"])
    assert sum(recipe.source_weights.values()) == pytest.approx(1)


def test_every_configuration_builds_a_network() -> None:
    parameters = {}
    for path in sorted(CONFIGS.glob("*.json")):
        network = ClickNetwork(read_recipe(path, {"data": ["a"]}).network)
        parameters[path.stem] = sum(parameter.numel() for parameter in network.parameters())
    assert parameters["small"] <= 6_000_000 < parameters["large"]


def test_a_recipe_survives_its_file(tmp_path: Path) -> None:
    recipe = read_recipe(CONFIGS / "small.json", {"data": ["a", "b"], "steps": 7, "seed": 3})
    write_recipe(recipe, tmp_path / "recipe.json")
    assert read_recipe(tmp_path / "recipe.json", {}) == recipe


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"widhts": 3}, "'widhts' is not a field"),
        ({"batch": 1}, "batch cannot be 1"),
        ({"processes": 0}, "processes cannot be 0"),
        ({"processes": True}, "processes cannot be True"),
        ({"seed": -1}, "seed cannot be -1"),
        ({"size": 100}, "size cannot be 100"),
        ({"minutes": "long"}, "minutes cannot be 'long'"),
        ({"source_weights": {"a": -1}}, "source_weights cannot be"),
        ({"label": ""}, "label cannot be"),
        ({"data": "a"}, "data cannot be 'a'"),
        ({"network": {"stem": 8, "depth": 1}}, "network: "),
        ({"network": {"necks": [8, 8, 8, 8]}}, "must agree"),
        ({"network": 3}, "network cannot be 3"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused(
    tmp_path: Path, changed: dict[str, Any], problem: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"data": ["a"], "minutes": 1} | changed))
    with pytest.raises(TrainingConfigError, match=problem):
        read_recipe(path, {})


@pytest.mark.parametrize(
    ("text", "problem"),
    [("{", "no readable"), ("[]", "JSON object"), ('{"minutes": 3}', "data is missing")],
)
def test_a_file_that_is_no_configuration_is_refused(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(TrainingConfigError, match=problem):
        read_recipe(path, {})
