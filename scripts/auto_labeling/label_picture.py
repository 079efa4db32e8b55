"""One picture of a run's labels: some of the surest, of the middle, of the least sure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from hooks.core.box_label import NamedBox, read_boxes
from hooks.core.categories import LabelCategories
from hooks.core.errors import FewclickError
from hooks.core.geometry import Size
from hooks.core.label_reader import MaskLabel, read_label
from hooks.core.manifest import METADATA_SUFFIX, ManifestLine
from hooks.core.mask_reader import decode_mask
from hooks.core.photo import open_photo, read_header
from scripts.auto_labeling.conversion_journal import ConversionJournal, ConvertedLine
from scripts.object_store import ObjectStore
from scripts.training_sets.contact_sheet import Pixels, Tile, draw_sheet, labeled_tile, shrunk

PICTURE_FILE = "answers.png"
EACH = 5
"""Of each of the three kinds, which is one row."""
LINE = 0.008
"""Width of a box's outline, of the photo's longer side."""


def draw_labels(
    journal: ConversionJournal,
    store: ObjectStore,
    labels: LabelCategories,
    label_attribute_name: str,
    each: int = EACH,
) -> bytes | None:
    """A PNG, or None where no label has an object. What cannot be shown says why."""
    shown = [(kind, line) for kind, lines in _chosen(journal, each).items() for line in lines]
    tiles = []
    for kind, line in shown:
        name = line.source_ref.rsplit("/", 1)[-1]
        caption = f"{kind} {line.confidence:.2f} · {name}"
        try:
            tiles.append(shrunk(_tile(line, store, labels, label_attribute_name, caption)))
        except (FewclickError, FileNotFoundError) as error:
            blank = np.full((180, 240, 3), 224, np.uint8)
            tiles.append(Tile(blank, f"{name}: {error}"))
    if not tiles:
        return None
    return draw_sheet(tiles, labels, "Machine labels by confidence", min(each, len(tiles)))


def _chosen(journal: ConversionJournal, each: int) -> dict[str, list[ConvertedLine]]:
    """The lines to be shown; no line twice, and of them alone does memory hold any."""
    order = [line.line for line in journal.by_confidence()]
    middle = max((len(order) - each) // 2, 0)
    places = {
        "surest": range(min(each, len(order))),
        "middle": range(middle, min(middle + each, len(order))),
        "least sure": range(max(len(order) - each, 0), len(order)),
    }
    taken: set[int] = set()
    chosen: dict[str, list[ConvertedLine]] = {}
    for kind, found in places.items():
        fresh = [order[place] for place in found if place not in taken]
        taken.update(found)
        lines = [journal.get(number) for number in fresh]
        chosen[kind] = [line for line in lines if line is not None]
    return chosen


def _tile(
    done: ConvertedLine,
    store: ObjectStore,
    labels: LabelCategories,
    attribute: str,
    caption: str,
) -> Tile:
    raw = store.read(done.source_ref)
    photo = open_photo(raw, done.source_ref)
    fields = {"source-ref": done.source_ref, **done.fields}
    found = read_label(ManifestLine(done.line + 1, fields), attribute)
    if isinstance(found, MaskLabel):
        header = read_header(raw, done.source_ref)
        mask = decode_mask(store.read(found.mask_ref), found.color_map, header, labels.names)
        return labeled_tile(photo, mask.label_map, labels, caption)
    value, metadata = done.fields[attribute], done.fields.get(attribute + METADATA_SUFFIX, {})
    if "annotations" not in value:
        return Tile(photo, caption)  # too many boxes for a line; the details have them
    boxes = read_boxes(value, metadata, Size(photo.shape[1], photo.shape[0]), attribute)
    return Tile(_with_boxes(photo, boxes, labels), caption)


def _with_boxes(photo: Pixels, boxes: Sequence[NamedBox], labels: LabelCategories) -> Pixels:
    image = Image.fromarray(photo)
    draw = ImageDraw.Draw(image)
    width = max(round(LINE * max(image.size)), 1)
    for box in boxes:
        color = labels.color(labels.index(box.label) or 0)
        edges = (box.left, box.top, box.left + box.width - 1, box.top + box.height - 1)
        draw.rectangle(edges, outline=color, width=width)
    return np.asarray(image)
