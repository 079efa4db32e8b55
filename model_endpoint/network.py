"""The click-refinement network: encode a crop once, decode a mask per click (training side, torch).

The four extreme points exist before the first mask, so they enter the encoder; corrective clicks
and the previous mask come later and often, so they enter a light decoder as dense maps. The
encoder uses batch normalisation (its inputs have one distribution); the decoder has none, because
its prompt maps are all zero before the first click and not after, which no running statistics fit.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

ENCODER_CHANNELS = 5  # red, green, blue, extreme-point map, box map
WEIGHTS_FILE = "weights.safetensors"
PROMPT_CHANNELS = 6  # see guidance.PROMPT_MAPS


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Widths and depths; the resolution is a property of the crop, not of the weights."""

    stem: int = 32
    widths: tuple[int, int, int, int] = (64, 96, 160, 224)  # strides 4, 8, 16, 32
    depths: tuple[int, int, int, int] = (2, 2, 2, 2)
    necks: tuple[int, int, int, int] = (32, 48, 64, 96)  # cached features, strides 2, 4, 8, 16
    prompts: tuple[int, int, int, int] = (32, 32, 64, 64)  # strides 2, 4, 8, 16
    decoder: tuple[int, int, int, int] = (32, 48, 64, 128)  # strides 2, 4, 8, 16

    def __post_init__(self) -> None:
        if not self.necks[0] == self.prompts[0] == self.decoder[0]:
            raise ValueError("necks, prompts and decoder must agree at stride 2: they are added")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> NetworkConfig:
        """The inverse of `to_json`, also after lists have taken the place of tuples."""
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**fields)


class NormedConv(nn.Module):
    """3x3 (or 1x1) convolution and batch normalisation, optionally rectified."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(self.conv(x))
        return y


class EncoderBlock(nn.Module):
    """Two normalised 3x3 convolutions with a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = NormedConv(inputs, outputs, 3, stride)
        self.second = NormedConv(outputs, outputs)
        plain = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if plain else NormedConv(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.shortcut(x) + self.second(F.relu(self.first(x))))


class DecoderBlock(nn.Module):
    """Two biased 3x3 convolutions with a shortcut; the second starts at zero (no norm needed)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(F.relu(self.first(x))))


def upsample(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class Encoder(nn.Module):
    """(n, 5, s, s) crop and seed maps -> features at strides 2, 4, 8 and 16."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        w, d, k = config.widths, config.depths, config.necks
        self.stem = NormedConv(ENCODER_CHANNELS, config.stem, 3, 2)
        stages: list[nn.Module] = []
        inputs = config.stem
        for width, depth in zip(w, d, strict=True):
            blocks = [EncoderBlock(inputs, width, 2)]
            blocks += [EncoderBlock(width, width) for _ in range(depth - 1)]
            stages.append(nn.Sequential(*blocks))
            inputs = width
        self.stages = nn.ModuleList(stages)
        self.context = nn.Conv2d(w[3], w[3], 1)
        self.lateral32 = NormedConv(w[3], k[3], 1)
        self.lateral16 = NormedConv(w[2], k[3], 1)
        self.lateral8 = NormedConv(w[1], k[2], 1)
        self.lateral4 = NormedConv(w[0], k[1], 1)
        self.lateral2 = NormedConv(config.stem, k[0], 1)
        self.down16 = NormedConv(k[3], k[2], 1)
        self.down8 = NormedConv(k[2], k[1], 1)
        self.down4 = NormedConv(k[1], k[0], 1)
        self.smooth16 = NormedConv(k[3], k[3])
        self.smooth8 = NormedConv(k[2], k[2])
        self.smooth4 = NormedConv(k[1], k[1])
        self.smooth2 = NormedConv(k[0], k[0])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        c2 = F.relu(self.stem(x))
        c4 = self.stages[0](c2)
        c8 = self.stages[1](c4)
        c16 = self.stages[2](c8)
        c32 = self.stages[3](c16)
        c32 = c32 + F.relu(self.context(c32.mean((2, 3), keepdim=True)))
        f16 = F.relu(self.smooth16(F.relu(self.lateral16(c16) + upsample(self.lateral32(c32)))))
        f8 = F.relu(self.smooth8(F.relu(self.lateral8(c8) + upsample(self.down16(f16)))))
        f4 = F.relu(self.smooth4(F.relu(self.lateral4(c4) + upsample(self.down8(f8)))))
        f2 = F.relu(self.smooth2(F.relu(self.lateral2(c2) + upsample(self.down4(f4)))))
        return f2, f4, f8, f16


class Decoder(nn.Module):
    """Features and (n, 6, s/2, s/2) prompt maps -> (n, 1, s, s) logits."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        k, p, d = config.necks, config.prompts, config.decoder
        self.prompt2 = nn.Conv2d(PROMPT_CHANNELS, p[0], 3, padding=1)
        self.prompt4 = nn.Conv2d(p[0], p[1], 3, 2, 1)
        self.prompt8 = nn.Conv2d(p[1], p[2], 3, 2, 1)
        self.prompt16 = nn.Conv2d(p[2], p[3], 3, 2, 1)
        self.fuse16 = nn.Conv2d(k[3] + p[3], d[3], 3, padding=1)
        self.block16 = nn.Sequential(DecoderBlock(d[3]), DecoderBlock(d[3]))
        self.context = nn.Conv2d(d[3], d[3], 1)
        self.down16 = nn.Conv2d(d[3], d[2], 1)
        self.fuse8 = nn.Conv2d(d[2] + k[2] + p[2], d[2], 3, padding=1)
        self.block8 = DecoderBlock(d[2])
        self.down8 = nn.Conv2d(d[2], d[1], 1)
        self.fuse4 = nn.Conv2d(d[1] + k[1] + p[1], d[1], 3, padding=1)
        self.block4 = DecoderBlock(d[1])
        self.down4 = nn.Conv2d(d[1], d[0], 1)
        self.fuse2 = nn.Conv2d(d[0], d[0], 3, padding=1)
        self.head = nn.Conv2d(d[0], 4, 3, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.weight.any():
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.head.weight, std=0.01)

    def forward(self, f2: Tensor, f4: Tensor, f8: Tensor, f16: Tensor, prompts: Tensor) -> Tensor:
        p2 = F.relu(self.prompt2(prompts))
        p4 = F.relu(self.prompt4(p2))
        p8 = F.relu(self.prompt8(p4))
        p16 = F.relu(self.prompt16(p8))
        x = self.block16(F.relu(self.fuse16(torch.cat((f16, p16), 1))))
        x = x + F.relu(self.context(x.mean((2, 3), keepdim=True)))
        x = F.relu(self.fuse8(torch.cat((upsample(self.down16(x)), f8, p8), 1)))
        x = self.block8(x)
        x = F.relu(self.fuse4(torch.cat((upsample(self.down8(x)), f4, p4), 1)))
        x = self.block4(x)
        # Added, not concatenated: the finest scale is where channels cost the most.
        x = F.relu(self.fuse2(upsample(self.down4(x)) + f2 + p2))
        return F.pixel_shuffle(self.head(x), 2)


class ClickNetwork(nn.Module):
    """Encoder and decoder under one roof, for training and export."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        features: tuple[Tensor, Tensor, Tensor, Tensor] = self.encoder(x)
        return features

    def decode(self, features: tuple[Tensor, ...], prompts: Tensor) -> Tensor:
        logits: Tensor = self.decoder(*features, prompts)
        return logits

    def fold(self) -> None:
        """Fold every normalisation into its convolution, in place; for an evaluated network."""
        for module in self.modules():
            if isinstance(module, NormedConv) and isinstance(module.norm, nn.BatchNorm2d):
                module.conv = fuse_conv_bn_eval(module.conv, module.norm)
                module.register_module("norm", nn.Identity())


def read_weights(directory: Path) -> ClickNetwork:
    """The network of a model directory's `weights.safetensors` and `config.json`, evaluating."""
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    network = ClickNetwork(NetworkConfig.from_json(config["network"]))
    state = load_file(directory / WEIGHTS_FILE)
    network.load_state_dict(
        {
            name: value.float() if value.is_floating_point() else value
            for name, value in state.items()
        }
    )
    return network.eval()
