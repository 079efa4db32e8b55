"""What a model said of one photo, whatever format it said it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hooks.core.errors import FewclickError
from hooks.core.masks import LabelMap, PlacedMask
from scripts.auto_labeling.answers.photo_frame import PhotoFrame

MAX_OBJECTS = 10_000
"""Of one answer: detectors give 100 or 300."""


class UnreadableAnswerError(FewclickError):
    """An answer that cannot be parsed; the message says what is wrong with it, as a sentence."""


class ClassesDifferError(FewclickError):
    """The model's classes are not those that were expected: so of every answer, not of one."""


@dataclass(frozen=True, slots=True)
class FoundObject:
    """One object, in pixels of the upright photo.

    Attributes:
        name: the model's own name of its class.
        score: how sure the model is of it, 0 to 1.
        left, top, right, bottom: its box, cut to the photo; not empty.
        mask: None where the model gives boxes alone.
    """

    name: str
    score: float
    left: float
    top: float
    right: float
    bottom: float
    mask: PlacedMask | None = None


@dataclass(frozen=True, slots=True)
class ObjectsAnswer:
    """Objects one by one; they may overlap.

    Attributes:
        classes: all that the model knows, where the answer says so; else empty.
    """

    objects: tuple[FoundObject, ...]
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelMapAnswer:
    """A class for every pixel.

    Attributes:
        label_map: uint8 (height, width) of the upright photo: places in `classes`; 255 void.
        classes: what each value means, the background among them.
        confidence: value to how sure the model is of that class's pixels, 0 to 1; empty where the
            answer does not say.
        overall: of the whole label map, 0 to 1; None where the answer does not say.
    """

    label_map: LabelMap
    classes: tuple[str, ...]
    confidence: Mapping[int, float] = field(default_factory=dict)
    overall: float | None = None


ModelAnswer = ObjectsAnswer | LabelMapAnswer


class AnswerFormat(Protocol):
    """Reads one format's answers."""

    def read(self, body: bytes, frame: PhotoFrame) -> ModelAnswer:
        """Parse one answer.

        Raises:
            UnreadableAnswerError: this answer is not of the format.
            ClassesDifferError: no answer of this model is.
        """
