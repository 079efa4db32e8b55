"""What a worker's answer tells of its objects beside their pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.clicks import parse_clicks
from hooks.core.errors import AnswerError, ClickRequestError, MaskError
from hooks.core.masks import CroppedMask

MAX_OBJECTS = 65_535
"""As many as the ids of a 16-bit instance image."""

MAX_TEXT_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class AnsweredObject:
    """One object of an answer.

    Attributes:
        clicks: extreme points and corrective clicks.
        own_mask: only where a part of the object is hidden under another one.
    """

    id: int
    label: str
    clicks: int
    made_by: str
    seconds: float
    own_mask: CroppedMask | None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> AnsweredObject:
        """Raises ClickRequestError or MaskError if its clicks or its mask cannot be read."""
        points = value.get("extreme_points") or []
        return cls(
            id=value["id"],
            label=parse_text(value.get("label")),
            clicks=len(parse_clicks(value.get("clicks", [])))
            + (min(len(points), 4) if isinstance(points, list) else 0),
            made_by=parse_text(value.get("made_by")),
            seconds=parse_seconds(value.get("seconds", 0)),
            own_mask=None if value.get("mask") is None else CroppedMask.from_json(value["mask"]),
        )

    def to_json(self) -> dict[str, Any]:
        """What is worth keeping of it, its pixels apart."""
        return {
            "id": self.id,
            "label": self.label,
            "made_by": self.made_by,
            "clicks": self.clicks,
            "seconds": self.seconds,
        }


def parse_objects(value: object) -> tuple[AnsweredObject, ...]:
    """An answer's "objects". Raises AnswerError, naming the one that cannot be read."""
    if not isinstance(value, list) or len(value) > MAX_OBJECTS:
        raise AnswerError('"objects" is not a list of objects.')
    objects = []
    for index, item in enumerate(value):
        if not isinstance(item, Mapping) or not isinstance(item.get("id"), int):
            raise AnswerError(f"objects[{index}] is not an object with an id.")
        try:
            objects.append(AnsweredObject.from_json(item))
        except (ClickRequestError, MaskError) as error:
            raise AnswerError(f"objects[{index}]: {error}") from error
    return tuple(objects)


def parse_text(value: object) -> str:
    """A text of reasonable length; what is none counts as not given.

    JSON may hold half a character, which no file can be written with; it becomes a question mark.
    """
    if not isinstance(value, str):
        return ""
    return value[:MAX_TEXT_CHARACTERS].encode("utf-8", "replace").decode()


def parse_seconds(value: object) -> float:
    """Times are reports, not votes: what is not a sensible number counts as not measured."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e7:
        return 0.0
    return float(value)
