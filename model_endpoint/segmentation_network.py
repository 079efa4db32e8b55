"""A compact network that segments whole photos: the click network's encoder, and a head of its own.

It is what `fewclick train --local` trains, so that labels can be turned into a model on one
machine. The encoder starts from the shipped click weights, if they are at hand: it has learned what
outlines look like on millions of crops, though not what anything is called. It gets what a click on
the whole photo would give it: no extreme points, and a box that covers everything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from hooks.core.masks import LabelMap
from model_endpoint.guidance import COLOUR_MEAN, COLOUR_SCALE
from model_endpoint.network import WEIGHTS_FILE, Encoder, NetworkConfig, NormedConv, read_weights

CONFIG_FILE = "config.json"
KIND = "segmentation"
STRIDE = 32
"""Sides of the network's input are multiples of it."""
HEAD_CHANNELS = 96

Colours = npt.NDArray[np.uint8]


class SegmentationModelError(ValueError):
    """A directory holds no segmentation model; the message names the file."""


@dataclass(frozen=True, slots=True)
class SegmentationConfig:
    """What a model directory says of itself.

    Attributes:
        kind: tells it from models of other sorts.
        classes: names, the background's first.
        size: the longer side of the photo as the network sees it, in pixels.
    """

    kind: ClassVar[str] = KIND
    classes: tuple[str, ...]
    size: int
    network: NetworkConfig

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "classes": list(self.classes),
            "size": self.size,
            "network": self.network.to_json(),
        }

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Raises SegmentationModelError unless the directory's configuration can be used."""
        path = directory / CONFIG_FILE
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            if fields["kind"] != cls.kind:
                raise ValueError(f"kind is {fields['kind']!r}, not {cls.kind!r}")
            classes = tuple(str(name) for name in fields["classes"])
            return cls(classes, int(fields["size"]), NetworkConfig.from_json(fields["network"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SegmentationModelError(
                f"{path}: not a {cls.kind} model's configuration ({error})."
            ) from error


class Trunk(nn.Module):
    """(n, 3, h, w) normalised colours -> (n, 96, h / 4, w / 4), and the encoder's coarsest features
    (n, channels, h / 16, w / 16); h and w multiples of 32."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        _, k4, k8, k16 = config.necks
        self.merge = NormedConv(k4 + k8 + k16, HEAD_CHANNELS)
        self.context = nn.Linear(k16, HEAD_CHANNELS)
        self.refine = NormedConv(HEAD_CHANNELS, HEAD_CHANNELS)

    def merged(self, colours: Tensor) -> tuple[Tensor, Tensor]:
        n, _, height, width = colours.shape
        # As a click on the whole photo: no extreme points, a box round everything.
        points = colours.new_zeros(n, 1, height, width)
        box = colours.new_ones(n, 1, height, width)
        _, f4, f8, f16 = self.encoder(torch.cat((colours, points, box), 1))
        shape = (int(f4.shape[2]), int(f4.shape[3]))
        finer = [F.interpolate(f, shape, mode="bilinear", align_corners=False) for f in (f8, f16)]
        x = F.relu(self.merge(torch.cat((f4, *finer), 1)))
        # What is in the photo at all says much of what a pixel of it is.
        x = x + F.relu(self.context(f16.mean((2, 3))))[:, :, None, None]
        return F.relu(self.refine(x)), f16


class SegmentationNetwork(Trunk):
    """(n, 3, h, w) normalised colours -> (n, classes, h, w) logits; h and w multiples of 32."""

    def __init__(self, classes: int, config: NetworkConfig) -> None:
        super().__init__(config)
        self.dropout = nn.Dropout2d(0.1)
        self.classify = nn.Conv2d(HEAD_CHANNELS, classes, 1)

    def forward(self, colours: Tensor) -> Tensor:
        return self.forward_with_features(colours)[0]

    def forward_with_features(self, colours: Tensor) -> tuple[Tensor, Tensor]:
        """The logits, and the encoder's coarsest features (n, channels, h / 16, w / 16)."""
        x, coarsest = self.merged(colours)
        shape = (int(colours.shape[2]), int(colours.shape[3]))
        x = self.classify(self.dropout(x))
        return F.interpolate(x, shape, mode="bilinear", align_corners=False), coarsest


def new_network(
    config: SegmentationConfig, click_weights: Path | None, seed: int
) -> SegmentationNetwork:
    """A network to train; its encoder starts from a click model's directory, if one is given."""
    torch.manual_seed(seed)
    network = SegmentationNetwork(len(config.classes), config.network)
    if click_weights is not None:
        network.encoder.load_state_dict(read_weights(click_weights).encoder.state_dict())
    return network


def normalised(colours: Colours) -> npt.NDArray[np.float32]:
    """(h, w, 3) uint8 -> (3, h, w) float32, as the encoder was trained."""
    maps = colours.transpose(2, 0, 1).astype(np.float32)
    maps -= np.asarray(COLOUR_MEAN, np.float32)
    maps *= np.float32(1) / np.asarray(COLOUR_SCALE, np.float32)
    return maps


@dataclass(frozen=True, slots=True)
class SegmentationModel:
    """A trained network with what is needed to use it."""

    config: SegmentationConfig
    network: SegmentationNetwork
    device: torch.device

    @classmethod
    def read(cls, directory: Path, device: str = "cpu") -> SegmentationModel:
        """Raises SegmentationModelError when the directory holds no such model."""
        config = SegmentationConfig.read(directory)
        network = SegmentationNetwork(len(config.classes), config.network)
        read_state(network, directory)
        return cls(config, network.eval().to(torch.device(device)), torch.device(device))

    def write(self, directory: Path) -> None:
        """Write the model's files."""
        write_model(self.network, self.config, directory)

    def probabilities(self, photo: Colours) -> npt.NDArray[np.float32]:
        """(classes, height, width) of a photo (height, width, 3); the mean of it and its mirror."""
        height, width = photo.shape[:2]
        maps = torch.from_numpy(normalised(seen(photo, self.config.size)))[None].to(self.device)
        maps, seen_height, seen_width = padded(maps)
        with torch.inference_mode():
            logits = self.network(torch.cat((maps, maps.flip(3)), 0)).float()
            shares = torch.softmax(logits, 1)
            shares = (shares[:1] + shares[1:].flip(3)) / 2  # back before anything is cut off
            shares = shares[:, :, :seen_height, :seen_width]
            whole = F.interpolate(shares, (height, width), mode="bilinear", align_corners=False)
        result: npt.NDArray[np.float32] = whole[0].cpu().numpy()
        return result

    def label_map(self, photo: Colours) -> LabelMap:
        """uint8 (height, width): the likeliest class of every pixel."""
        likeliest: LabelMap = self.probabilities(photo).argmax(0).astype(np.uint8)
        return likeliest


def write_model(network: nn.Module, config: SegmentationConfig, directory: Path) -> None:
    """Write weights and configuration; the configuration last, since it makes a model."""
    directory.mkdir(parents=True, exist_ok=True)
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    partial = directory / f"{WEIGHTS_FILE}.partial"
    save_file(state, partial)
    partial.chmod(0o644)  # safetensors makes it private
    partial.replace(directory / WEIGHTS_FILE)
    text = json.dumps(config.to_json(), indent=1, ensure_ascii=False) + "\n"
    (directory / CONFIG_FILE).write_text(text, encoding="utf-8")


def read_state(network: nn.Module, directory: Path) -> None:
    """Raises SegmentationModelError unless the directory has weights that fit the network."""
    path = directory / WEIGHTS_FILE
    try:
        network.load_state_dict(load_file(path))
    except (OSError, RuntimeError) as error:
        raise SegmentationModelError(f"{path}: no weights that fit ({error}).") from error


def seen(photo: Colours, size: int) -> Colours:
    """The photo with its longer side brought to `size`."""
    height, width = photo.shape[:2]
    scale = size / max(height, width)
    shape = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(
        Image.fromarray(photo).resize(shape, Image.Resampling.BILINEAR, reducing_gap=2)
    )


def padded(maps: Tensor) -> tuple[Tensor, int, int]:
    """Filled up to multiples of the stride with mean grey, and the size before that."""
    height, width = int(maps.shape[2]), int(maps.shape[3])
    return F.pad(maps, (0, -width % STRIDE, 0, -height % STRIDE)), height, width
