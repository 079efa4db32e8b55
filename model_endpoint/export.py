"""Turn a training checkpoint into a model directory: two ONNX graphs, safetensors, config.json.

    python -m model_endpoint.export --checkpoint runs/small/checkpoint.pt \
        --out model_endpoint/weights/small --label small --size 256

Weights are stored as 16-bit floats, half the bytes, and computed with as 32-bit ones (ONNX
Runtime undoes the cast once, at load).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file
from torch import Tensor, nn

from model_endpoint.network import (
    ENCODER_CHANNELS,
    PROMPT_CHANNELS,
    WEIGHTS_FILE,
    ClickNetwork,
    NetworkConfig,
)
from model_endpoint.onnx_network import DECODER_FILE, ENCODER_FILE, FEATURE_NAMES

OPSET = 17
SMALLEST_HALVED = 256
"""Tensors with fewer values stay 32-bit: nothing to win."""


def load_checkpoint(path: Path) -> ClickNetwork:
    """The averaged network of a training checkpoint, in evaluation mode."""
    state = torch.load(path, weights_only=True, map_location="cpu")
    network = ClickNetwork(NetworkConfig.from_json(state["config"]))
    network.load_state_dict(state["average"])
    return network.eval()


def export(network: ClickNetwork, directory: Path, label: str, size: int) -> None:
    """Write a whole model directory for an evaluation-mode network (which is folded here)."""
    directory.mkdir(parents=True, exist_ok=True)
    halved = {
        name: value.half().contiguous() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    save_file(halved, directory / WEIGHTS_FILE)
    (directory / WEIGHTS_FILE).chmod(0o644)  # safetensors makes it private
    network.fold()
    crop = torch.zeros(1, ENCODER_CHANNELS, size, size)
    prompts = torch.zeros(1, PROMPT_CHANNELS, size // 2, size // 2)
    with torch.no_grad():
        features: tuple[Tensor, ...] = network.encode(crop)
    _export_graph(network.encoder, (crop,), ["crop"], list(FEATURE_NAMES), directory / ENCODER_FILE)
    _export_graph(
        network.decoder,
        (*features, prompts),
        [*FEATURE_NAMES, "prompts"],
        ["logits"],
        directory / DECODER_FILE,
    )
    config = {
        "backend": "onnx",
        "label": label,
        "size": size,
        "network": network.config.to_json(),
    }
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def _export_graph(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    input_names: list[str],
    output_names: list[str],
    path: Path,
) -> None:
    torch.onnx.export(
        module,
        inputs,
        str(path),
        input_names=input_names,
        output_names=output_names,
        dynamic_axes={name: {0: "batch"} for name in (*input_names, *output_names)},
        opset_version=OPSET,
        dynamo=False,  # the newer exporter needs a further package and gains nothing here
    )
    model = onnx.load(path)
    halve_weights(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def halve_weights(model: onnx.ModelProto) -> None:
    """Store large 32-bit initializers as 16-bit ones followed by a cast, in place."""
    graph = model.graph
    casts = []
    for index, tensor in enumerate(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < SMALLEST_HALVED:
            continue
        name = tensor.name
        values = numpy_helper.to_array(tensor).astype(np.float16)
        stored = numpy_helper.from_array(values, f"{name}.half")
        graph.initializer[index].CopyFrom(stored)
        casts.append(helper.make_node("Cast", [stored.name], [name], to=TensorProto.FLOAT))
    for cast in reversed(casts):
        graph.node.insert(0, cast)


def main() -> None:
    parser = argparse.ArgumentParser(description="Export a checkpoint to a model directory.")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--label", default="small")
    parser.add_argument("--size", type=int, default=256)
    options = parser.parse_args()
    export(load_checkpoint(options.checkpoint), options.out, options.label, options.size)


if __name__ == "__main__":
    main()
