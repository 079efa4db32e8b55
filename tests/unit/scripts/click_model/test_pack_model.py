"""A model.tar.gz: what is in it, and what is refused."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from model_endpoint.model_directory import load_network
from scripts.__main__ import app
from scripts.click_model.pack_model import PackError, pack_model, requirements


def test_an_unpacked_package_is_a_model_directory(tmp_path: Path) -> None:
    package = pack_model(tmp_path / "model.tar.gz")
    with tarfile.open(package.path) as archive:
        # As the tarfile documentation says it for Pythons before 3.11.4, which have no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(tmp_path / "model")
    assert load_network(tmp_path / "model", threads=1).name == load_network(threads=1).name
    assert (tmp_path / "model/code/inference.py").exists()
    assert "fastapi" in (tmp_path / "model/code/requirements.txt").read_text()
    assert not any("weights/" in name for name in package.names)


def test_the_same_model_packs_to_the_same_bytes(tmp_path: Path) -> None:
    first = pack_model(tmp_path / "a.tar.gz").path.read_bytes()
    assert pack_model(tmp_path / "b.tar.gz").path.read_bytes() == first


def test_a_package_for_a_graphics_card_says_so_and_has_its_weights(tmp_path: Path) -> None:
    package = pack_model(tmp_path / "model.tar.gz", backend="torch")
    assert "weights.safetensors" in package.names
    assert "encoder.onnx" not in package.names
    with tarfile.open(package.path) as archive:
        config = archive.extractfile("config.json")
        assert config is not None
        assert json.load(config)["backend"] == "torch"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no readable model configuration"),
        ({"config.json": b"{}"}, r"lacks encoder\.onnx, decoder\.onnx"),
        (
            {
                "config.json": b'{"backend": "onnx", "label": "x", "size": 64}',
                "encoder.onnx": b"no",
                "decoder.onnx": b"no",
            },
            "does not load",
        ),
    ],
    ids=["nothing", "no graphs", "broken graphs"],
)
def test_what_is_no_model_is_not_packed(
    tmp_path: Path, files: dict[str, bytes], words: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(PackError, match=words):
        pack_model(tmp_path / "out.tar.gz", tmp_path)
    assert not (tmp_path / "out.tar.gz").exists()


def test_the_requirements_are_those_of_the_project() -> None:
    names = {line.split(">")[0].split("<")[0] for line in requirements()}
    assert {"boto3", "fastapi", "numpy", "onnxruntime", "pillow", "uvicorn"} <= names


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    out = tmp_path / "model.tar.gz"
    result = CliRunner().invoke(app, ["pack-model", "--out", str(out), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.output)["bytes"] == out.stat().st_size
