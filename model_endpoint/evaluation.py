"""How good the masks are after k clicks of a simulated worker, beside the octagon.

    python -m model_endpoint.evaluation --data DIR --model-dir DIR --objects 200 \
        --policy boundary --jitter 0

Everything runs through `ClickPredictor`, as it is served. The worker is that of
`click_simulator`; jitter moves extreme points and clicks alike.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.clicks import Click, ClickKind, ExtremePoints
from hooks.core.geometry import Point, Size
from hooks.core.masks import iou
from hooks.core.photo import open_photo
from model_endpoint.click_simulator import (
    BoolMask,
    Policy,
    distance_inside,
    extreme_points,
    next_click,
    outline_pixels,
)
from model_endpoint.model_directory import SHIPPED, load_network
from model_endpoint.octagon import octagon
from model_endpoint.predictor import ClickPredictor

BOUNDARY_SHARE = 0.02
"""Width of the band of boundary IoU, of the photo's diagonal (Cheng et al. 2021)."""
SPOILED = 0.02
"""A click that costs more IoU than this spoiled the mask."""
MIN_EXTENT_PIXELS = 4


@dataclass(frozen=True, slots=True)
class EvaluationObject:
    """A photo and one reference mask of it."""

    photo: npt.NDArray[np.uint8]
    reference: BoolMask
    name: str


@dataclass(slots=True)
class EvaluationTable:
    """What a run measured. Lists are per object; the inner ones per number of clicks."""

    ious: list[list[float]] = field(default_factory=list)
    boundary_ious: list[list[float]] = field(default_factory=list)
    octagon_ious: list[float] = field(default_factory=list)
    octagon_boundary_ious: list[float] = field(default_factory=list)
    clicks: int = 0
    honoured: int = 0
    spoiled: int = 0
    first_ms: list[float] = field(default_factory=list)
    click_ms: list[float] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Means, in percent; times in milliseconds."""

        def percent(values: Any) -> Any:
            return np.round(100 * np.asarray(values), 2).tolist()

        def share(count: int) -> float:
            return round(100 * count / max(self.clicks, 1), 2)

        ious = np.array(self.ious)
        reached = ious >= 0.9
        needed = np.where(reached.any(1), reached.argmax(1), ious.shape[1])
        return {
            "objects": len(self.ious),
            "octagon_miou": percent(np.mean(self.octagon_ious)),
            "octagon_boundary_iou": percent(np.mean(self.octagon_boundary_ious)),
            "miou": percent(ious.mean(0)),
            "boundary_iou": percent(np.mean(self.boundary_ious, 0)),
            "noc90": round(float(needed.mean()), 2),
            "error_removed": percent(1 - (1 - ious[:, -1]).mean() / (1 - ious[:, 0]).mean()),
            "honoured": share(self.honoured),
            "spoiled": share(self.spoiled),
            "first_ms_p50_p90": np.round(np.percentile(self.first_ms, (50, 90)), 1).tolist(),
            "click_ms_p50_p90": np.round(np.percentile(self.click_ms, (50, 90)), 1).tolist(),
        }


def read_objects(
    folder: Path, count: int, excluded: Collection[str] = ()
) -> Iterator[EvaluationObject]:
    """`count` objects spread evenly over a data folder (`index.jsonl`, see training_data).

    Photos whose file's stem is in `excluded` are left out, for those that training has seen.
    """
    with (folder / "index.jsonl").open() as lines:
        every = [json.loads(line) for line in lines]
    records = [line for line in every if Path(line["image"]).stem not in excluded]
    objects = [(record, item) for record in records for item in record["objects"]]
    step = max(len(objects) / count, 1.0)
    for index in range(min(count, len(objects))):
        record, item = objects[int(index * step)]
        photo = open_photo((folder / record["image"]).read_bytes(), record["image"])
        with Image.open(folder / item["mask"]) as image:
            reference = np.asarray(image.convert("L")) > 127
        rows, columns = np.nonzero(reference)
        if len(rows) == 0 or min(np.ptp(rows), np.ptp(columns)) < MIN_EXTENT_PIXELS:
            continue
        yield EvaluationObject(photo, reference, item["mask"])


def evaluate(
    predictor: ClickPredictor,
    objects: Iterator[EvaluationObject],
    policy: Policy,
    clicks: int = 5,
    jitter: float = 0.0,
    seed: int = 1,
) -> EvaluationTable:
    """Click every object `clicks` times and measure each mask at the photo's resolution."""
    table = EvaluationTable()
    for number, item in enumerate(objects):
        rng = np.random.default_rng((seed, number))
        _evaluate_object(predictor, item, policy, clicks, jitter, rng, table)
    return table


def _evaluate_object(
    predictor: ClickPredictor,
    item: EvaluationObject,
    policy: Policy,
    clicks: int,
    jitter: float,
    rng: np.random.Generator,
    table: EvaluationTable,
) -> None:
    reference = item.reference
    size = Size(reference.shape[1], reference.shape[0])
    corners = extreme_points(reference, rng, jitter)
    points = ExtremePoints.from_points([Point(float(x), float(y)) for x, y in corners])
    shape = octagon(np.array(points.points(), np.float64), reference.shape)
    table.octagon_ious.append(iou(shape, reference))
    table.octagon_boundary_ious.append(boundary_iou(shape, reference))
    placed: list[Click] = []
    ious: list[float] = []
    bands: list[float] = []
    mask = np.zeros_like(reference)
    previous = None
    for count in range(clicks + 1):
        if count:
            click = next_click(reference, mask, policy, rng, jitter)
            if click is None:  # nothing left to correct
                ious.append(ious[-1])
                bands.append(bands[-1])
                continue
            placed.append(Click(Point(click.x, click.y), ClickKind(click.kind)))
        started = time.perf_counter()
        made = predictor.predict(item.photo, item.name, points, placed, previous)
        elapsed = (time.perf_counter() - started) * 1000
        (table.click_ms if count else table.first_ms).append(elapsed)
        mask, previous = made.mask.to_mask(size), made.previous_mask
        ious.append(iou(mask, reference))
        bands.append(boundary_iou(mask, reference))
        if count:
            table.clicks += 1
            table.honoured += is_honoured(mask, placed[-1], points)
            table.spoiled += ious[-1] < ious[-2] - SPOILED
    table.ious.append(ious)
    table.boundary_ious.append(bands)


def is_honoured(mask: BoolMask, click: Click, points: ExtremePoints) -> bool:
    """Whether a mask does what a click asked: the pixel's side, or the outline close by.

    "Close" is max(2 px, 1 % of the diagonal of the box through the extreme points).
    """
    height, width = mask.shape
    row, column = click.point.pixel(Size(width, height))
    if click.kind is not ClickKind.BOUNDARY:
        return bool(mask[row, column]) == (click.kind is ClickKind.INSIDE)
    left, top, right, bottom = points.bounds()
    close = max(2.0, 0.01 * float(np.hypot(right - left, bottom - top)))
    rows, columns = np.nonzero(outline_pixels(mask))
    if len(rows) == 0:
        return False
    distance = np.hypot(rows + 0.5 - click.point.y, columns + 0.5 - click.point.x).min()
    # The outline runs along the outline pixels' outer sides, up to half a pixel farther out.
    return bool(distance <= close + 0.5)


def boundary_iou(first: BoolMask, second: BoolMask) -> float:
    """IoU of the two masks' inner bands, BOUNDARY_SHARE of the diagonal wide."""
    width = max(BOUNDARY_SHARE * float(np.hypot(*first.shape)), 1.0)
    bands = []
    for mask in (first, second):
        depth = distance_inside(mask, width)
        bands.append(mask & (depth <= width))
    return iou(bands[0], bands[1])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure the click model on reference masks.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model-dir", type=Path, default=SHIPPED)
    parser.add_argument("--objects", type=int, default=200)
    parser.add_argument("--policy", choices=["boundary", "region"], default="boundary")
    parser.add_argument("--jitter", type=float, default=0.0, help="sigma in photo pixels")
    parser.add_argument("--clicks", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--exclude", action="append", default=[], help="stem of a photo")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    predictor = ClickPredictor(load_network(options.model_dir, options.threads))
    table = evaluate(
        predictor,
        read_objects(options.data, options.objects, options.exclude),
        options.policy,
        options.clicks,
        options.jitter,
        options.seed,
    )
    head = {
        "data": options.data.name,
        "model": predictor.network.name,
        "policy": options.policy,
        "jitter": options.jitter,
    }
    sys.stdout.write(json.dumps(head | table.to_json()) + "\n")


if __name__ == "__main__":
    main()
