"""Colour maps of labels: checked class by class, and mended.

    {"0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.9},
     "1": {"class-name": "road", "hex-color": "#2ca02c", "confidence": 0.9}}

Verification and adjustment jobs draw earlier masks by this map: a colour that they cannot read
shows no mask, without a word. Keys are class ids, which are the pixel values of the mask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.categories import BACKGROUND_COLOR, BACKGROUND_NAME, MAX_LABELS, LabelCategories
from hooks.core.errors import ContractError

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_BARE_HEX = re.compile(r"(?:0x|#)?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_RGB = re.compile(r"(?:rgb)?\(?\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)?")


@dataclass(frozen=True, slots=True)
class ColorProblem:
    """One thing that is wrong with a colour map.

    Attributes:
        place: the class's key, and what of it: `1.hex-color`; "" for the map.
        harmless: readers that go by colours are not misled.
    """

    place: str
    problem: str
    fix: str
    repairable: bool
    harmless: bool = False


def check_color_map(value: object) -> Iterator[ColorProblem]:
    """Everything that is wrong with a label's colour map."""
    if not isinstance(value, Mapping) or not value:
        yield ColorProblem(
            "", "is missing or empty.", 'Give every class as {"1": {"class-name", …}}.', False
        )
        return
    if len(value) > MAX_LABELS + 1:
        yield ColorProblem(
            "", f"has {len(value)} classes.", f"At most {MAX_LABELS} and the background fit.", False
        )
    names: dict[str, str] = {}
    colors: dict[str, str] = {}
    for key, entry in value.items():
        yield from _check_entry(str(key), entry)
        if not isinstance(entry, Mapping):
            continue
        name, color = entry.get("class-name"), normal_color(entry.get("hex-color"))
        if isinstance(name, str) and names.setdefault(name, key) != key:
            yield ColorProblem(
                f"{key}.class-name",
                f"{name!r} is the name of class {names[name]} already.",
                "Give each class once.",
                True,
            )
        if color is not None and colors.setdefault(color, key) != key:
            yield ColorProblem(
                f"{key}.hex-color",
                f"{color} is the colour of class {colors[color]} already.",
                "Give each class a colour of its own, in the map and in the mask.",
                True,
            )
    yield from _check_background(value)


def _check_entry(key: str, entry: object) -> Iterator[ColorProblem]:
    if not (key.isascii() and key.isdecimal() and str(int(key)) == key and int(key) <= 255):
        yield ColorProblem(
            key, "is no class id.", 'Keys are pixel values of the mask: "0" to "255".', True
        )
    if not isinstance(entry, Mapping):
        yield ColorProblem(key, "is no object.", 'It needs "class-name" and "hex-color".', False)
        return
    name, color = entry.get("class-name"), entry.get("hex-color")
    if not isinstance(name, str) or not name.strip():
        yield ColorProblem(
            f"{key}.class-name", "is missing or empty.", "Name the class as the job does.", False
        )
    if not (isinstance(color, str) and _HEX.fullmatch(color)):
        known = normal_color(color)
        fix = f'Write "{known}".' if known else 'Write it like "#2ca02c".'
        shown = "is missing." if color is None else f"{color!r} is no colour of the form #rrggbb."
        # One that cannot be read is taken from the mask's own palette.
        yield ColorProblem(f"{key}.hex-color", shown, fix, True)
    confidence = entry.get("confidence")
    if confidence is not None and not _is_share(confidence):
        yield ColorProblem(
            f"{key}.confidence", f"{confidence!r} is no share.", "It is between 0 and 1.", False,
            harmless=True,
        )  # fmt: skip


def _check_background(value: Mapping[str, Any]) -> Iterator[ColorProblem]:
    zero = value.get("0")
    if zero is None:
        yield ColorProblem(
            "0", "is missing.", f'Class "0" is {BACKGROUND_NAME}, {BACKGROUND_COLOR}.', True
        )
    elif isinstance(zero, Mapping):
        name = zero.get("class-name")
        if isinstance(name, str) and name != BACKGROUND_NAME:
            yield ColorProblem(
                "0.class-name", f"{name!r} has the background's id.",
                f'Class "0" is {BACKGROUND_NAME}; labels begin at "1".', True,
            )  # fmt: skip
        color = normal_color(zero.get("hex-color"))
        if name == BACKGROUND_NAME and color not in (None, BACKGROUND_COLOR):
            yield ColorProblem(
                "0.hex-color", f"{color} is an odd background.",
                f"Ground Truth's own is {BACKGROUND_COLOR}.", True, harmless=True,
            )  # fmt: skip


def normal_color(color: object) -> str | None:
    """A colour as "#rrggbb" in lower case, however it is written; None if nobody can tell."""
    if isinstance(color, list) and len(color) == 3:
        color = ",".join(map(str, color))
    if not isinstance(color, str):
        return None
    text = color.strip()
    if found := _BARE_HEX.fullmatch(text):
        digits = found[1].lower()
        return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))
    if (found := _RGB.fullmatch(text)) and all(int(part) < 256 for part in found.groups()):
        return "#" + "".join(f"{int(part):02x}" for part in found.groups())
    return None


@dataclass(frozen=True, slots=True)
class MendedColorMap:
    """A colour map as it should be, and what became of each class.

    Attributes:
        value: the new map; "0" is the background, labels follow from "1".
        new_of_key: key of the old map to class id of the new one.
        old_color_of_key: key of the old map to the colour that it had, where that can be read.
    """

    value: dict[str, dict[str, Any]]
    new_of_key: Mapping[str, int]
    old_color_of_key: Mapping[str, str]


def mend_color_map(
    value: object, palette_color: Callable[[int], str | None] = lambda _: None
) -> MendedColorMap:
    """Make a colour map that follows the rules out of one that says enough to do so.

    Class ids stay where they can: only where "0" is no background, or a key is no class id, are
    labels numbered anew in their order.

    Args:
        palette_color: the colour that the mask's palette has for a pixel value.

    Raises:
        ContractError: a class has no name, or there are too many.
    """
    if not isinstance(value, Mapping) or not value:
        raise ContractError("internal-color-map", "is missing or empty; nobody knows the classes.")
    entries = [(str(key), entry) for key, entry in value.items()]
    names: dict[str, str] = {}
    for key, entry in entries:
        name = entry.get("class-name") if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or not name.strip():
            raise ContractError(f"internal-color-map.{key}.class-name", "names no class.")
        names[key] = name
    ids = _class_ids(names)
    if max(ids.values()) > MAX_LABELS:
        raise ContractError("internal-color-map", f"has more than {MAX_LABELS} labels.")
    spare = LabelCategories(tuple(map(str, range(MAX_LABELS))))
    mended = {0: {"class-name": BACKGROUND_NAME, "hex-color": BACKGROUND_COLOR}}
    old: dict[str, str] = {}
    for key, entry in entries:
        color = normal_color(entry.get("hex-color"))
        if color is None and key.isdecimal():
            color = palette_color(int(key))
        if color is not None:
            old[key] = color
        if ids[key] == 0:
            mended[0] = {**mended[0], **_rest(entry)}
            continue
        if ids[key] in mended:
            continue  # a class that stands twice
        taken = {entry["hex-color"] for entry in mended.values()}
        if color is None or color in taken or color == "#000000":
            # Black shows void pixels, and no two classes may share a colour.
            color = next(
                candidate
                for place in range(1, MAX_LABELS)
                if (candidate := spare.color(place)) not in taken and candidate not in old.values()
            )
        mended[ids[key]] = {"class-name": names[key], "hex-color": color, **_rest(entry)}
    return MendedColorMap({str(number): mended[number] for number in sorted(mended)}, ids, old)


def _class_ids(names: Mapping[str, str]) -> dict[str, int]:
    """Key to class id: the background 0, each name one id, ids kept where all are good ones."""
    labels = {key: name for key, name in names.items() if name.upper() != BACKGROUND_NAME}
    good = all(
        key.isascii() and key.isdecimal() and str(int(key)) == key and 0 < int(key) <= MAX_LABELS
        for key in labels
    )
    ids: dict[str, int] = {}
    of_name: dict[str, int] = {}
    ordered = sorted(labels, key=lambda key: (not key.isdecimal(), len(key), key))
    for place, key in enumerate(ordered, start=1):
        ids[key] = of_name.setdefault(labels[key], int(key) if good else place)
    return ids | {key: 0 for key in names if key not in labels}


def _rest(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: kept for name, kept in entry.items() if name not in ("class-name", "hex-color")}


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
