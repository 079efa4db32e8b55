"""The runtimes that `fewclick bench-runtimes` compares."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from onnx import TensorProto, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

from model_endpoint.network import read_weights
from model_endpoint.onnx_network import DECODER_FILE, ENCODER_FILE, FEATURE_NAMES
from scripts.click_model.bench_runtimes import Arrays, Runtime, feature_inputs


def build_runtimes(
    directory: Path,
    size: int,
    threads: Sequence[int],
    crops: Sequence[npt.NDArray[np.float32]],
    prompts: npt.NDArray[np.float32],
    scratch: Path,
    *,
    with_compile: bool,
) -> list[Runtime]:
    """Every runtime with every number of threads, ONNX Runtime's 32-bit floats first."""
    plain = (directory / ENCODER_FILE, directory / DECODER_FILE)
    small = _quantised(directory, scratch, crops, prompts)
    runtimes = [_onnx_runtime("ONNX Runtime fp32", *plain, count) for count in threads]
    runtimes += [_onnx_runtime("ONNX Runtime int8", *small, count) for count in threads]
    runtimes += [_torch_runtime(directory, count) for count in threads]
    if with_compile:
        for count in threads:
            compiled = _torch_runtime(directory, count, compiled=True)
            # Compiled for as many threads as are set when it first runs.
            compiled.before()
            compiled.decode(compiled.encode(crops[0]), prompts)
            runtimes.append(compiled)
    return runtimes


def _onnx_runtime(name: str, encoder: Path, decoder: Path, threads: int) -> Runtime:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    first, second = (
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        for path in (encoder, decoder)
    )

    def encode(crop: npt.NDArray[np.float32]) -> Arrays:
        features: Arrays = first.run(list(FEATURE_NAMES), {"crop": crop})
        return features

    def decode(features: Arrays, prompts: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        logits: npt.NDArray[np.float32] = second.run(["logits"], feature_inputs(features, prompts))[
            0
        ]
        return logits

    return Runtime(name, threads, encode, decode)


def _torch_runtime(directory: Path, threads: int, *, compiled: bool = False) -> Runtime:
    network = read_weights(directory)
    network.fold()
    run: Any = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub does not know the argument
    encoder, decoder = run.encoder, run.decoder
    if compiled:
        encoder, decoder = torch.compile(encoder), torch.compile(decoder)

    def encode(crop: npt.NDArray[np.float32]) -> Arrays:
        with torch.inference_mode():
            given = torch.from_numpy(crop).contiguous(memory_format=torch.channels_last)
            return [part.numpy() for part in encoder(given)]

    def decode(features: Arrays, prompts: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            given = [torch.from_numpy(part) for part in features]
            prompt = torch.from_numpy(prompts).contiguous(memory_format=torch.channels_last)
            logits: npt.NDArray[np.float32] = decoder(*given, prompt).numpy()
            return logits

    name = "torch.compile" if compiled else "torch"
    return Runtime(name, threads, encode, decode, partial(torch.set_num_threads, threads))


class _Inputs(CalibrationDataReader):  # type: ignore[misc]  # ONNX Runtime ships no types
    """What calibration runs through a graph."""

    def __init__(self, inputs: Sequence[dict[str, Any]]) -> None:
        self._left = iter(inputs)

    def get_next(self) -> dict[str, Any] | None:
        return next(self._left, None)


def _quantised(
    directory: Path,
    scratch: Path,
    crops: Sequence[npt.NDArray[np.float32]],
    prompts: npt.NDArray[np.float32],
) -> tuple[Path, Path]:
    """Both graphs with 8-bit weights and activations, calibrated on some crops."""
    plain = _onnx_runtime("", directory / ENCODER_FILE, directory / DECODER_FILE, 2)
    decoder_inputs = [feature_inputs(plain.encode(crop), prompts) for crop in crops]
    calibration = {
        ENCODER_FILE: [{"crop": crop} for crop in crops],
        DECODER_FILE: decoder_inputs,
    }
    made = []
    for name, inputs in calibration.items():
        wide = scratch / f"wide-{name}"
        model = onnx.load(directory / name)
        widen_weights(model)
        onnx.save(model, wide)
        path = scratch / name
        quantize_static(
            str(wide),
            str(path),
            _Inputs(inputs),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        made.append(path)
    return made[0], made[1]


def widen_weights(model: onnx.ModelProto) -> None:
    """Undo `model_endpoint.export.halve_weights`, in place: the quantiser wants 32-bit weights."""
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    for node in list(graph.node):
        if node.op_type != "Cast" or node.input[0] not in stored:
            continue
        tensor = stored[node.input[0]]
        if tensor.data_type == TensorProto.FLOAT16:
            values = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, node.output[0]))
            graph.node.remove(node)
