"""`fewclick pack-model`: a model directory becomes the `model.tar.gz` that SageMaker unpacks.

    config.json, encoder.onnx, decoder.onnx     or config.json and weights.safetensors
    code/inference.py, code/requirements.txt    for AWS's PyTorch images; our own image ignores it
    code/hooks/core/, code/model_endpoint/

The same input gives the same bytes, so that an unchanged model is not deployed again.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import hooks.core
import model_endpoint
from hooks.core.errors import FewclickError
from model_endpoint.model_directory import CONFIG_FILE, SHIPPED, load_network

Backend = Literal["onnx", "torch"]

FILES: dict[str, tuple[str, ...]] = {
    "onnx": ("encoder.onnx", "decoder.onnx"),
    "torch": ("weights.safetensors",),
}
"""What each backend reads beside its configuration."""

CLICK_INFERENCE = "model_endpoint.inference"
ENTRY_POINT = '''"""What the SageMaker Inference Toolkit looks for."""

from {module} import input_fn, model_fn, output_fn, predict_fn

__all__ = ["input_fn", "model_fn", "output_fn", "predict_fn"]
'''


class PackError(FewclickError):
    """A model directory cannot be packed."""


@dataclass(frozen=True, slots=True)
class Package:
    """What was written: the file, its bytes, and the names in it."""

    path: Path
    size: int
    names: tuple[str, ...]


def pack_model(out: Path, model_dir: Path = SHIPPED, backend: Backend = "onnx") -> Package:
    """Write `out`, a model.tar.gz for one backend.

    Raises:
        PackError: the directory has no such model, or the model does not load.
    """
    entries = dict(_model_files(model_dir, backend)) | dict(code_files(CLICK_INFERENCE))
    packed = pack_files(entries)
    out.parent.mkdir(parents=True, exist_ok=True)
    half = out.with_name(out.name + ".part")
    half.write_bytes(packed)
    half.replace(out)  # never half a file under its final name
    return Package(out, len(packed), tuple(sorted(entries)))


def pack_files(entries: Mapping[str, bytes]) -> bytes:
    """An archive of these files, the same bytes for the same files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in sorted(entries):
            member = tarfile.TarInfo(name)  # time stamp 0, owner root
            member.size = len(entries[name])
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(entries[name]))
    return gzip.compress(stream.getvalue(), mtime=0)


def _model_files(model_dir: Path, backend: Backend) -> Iterator[tuple[str, bytes]]:
    path = model_dir / CONFIG_FILE
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PackError(f"{path}: no readable model configuration ({error}).") from error
    missing = [name for name in FILES[backend] if not (model_dir / name).is_file()]
    if missing:
        raise PackError(f"{model_dir} lacks {', '.join(missing)}, which {backend} serves.")
    if backend == "onnx":  # torch may be missing where a model is packed
        try:
            load_network(model_dir, threads=1)
        except Exception as error:
            raise PackError(f"{model_dir}: the model does not load ({error}).") from error
    yield CONFIG_FILE, (json.dumps(config | {"backend": backend}, indent=2) + "\n").encode()
    for name in FILES[backend]:
        yield name, (model_dir / name).read_bytes()


def code_files(module: str) -> Iterator[tuple[str, bytes]]:
    """What AWS's PyTorch images need beside a model.

    Args:
        module: which has the toolkit's four functions.
    """
    yield "code/inference.py", ENTRY_POINT.format(module=module).encode()
    yield "code/requirements.txt", "".join(f"{line}\n" for line in requirements()).encode()
    hooks_folder, endpoint_folder = _folder(hooks), _folder(model_endpoint)
    yield "code/hooks/__init__.py", (hooks_folder / "__init__.py").read_bytes()
    for path in sorted((hooks_folder / "core").glob("*.py")):
        yield f"code/hooks/core/{path.name}", path.read_bytes()
    for path in sorted(endpoint_folder.glob("*.py")):
        yield f"code/model_endpoint/{path.name}", path.read_bytes()


def requirements() -> list[str]:
    """What the server needs that AWS's images may not have: the `endpoint` extra and its base."""
    project = tomllib.loads((_folder(hooks).parent / "pyproject.toml").read_text())["project"]
    base = [
        line for line in project["dependencies"] if line.startswith(("boto3", "numpy", "pillow"))
    ]
    return sorted(base + project["optional-dependencies"]["endpoint"])


def _folder(package: object) -> Path:
    file = getattr(package, "__file__", None)
    if file is None:
        raise PackError(f"{package} has no folder to pack from; install fewclick from its source.")
    return Path(file).parent
