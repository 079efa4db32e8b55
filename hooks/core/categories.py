"""A job's labels: their order, their class index and their colour.

Class 0 is the background and 255 is void, so a job has 1 to 254 labels.
"""

from __future__ import annotations

import colorsys
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hooks.core.errors import ContractError

MAX_LABELS = 254
MAX_LABEL_LENGTH = 256
BACKGROUND_NAME = "BACKGROUND"
BACKGROUND_COLOR = "#ffffff"
DOCUMENT_VERSION = "2018-11-28"

# Okabe and Ito's set (2008), which colour-blind people can tell apart, without its black, and
# with the yellow last but one because it is faint on bright photos.
_FIRST_COLORS = ("#e69f00", "#56b4e9", "#009e73", "#d55e00", "#cc79a7", "#0072b2", "#f0e442")


@dataclass(frozen=True, slots=True)
class LabelCategories:
    """The labels of a job, in order; the first has class index 1."""

    names: tuple[str, ...]

    @classmethod
    def from_names(cls, names: Sequence[object], field: str = "labels") -> LabelCategories:
        """Raises ContractError, naming the label, when the list cannot be used."""
        if not names:
            raise ContractError(field, "the list is empty; a job needs at least one label.")
        if len(names) > MAX_LABELS:
            raise ContractError(
                field, f"{len(names)} labels; at most {MAX_LABELS} fit beside background and void."
            )
        seen: dict[str, int] = {}
        cleaned = []
        for index, name in enumerate(names):
            if not isinstance(name, str) or not name.strip():
                raise ContractError(
                    f"{field}[{index}]", "a label must be a text that is not blank."
                )
            name = name.strip()
            if len(name) > MAX_LABEL_LENGTH:
                raise ContractError(
                    f"{field}[{index}]",
                    f"{len(name)} characters; a label has at most {MAX_LABEL_LENGTH}.",
                )
            if name.upper() == BACKGROUND_NAME:
                raise ContractError(f"{field}[{index}]", f"{name!r} is the background's own name.")
            if name in seen:
                raise ContractError(
                    f"{field}[{index}]", f"{name!r} stands twice, first as {field}[{seen[name]}]."
                )
            seen[name] = index
            cleaned.append(name)
        return cls(tuple(cleaned))

    @classmethod
    def from_category_file(cls, text: str | bytes) -> LabelCategories:
        """Read Ground Truth's label category configuration file.

        `{"document-version": "2018-11-28", "labels": [{"label": "cat"}, ...]}`
        """
        try:
            document = json.loads(text)
        except ValueError as error:
            raise ContractError("label category file", f"not JSON ({error}).") from error
        labels = document.get("labels") if isinstance(document, dict) else None
        if not isinstance(labels, list):
            raise ContractError("label category file", 'needs a list "labels".')
        names = [entry.get("label") if isinstance(entry, dict) else None for entry in labels]
        return cls.from_names(names)

    def to_category_file(self) -> dict[str, Any]:
        return {
            "document-version": DOCUMENT_VERSION,
            "labels": [{"label": name} for name in self.names],
        }

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    @property
    def num_classes(self) -> int:
        """Labels and background."""
        return len(self.names) + 1

    def index(self, name: str) -> int | None:
        """The class index of a label, 1 to 254; None when the job has no such label."""
        return self.names.index(name) + 1 if name in self.names else None

    def name(self, index: int) -> str:
        return BACKGROUND_NAME if index == 0 else self.names[index - 1]

    def color(self, index: int) -> str:
        """The colour of a class as "#rrggbb"; distinct for every class of a job."""
        return BACKGROUND_COLOR if index == 0 else _label_color(index - 1)

    def colors(self) -> dict[int, str]:
        """Class index to colour, background included."""
        return {index: self.color(index) for index in range(self.num_classes)}


def _label_color(place: int) -> str:
    if place < len(_FIRST_COLORS):
        return _FIRST_COLORS[place]
    # The golden angle spreads any number of hues evenly; lightness and saturation take turns so
    # that neighbours in the wheel differ in more than hue.
    step = place - len(_FIRST_COLORS)
    hue = (0.61803398875 * step) % 1.0
    lightness = (0.42, 0.56, 0.68)[step % 3]
    saturation = (0.85, 0.6)[step % 2]
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
