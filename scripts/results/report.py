"""A labeling job's report: one HTML file with everything in it, photos and overlays included."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt
from PIL import Image

from hooks.core.categories import LabelCategories
from hooks.core.errors import PhotoError
from hooks.core.masks import VOID, LabelMap
from scripts.results.job_results import PhotoResult, mean

THUMBNAIL_WIDTH = 420
OPACITY = 0.5
OUTLINE = 1.0


def overlay(
    photo: npt.NDArray[np.uint8], label_map: LabelMap, labels: LabelCategories
) -> npt.NDArray[np.uint8]:
    """The photo with every class in its colour, half transparent, with a full outline.

    `photo` is uint8 (height, width, 3), `label_map` uint8 (height, width).
    """
    palette = np.zeros((256, 3), dtype=np.float32)
    for index in range(1, labels.num_classes):
        palette[index] = list(bytes.fromhex(labels.color(index)[1:]))
    shown = (label_map > 0) & (label_map != VOID)
    strength = np.where(_outline(label_map) & shown, OUTLINE, np.where(shown, OPACITY, 0.0))
    strength = strength[..., None].astype(np.float32)
    mixed = photo * (1 - strength) + palette[label_map] * strength
    result: npt.NDArray[np.uint8] = mixed.astype(np.uint8)
    return result


def _outline(label_map: LabelMap) -> npt.NDArray[np.bool_]:
    """Pixels with a neighbour of another class, two pixels thick."""
    edge = np.zeros(label_map.shape, dtype=bool)
    down = label_map[1:] != label_map[:-1]
    right = label_map[:, 1:] != label_map[:, :-1]
    edge[1:] |= down
    edge[:-1] |= down
    edge[:, 1:] |= right
    edge[:, :-1] |= right
    return edge


def _embedded(pixels: npt.NDArray[np.uint8]) -> str:
    """A picture as a data: address, scaled down to the report's width."""
    image = Image.fromarray(pixels)
    image.thumbnail((THUMBNAIL_WIDTH, THUMBNAIL_WIDTH * 2), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def write_report(
    path: Path,
    *,
    title: str,
    results: Sequence[PhotoResult],
    labels: LabelCategories,
    open_photo: Callable[[str], npt.NDArray[np.uint8]],
    reference: Callable[[str], LabelMap | None],
    worker_names: Mapping[str, str],
    facts: Mapping[str, str],
) -> None:
    """Write the report to `path`, replacing what is there in one step.

    Args:
        open_photo: gives the upright photo at a `source-ref`, uint8 (height, width, 3).
        reference: gives the reference label map at a `source-ref`, if there is one.
        worker_names: worker id to the name that the report shows.
        facts: what the head of the report says of the job, name to text.
    """
    photos = [
        {
            "result": result,
            "pictures": pictures_of(result, labels, open_photo, reference, worker_names),
        }
        for result in results
    ]
    legend = legend_of(results, labels)
    write_page(path, "report.html.j2", title=title, photos=photos, facts=facts, legend=legend)


def write_page(path: Path, template: str, **values: Any) -> None:
    """Render one of this folder's templates to `path`, replacing what is there in one step."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "mean": mean}
    partial = path.with_suffix(".partial")
    partial.write_text(environment.get_template(template).render(**values), encoding="utf-8")
    partial.replace(path)


def pictures_of(
    result: PhotoResult,
    labels: LabelCategories,
    open_photo: Callable[[str], npt.NDArray[np.uint8]],
    reference: Callable[[str], LabelMap | None],
    worker_names: Mapping[str, str],
) -> list[tuple[str, str, str]]:
    """(name, caption, picture) of the reference, the result and every worker's part."""
    try:
        photo = open_photo(result.source_ref)
    except PhotoError:
        return []  # the result's own reason says it already
    pictures = []
    known = reference(result.source_ref)
    if known is not None:
        pictures.append(("reference", "", _embedded(overlay(photo, known, labels))))
    if result.label_map is not None:
        caption = _percent(result.iou, "IoU {}")
        pictures.append(
            ("consolidated", caption, _embedded(overlay(photo, result.label_map, labels)))
        )
    for worker in result.workers:
        name = worker_names.get(worker.worker_id, worker.worker_id)
        if worker.label_map is None:
            pictures.append((name, worker.problem, _embedded(photo)))
            continue
        agreement = _percent(worker.agreement, "agreement {}")
        caption = " · ".join(filter(None, [f"{worker.clicks} clicks", agreement]))
        pictures.append((name, caption, _embedded(overlay(photo, worker.label_map, labels))))
    return pictures


def legend_of(results: Sequence[PhotoResult], labels: LabelCategories) -> list[tuple[str, str]]:
    """(name, colour) of every label that occurs in the results."""
    present: set[int] = set()
    for result in results:
        for label_map in [result.label_map, *(worker.label_map for worker in result.workers)]:
            if label_map is not None:
                present.update(np.unique(label_map).tolist())
    return [(labels.name(index), labels.color(index)) for index in sorted(present - {0, VOID})]


def _percent(value: float | None, form: str = "{}") -> str:
    return "" if value is None else form.format(f"{100 * value:.1f} %")
