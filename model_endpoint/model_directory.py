"""A model directory: `config.json` says which backend it is for, the rest is its weights.

{"backend": "onnx", "label": "small", "size": 256}     with encoder.onnx and decoder.onnx
{"backend": "torch", ...}                              with weights.safetensors, for a graphics card
{"backend": "octagon"}                                 nothing else

`"mirror": true` beside the first looks twice (see `onnx_network`).
"""

from __future__ import annotations

import json
from pathlib import Path

from model_endpoint.network_protocol import Network
from model_endpoint.octagon import OctagonNetwork
from model_endpoint.onnx_network import OnnxNetwork

SHIPPED = Path(__file__).parent / "weights" / "small"
CONFIG_FILE = "config.json"


def load_network(directory: Path = SHIPPED, threads: int = 2) -> Network:
    """The backend that a model directory describes.

    Raises:
        ValueError: no readable configuration, or an unknown backend; the message names the file.
    """
    path = directory / CONFIG_FILE
    try:
        config = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: no readable model configuration ({error})") from error
    backend = config.get("backend") if isinstance(config, dict) else None
    if backend == "octagon":
        return OctagonNetwork(int(config.get("size", 256)))
    if backend == "onnx":
        return OnnxNetwork(
            directory,
            str(config["label"]),
            int(config["size"]),
            threads,
            mirror=bool(config.get("mirror", False)),
        )
    if backend == "torch":
        # Only here: torch is no part of what serves on a CPU.
        from model_endpoint.torch_network import TorchNetwork

        return TorchNetwork(directory, str(config["label"]), int(config["size"]))
    raise ValueError(f"{path}: the backend must be onnx, torch or octagon, not {backend!r}")
