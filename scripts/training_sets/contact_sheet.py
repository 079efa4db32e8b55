"""One picture of many labeled images: the classes over the photos, in a grid with a legend."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from hooks.core.categories import LabelCategories
from hooks.core.masks import VOID, LabelMap
from scripts.results.report import overlay

TILE_WIDTH = 240
TILE_HEIGHT = 180
CAPTION = 18
MARGIN = 8
COLUMNS = 5
VOID_GREY = 128
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture of the sheet, RGB (height, width, 3), and the words below it."""

    picture: Pixels
    caption: str


def labeled_tile(photo: Pixels, label_map: LabelMap, labels: LabelCategories, caption: str) -> Tile:
    """A photo with its classes in their colours, void hatched out in grey."""
    picture = overlay(photo, label_map, labels)
    stripes = (np.add.outer(*map(np.arange, label_map.shape)) // 6) % 2 == 0
    picture[(label_map == VOID) & stripes] = VOID_GREY
    return Tile(picture, caption)


def shrunk(tile: Tile) -> Tile:
    """The tile at the size at which it is shown."""
    image = Image.fromarray(tile.picture)
    image.thumbnail((TILE_WIDTH, TILE_HEIGHT), Image.Resampling.BOX)
    return Tile(np.asarray(image), tile.caption)


def draw_sheet(
    tiles: Iterable[Tile], labels: LabelCategories, title: str, columns: int = COLUMNS
) -> bytes:
    """A PNG of all tiles, row by row; `columns` tiles a row."""
    shown = [shrunk(tile) for tile in tiles]
    rows = -(-len(shown) // columns)
    legend_rows = _legend_rows(labels, columns)
    top = MARGIN + CAPTION + legend_rows * CAPTION + MARGIN
    width = MARGIN + columns * (TILE_WIDTH + MARGIN)
    sheet = Image.new("RGB", (width, top + rows * (TILE_HEIGHT + CAPTION + MARGIN)), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    draw.text((MARGIN, MARGIN), title, "black", font)
    _draw_legend(draw, labels, legend_rows, width, font)
    for place, tile in enumerate(shown):
        left = MARGIN + place % columns * (TILE_WIDTH + MARGIN)
        upper = top + place // columns * (TILE_HEIGHT + CAPTION + MARGIN)
        picture = Image.fromarray(tile.picture)
        inset = (TILE_WIDTH - picture.width) // 2
        sheet.paste(picture, (left + inset, upper + TILE_HEIGHT - picture.height))
        draw.text((left, upper + TILE_HEIGHT + 1), _fitted(tile.caption, font), "black", font)
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_LEGEND_WIDTH = 160


def _legend_rows(labels: LabelCategories, columns: int) -> int:
    a_row = max((columns * (TILE_WIDTH + MARGIN)) // _LEGEND_WIDTH, 1)
    return -(-len(labels) // a_row)


def _draw_legend(
    draw: ImageDraw.ImageDraw, labels: LabelCategories, rows: int, width: int, font: _Font
) -> None:
    a_row = -(-len(labels) // rows)
    for place, name in enumerate(labels):
        x = MARGIN + place % a_row * min(_LEGEND_WIDTH, width // a_row)
        y = MARGIN + CAPTION + place // a_row * CAPTION
        draw.rectangle((x, y + 3, x + 12, y + 13), labels.color(place + 1))
        draw.text((x + 18, y), _fitted(name, font, _LEGEND_WIDTH - 22), "black", font)


def _fitted(text: str, font: _Font, width: float = TILE_WIDTH) -> str:
    """As much of a text as fits, with an ellipsis in place of the rest."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
