"""A model directory: `config.json` says which backend it is for, the rest is its weights.

{"backend": "onnx", "label": "small", "size": 256}     with encoder.onnx and decoder.onnx
{"backend": "torch", ...}                              with weights.safetensors, for a graphics card
{"backend": "sam2", "label": "sam2.1-tiny"}             with SAM 2.1 as `transformers` keeps it, in
                                                       a folder of its own, sam2/
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
SAM2_FOLDER = "sam2"


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
    if backend == "sam2":
        from model_endpoint.sam2_network import Sam2Network

        return Sam2Network(directory / SAM2_FOLDER, str(config["label"]), threads=threads)
    raise ValueError(f"{path}: the backend must be onnx, torch, sam2 or octagon, not {backend!r}")
