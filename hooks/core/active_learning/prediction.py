"""What a model says of one photo: its label, and how sure it is of it.

The learner writes one such record a line to `predictions.jsonl`; everything that is decided in a
round is decided from them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hooks.core.active_learning import fields
from hooks.core.errors import ContractError, ManifestError


@dataclass(frozen=True, slots=True)
class ImagePrediction:
    """A model's prediction for one photo.

    Attributes:
        line: the photo's line of the run's input manifest, counted from 0.
        confidence: 0 to 1, the model's own expectation of its label's IoU. Masks: the expected soft
            IoU under the pixels' probabilities; boxes: the mean of the boxes' scores.
        entropy: how unsure the photo's pixels or boxes are; higher is less sure.
        margin: distance between the likeliest and the second answer; lower is less sure.
        disagreement: 0 to 1, between the photo and its changed copies (mirrored, for one).
        embedding: the photo in a few numbers, for choosing photos unlike each other; all photos of
            a run have as many. May be empty.
        main_class: the class that takes most of the label; "" when the model saw nothing.
        label: the label value for the manifest. `{}` when the model saw nothing.
    """

    line: int
    confidence: float
    entropy: float = 0.0
    margin: float = 0.0
    disagreement: float = 0.0
    embedding: tuple[float, ...] = ()
    main_class: str = ""
    label: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether the model saw nothing; such a photo is never labeled by machine."""
        return not self.label

    @classmethod
    def from_json(cls, record: object, place: str = "prediction") -> ImagePrediction:
        """Raises ContractError, naming the field, when the record cannot be used."""
        values = fields.mapping(record, place)
        embedding = fields.sequence({"embedding": [], **values}, "embedding", place)
        label = fields.mapping(values.get("label"), f"{place}.label")
        numbered = {str(index): value for index, value in enumerate(embedding)}
        prediction = cls(
            line=fields.whole(values, "line", place),
            confidence=fields.number(values, "confidence", place, 0.0, 1.0),
            entropy=fields.number(values, "entropy", place),
            margin=fields.number(values, "margin", place),
            disagreement=fields.number(values, "disagreement", place),
            embedding=tuple(
                fields.number(numbered, name, f"{place}.embedding") for name in numbered
            ),
            main_class=fields.text(values, "main_class", place, ""),
            label=label,
        )
        if label and not prediction.main_class:
            raise ContractError(f"{place}.main_class", "missing, although there is a label.")
        return prediction

    def to_json(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "confidence": self.confidence,
            "entropy": self.entropy,
            "margin": self.margin,
            "disagreement": self.disagreement,
            "embedding": list(self.embedding),
            "main_class": self.main_class,
            "label": dict(self.label),
        }


def read_predictions(text: str) -> dict[int, ImagePrediction]:
    """By manifest line, of the text of a `predictions.jsonl`.

    Raises:
        ManifestError: a line of the file cannot be used, or two are of one photo.
    """
    predictions: dict[int, ImagePrediction] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            prediction = ImagePrediction.from_json(json.loads(line))
        except ValueError as error:
            raise ManifestError(number, "", f"not JSON ({error}).") from error
        except ContractError as error:
            raise ManifestError(number, error.field, error.problem) from error
        if prediction.line in predictions:
            raise ManifestError(
                number, "prediction.line", f"a second one of line {prediction.line}."
            )
        predictions[prediction.line] = prediction
    return predictions


def write_predictions(predictions: Iterable[ImagePrediction]) -> str:
    """The text of a `predictions.jsonl`."""
    return "".join(
        json.dumps(prediction.to_json(), ensure_ascii=False, allow_nan=False) + "\n"
        for prediction in predictions
    )
