"""The image of the model endpoint, without Docker: its steps are replayed in a clean place."""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import socket
import subprocess
import tarfile
import time
import venv
from pathlib import Path

import httpx
import pytest

from hooks.core.wire import SegmentResponse
from model_endpoint.model_directory import load_network
from scripts.click_model.pack_model import pack_model
from tests.conftest import REPOSITORY

DOCKERFILE = REPOSITORY / "model_endpoint/Dockerfile"


def steps() -> list[tuple[str, str]]:
    """Every instruction with its text, in order; comments and line continuations undone."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    pairs = [line.partition(" ") for line in text.splitlines() if line.strip()]
    return [(name, rest.strip()) for name, _, rest in pairs]


def texts(name: str) -> list[str]:
    return [text for step, text in steps() if step == name]


def test_everything_that_is_copied_exists_and_reaches_the_builder() -> None:
    sources = [source for text in texts("COPY") for source in text.split()[:-1]]
    assert sources
    ignored = (REPOSITORY / "model_endpoint/Dockerfile.dockerignore").read_text().splitlines()
    for source in sources:
        assert (REPOSITORY / source).exists(), source
        assert f"!{source}" in ignored


def test_it_serves_where_sagemaker_asks() -> None:
    assert texts("EXPOSE") == ["8080"]
    assert json.loads(texts("CMD")[0]) == ["serve"]  # what SageMaker adds to the entry point
    assert texts("USER") == ["fewclick"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment in which the image's COPY and pip steps were done, as for a CPU."""
    root = tmp_path_factory.mktemp("image")
    work = root / "work"
    work.mkdir()
    venv.create(root / "venv", with_pip=True)
    for name, text in steps():
        if name == "COPY":
            *sources, target = text.split()
            for source in sources:
                to = work / (target if target != "./" else source)
                path = REPOSITORY / source
                if path.is_dir():
                    ignore = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(path, to, ignore=ignore)
                else:
                    shutil.copy(path, to)
        if name == "RUN" and "pip install" in text:
            command = f"{text.replace('$TORCH', '')}"
            assert command.startswith("python ")
            python = [str(root / "venv/bin/python"), *shlex.split(command)[1:]]
            subprocess.run(python, cwd=work, check=True, capture_output=True, timeout=900)
    return root


@pytest.mark.slow
def test_the_image_serves_a_packed_model(image: Path, tmp_path: Path, demo_photos: Path) -> None:
    with tarfile.open(pack_model(tmp_path / "model.tar.gz").path) as archive:
        # As the tarfile documentation says it for Pythons before 3.11.4, which have no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(tmp_path / "model")
    port = free_port()
    command = json.loads(texts("ENTRYPOINT")[0]) + json.loads(texts("CMD")[0])
    environment = {
        "PATH": f"{image / 'venv/bin'}{os.pathsep}{os.environ['PATH']}",
        "SM_MODEL_DIR": str(tmp_path / "model"),
        "SAGEMAKER_BIND_TO_PORT": str(port),
    }
    # From an empty folder, as the image does: what was installed is what runs.
    server = subprocess.Popen(
        [str(image / "venv/bin" / command[0]), *command[1:]], cwd=tmp_path, env=environment
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/ping", server)
        photo = (demo_photos / "images" / "coco_471.jpg").read_bytes()
        body = {
            "schema_version": 1,
            "object_id": "1",
            "sequence": 1,
            "image_bytes": base64.b64encode(photo).decode(),
            "extreme_points": [[320, 100], [100, 200], [320, 300], [500, 200]],
            "clicks": [],
        }
        reply = httpx.post(f"http://127.0.0.1:{port}/invocations", json=body, timeout=30)
        assert reply.status_code == 200, reply.text
        assert SegmentResponse.from_json(reply.content).model == load_network(threads=1).name
    finally:
        server.terminate()
        server.wait(20)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None, "the server ended"
        assert time.monotonic() < deadline
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
