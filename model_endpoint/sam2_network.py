"""Segment Anything 2.1 through `transformers`, behind the same interface as our own network.

It looks at the whole photo, so its features serve every object in it and can be computed before
the first click. The extreme points become a box; inside and outside clicks become points. The
weights are not ours to ship: the user fetches them into a model directory (see the README).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import Sam2Model

from model_endpoint.batching import Batcher
from model_endpoint.guidance import PROMPT_STRIDE, CropClick, FloatMap
from model_endpoint.network_protocol import Features
from model_endpoint.torch_network import WINDOW_SECONDS

LARGEST_BATCH = 8
COLOUR_MEAN = (0.485, 0.456, 0.406)
COLOUR_DEVIATION = (0.229, 0.224, 0.225)
"""Of ImageNet's colours between 0 and 1, as SAM 2 was trained."""
PIXEL_CENTRE = 0.5
"""SAM 2 counts from pixel centres and adds this itself; our points count from pixel edges."""
INSIDE, OUTSIDE = 1, 0
NUDGE = 1 / 100
"""How far a boundary click is moved to its side, in crop sizes."""
SUREST = 12.0
"""Bound of a previous mask's logits; the 8 bits of the wire know none larger than 5.5."""


class Prompt(NamedTuple):
    """What the decoder is asked: (4,) box, (n, 2) points, (n,) labels, (side, side) logits."""

    box: npt.NDArray[np.float32]
    points: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    previous: FloatMap | None


class Sam2Network:
    """SAM 2.1 weights on one device. On a card, requests are computed in batches.

    Args:
        directory: what `transformers` calls a pretrained model: config.json, model.safetensors.
        label: what the weights are called; a hash of them is added.
        device: "cuda", "cuda:1", "cpu"; by default the first card, else the CPU.
        threads: of the CPU, per call.
    """

    whole_photo = True
    hears_clicks = True

    def __init__(
        self, directory: Path, label: str, device: str | None = None, threads: int = 2
    ) -> None:
        weights = directory / "model.safetensors"
        with weights.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        self.name = f"{label}-{digest[:8]}"
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._on_card = self._device.type == "cuda"
        self.concurrency = 2 * LARGEST_BATCH if self._on_card else 2
        if not self._on_card:
            torch.set_num_threads(threads)
        model = Sam2Model.from_pretrained(directory, local_files_only=True, dtype=torch.float32)
        self._model = model.to(self._device).eval()
        side = model.config.prompt_encoder_config.image_size
        self.size = int(side if isinstance(side, int) else side[0])
        colours = torch.tensor((COLOUR_MEAN, COLOUR_DEVIATION), device=self._device)
        self._mean, self._deviation = colours.reshape(2, 1, 3, 1, 1) * 255
        window = WINDOW_SECONDS if self._on_card else 0.0
        self._encode = Batcher(self._encode_batch, LARGEST_BATCH, window)
        self._decode = Batcher(self._decode_batch, LARGEST_BATCH, window)

    def encode(
        self,
        colours: npt.NDArray[np.uint8],
        covered: npt.NDArray[np.bool_],
        extreme_points: npt.NDArray[np.float32],
    ) -> Features:
        return self._encode(colours)

    def decode(
        self,
        features: Features,
        extreme_points: npt.NDArray[np.float32],
        clicks: Sequence[CropClick],
        previous: FloatMap | None,
    ) -> FloatMap:
        return self._decode((features, make_prompt(extreme_points, clicks, previous)))

    def _encode_batch(self, photos: Sequence[npt.NDArray[np.uint8]]) -> list[Features]:
        colours = torch.from_numpy(np.stack(photos)).to(self._device).permute(0, 3, 1, 2).float()
        with torch.inference_mode(), self._half_precision():
            levels = self._model.get_image_embeddings((colours - self._mean) / self._deviation)
        kept = torch.float16 if self._on_card else torch.float32
        return [tuple(level[i].to(kept, copy=True) for level in levels) for i in range(len(photos))]

    def _half_precision(self) -> AbstractContextManager[object]:
        """For the encoder only: 16 bits are too few for the decoder's coordinates."""
        return torch.autocast("cuda", torch.float16) if self._on_card else nullcontext()

    def _decode_batch(self, asked: Sequence[tuple[Features, Prompt]]) -> list[FloatMap]:
        """One pass per shape of prompt: padding would change the answers."""
        groups: dict[tuple[int, bool], list[int]] = {}
        for place, (_, prompt) in enumerate(asked):
            shape = (len(prompt.labels), prompt.previous is not None)
            groups.setdefault(shape, []).append(place)
        found: dict[int, FloatMap] = {}
        for places in groups.values():
            logits = self._decode_alike([asked[place] for place in places])
            found.update(zip(places, logits, strict=True))
        return [found[place] for place in range(len(asked))]

    def _decode_alike(self, asked: Sequence[tuple[Features, Prompt]]) -> npt.NDArray[np.float32]:
        prompts = [prompt for _, prompt in asked]
        levels = [
            torch.stack(parts).float() for parts in zip(*(kept for kept, _ in asked), strict=True)
        ]
        points = labels = masks = None
        if len(prompts[0].labels):
            points = self._tensor([prompt.points for prompt in prompts])[:, None]
            labels = self._tensor([prompt.labels for prompt in prompts])[:, None]
        previous = [prompt.previous for prompt in prompts if prompt.previous is not None]
        if previous:
            masks = self._tensor(previous)[:, None]
        with torch.inference_mode():
            answer = self._model(
                image_embeddings=levels,
                input_boxes=self._tensor([prompt.box for prompt in prompts])[:, None],
                input_points=points,
                input_labels=labels,
                input_masks=masks,
                multimask_output=False,
            )
            shape = (self.size, self.size)
            logits = F.interpolate(answer.pred_masks[:, 0].float(), shape, mode="bilinear")
        whole: npt.NDArray[np.float32] = logits[:, 0].cpu().numpy()
        return whole

    def _tensor(self, arrays: Sequence[npt.NDArray[np.float32] | npt.NDArray[np.int64]]) -> Tensor:
        return torch.from_numpy(np.stack(arrays)).to(self._device)


def make_prompt(
    extreme_points: npt.NDArray[np.float32],
    clicks: Sequence[CropClick],
    previous: FloatMap | None,
) -> Prompt:
    """The box round the extreme points, clicks as points, and the previous mask as logits.

    SAM 2 knows no boundary clicks. The newest one, seen against the previous mask, says which way
    the outline must move: beyond the mask it becomes an inside point a little nearer to it, within
    the mask an outside point a little nearer to the background. What older boundary clicks said
    lies in the previous mask. Without one (or where it is all one side) they are left out.

    Args:
        extreme_points: (4, 2) crop pixels.
        previous: (size/2, size/2) probability.
    """
    low, high = extreme_points.min(0), extreme_points.max(0)
    points, labels = [], []
    for place, click in enumerate(clicks):
        if click.kind != "boundary":
            points.append((click.x, click.y))
            labels.append(INSIDE if click.kind == "inside" else OUTSIDE)
        elif place == len(clicks) - 1 and previous is not None:
            moved = _to_its_side(click, previous)
            if moved is not None:
                points.append(moved[0])
                labels.append(moved[1])
    logits = None
    if previous is not None:
        sure = 1 / (1 + np.exp(np.float32(SUREST)))
        share = previous.clip(sure, 1 - sure)
        logits = np.log(share / (1 - share)).astype(np.float32)
    return Prompt(
        np.concatenate((low, high)).astype(np.float32) - PIXEL_CENTRE,
        np.array(points, np.float32).reshape(-1, 2) - PIXEL_CENTRE,
        np.array(labels, np.int64),
        logits,
    )


def _to_its_side(click: CropClick, previous: FloatMap) -> tuple[tuple[float, float], int] | None:
    side = previous.shape[0]
    x, y = click.x / PROMPT_STRIDE, click.y / PROMPT_STRIDE
    inside = previous > 0.5
    here = bool(inside[min(max(int(y), 0), side - 1), min(max(int(x), 0), side - 1)])
    rows, columns = np.nonzero(inside != here)
    if len(rows) == 0:
        return None
    squared = (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2
    nearest = int(squared.argmin())
    distance = float(np.sqrt(squared[nearest]))
    step = min(NUDGE * side / max(distance, 1e-6), 1.0)
    towards = (columns[nearest] + 0.5 - x, rows[nearest] + 0.5 - y)
    moved = (x + step * towards[0], y + step * towards[1])
    point = (float(moved[0] * PROMPT_STRIDE), float(moved[1] * PROMPT_STRIDE))
    return point, OUTSIDE if here else INSIDE
