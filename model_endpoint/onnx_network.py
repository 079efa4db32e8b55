"""The trained network, run by ONNX Runtime on the CPU."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from model_endpoint.guidance import CropClick, FloatMap, encoder_input, prompt_maps
from model_endpoint.network_protocol import Features

ENCODER_FILE = "encoder.onnx"
DECODER_FILE = "decoder.onnx"
FEATURE_NAMES = ("features2", "features4", "features8", "features16")


class OnnxNetwork:
    """Encoder and decoder graphs of one model directory."""

    def __init__(
        self, directory: Path, label: str, size: int, threads: int = 2, *, mirror: bool = False
    ) -> None:
        """Load both graphs.

        Args:
            directory: holds encoder.onnx and decoder.onnx.
            label: what the weights are called; a hash of both files is added.
            size: side of the crop that the weights were trained for.
            mirror: also look at the crop in a mirror and take the mean: twice the time for a
                slightly better mask.
            threads: per call. Threads wait without spinning, as the machine has other work.
        """
        digest = hashlib.sha256()
        sessions = []
        for name in (ENCODER_FILE, DECODER_FILE):
            graph = (directory / name).read_bytes()
            digest.update(graph)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            sessions.append(
                onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            )
        self._encoder, self._decoder = sessions
        self._name = f"{label}-{digest.hexdigest()[:8]}{'-mirror' if mirror else ''}"
        self._size = size
        self._mirror = mirror

    @property
    def name(self) -> str:
        return self._name

    @property
    def size(self) -> int:
        return self._size

    @property
    def concurrency(self) -> int:
        return 2

    @property
    def whole_photo(self) -> bool:
        return False

    @property
    def hears_clicks(self) -> bool:
        return True

    def encode(
        self,
        colours: npt.NDArray[np.uint8],
        covered: npt.NDArray[np.bool_],
        extreme_points: npt.NDArray[np.float32],
    ) -> Features:
        maps = encoder_input(colours, extreme_points, covered)
        features: list[npt.NDArray[np.float32]] = self._encoder.run(
            list(FEATURE_NAMES), {"crop": self._views(maps)}
        )
        return tuple(features)

    def decode(
        self,
        features: Features,
        extreme_points: npt.NDArray[np.float32],
        clicks: Sequence[CropClick],
        previous: FloatMap | None,
    ) -> FloatMap:
        prompts = prompt_maps(clicks, previous, self._size)
        inputs = dict(zip(FEATURE_NAMES, features, strict=True)) | {"prompts": self._views(prompts)}
        logits = np.asarray(self._decoder.run(["logits"], inputs)[0], np.float32)[:, 0]
        seen: FloatMap = logits[0]
        if self._mirror:
            seen = (logits[0] + logits[1, :, ::-1]) / np.float32(2)
        return seen

    def _views(self, maps: FloatMap) -> FloatMap:
        """A batch of the maps (channels, rows, columns), and of their mirror image if asked."""
        return np.stack((maps, maps[..., ::-1])) if self._mirror else maps[None]
