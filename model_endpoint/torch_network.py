"""The trained network, run by torch: for graphics cards, where requests are computed in batches.

Features stay on the card as 16-bit floats. Without a card the same code runs on the CPU, slower
than ONNX Runtime does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model_endpoint.batching import Batcher
from model_endpoint.guidance import CropClick, FloatMap, encoder_input, prompt_maps
from model_endpoint.network import WEIGHTS_FILE, read_weights
from model_endpoint.network_protocol import Features

LARGEST_BATCH = 16
WINDOW_SECONDS = 0.003
"""What a click may wait for others: little beside the 60 ms that it has."""


class TorchNetwork:
    """A model directory's weights on one device.

    Args:
        directory: holds weights.safetensors and config.json.
        label: what the weights are called; a hash of them is added.
        size: side of the crop that the weights were trained for.
        device: "cuda", "cuda:1", "cpu"; by default the first card, else the CPU.
    """

    whole_photo = False
    hears_clicks = True
    concurrency = 2 * LARGEST_BATCH  # one batch computed, one gathered

    def __init__(self, directory: Path, label: str, size: int, device: str | None = None) -> None:
        digest = hashlib.sha256((directory / WEIGHTS_FILE).read_bytes()).hexdigest()
        self.name = f"{label}-{digest[:8]}"
        self.size = size
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        on_card = self._device.type == "cuda"
        self._precision = torch.float16 if on_card else torch.float32
        network = read_weights(directory)
        network.fold()
        # torch's stub does not know the argument.
        self._network = network.to(self._device, self._precision).to(
            memory_format=torch.channels_last  # type: ignore[call-overload]
        )
        window = WINDOW_SECONDS if on_card else 0.0
        self._encode = Batcher(self._encode_batch, LARGEST_BATCH, window)
        self._decode = Batcher(self._decode_batch, LARGEST_BATCH, window)

    def encode(
        self,
        colours: npt.NDArray[np.uint8],
        covered: npt.NDArray[np.bool_],
        extreme_points: npt.NDArray[np.float32],
    ) -> Features:
        return self._encode(encoder_input(colours, extreme_points, covered))

    def decode(
        self,
        features: Features,
        extreme_points: npt.NDArray[np.float32],
        clicks: Sequence[CropClick],
        previous: FloatMap | None,
    ) -> FloatMap:
        return self._decode((features, prompt_maps(clicks, previous, self.size)))

    def _encode_batch(self, maps: Sequence[FloatMap]) -> list[Features]:
        with torch.inference_mode():
            features = self._network.encode(self._tensor(maps))
        return [tuple(part[i].clone() for part in features) for i in range(len(maps))]

    def _decode_batch(self, asked: Sequence[tuple[Features, FloatMap]]) -> list[FloatMap]:
        with torch.inference_mode():
            features = tuple(
                torch.stack(parts) for parts in zip(*(kept for kept, _ in asked), strict=True)
            )
            logits = self._network.decode(features, self._tensor([maps for _, maps in asked]))
        found: npt.NDArray[np.float32] = logits[:, 0].float().cpu().numpy()
        return list(found)

    def _tensor(self, maps: Sequence[FloatMap]) -> Tensor:
        batch = torch.from_numpy(np.stack(maps)).to(self._device, self._precision)
        return batch.contiguous(memory_format=torch.channels_last)
