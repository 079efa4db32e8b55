"""Photos and answers in a folder that stands for S3, and a conversion of them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from hooks.core.categories import LabelCategories
from hooks.core.manifest import ManifestLine
from scripts.auto_labeling.answered import Answered, Outcome, Unanswered
from scripts.auto_labeling.answers.format_name import FormatName
from scripts.auto_labeling.answers.model_answer import FoundObject
from scripts.auto_labeling.answers.own_answer import encode_objects
from scripts.auto_labeling.conversion import ConversionSettings, convert_answers, open_conversion
from scripts.auto_labeling.conversion_journal import ConvertedLine
from scripts.auto_labeling.conversion_summary import ConversionSummary
from scripts.auto_labeling.found_label import LabelRules
from scripts.object_store import FolderObjects, ObjectStore

LABELS = LabelCategories.from_names(["cat", "dog"])
DATE = "2026-11-20T10:12:00.833000"
WIDTH, HEIGHT = 16, 12


@dataclass
class AnswerBench:
    """`add` photos with answers, then `convert`."""

    folder: Path
    kind: str = "masks"
    outcomes: list[Outcome] = field(default_factory=list)
    min_score: float = 0.5
    name: str = "auto-01"
    bucket: str = "b"
    store: ObjectStore = field(default=None)  # type: ignore[assignment]  # see __post_init__
    """Where the bucket is; without one, in `folder`."""

    def __post_init__(self) -> None:
        if self.store is None:
            (self.folder / self.bucket).mkdir(parents=True, exist_ok=True)
            self.store = FolderObjects(self.folder)

    @property
    def run(self) -> Path:
        """The run's folder."""
        return self.folder / self.name

    @property
    def settings(self) -> ConversionSettings:
        return ConversionSettings(
            FormatName.FEWCLICK,
            self.kind,
            LabelRules(LABELS, {"cat": "cat", "dog": "dog"}, self.min_score),
            "auto",
            f"s3://{self.bucket}/{self.name}/masks",
            self.name,
        )

    def photo(self, line: int, width: int = WIDTH, height: int = HEIGHT) -> str:
        address = f"s3://{self.bucket}/photos/{line}.png"
        stream = io.BytesIO()
        Image.new("RGB", (width, height), "green").save(stream, "PNG")
        self.store.write(address, stream.getvalue(), "image/png")
        return address

    def add(self, body: bytes | None = None, *, reason: str = "") -> Outcome:
        """A photo, and what the model answered; or the reason why it did not."""
        line = len(self.outcomes)
        source = self.photo(line)
        outcome: Outcome
        if body is None:
            outcome = Unanswered(line, source, reason)
        else:
            address = f"s3://{self.bucket}/{self.name}/answers/{line}.out"
            self.store.write(address, body, "application/json")
            outcome = Answered(line, source, address)
        self.outcomes.append(outcome)
        return outcome

    def convert(self, outcomes: list[Outcome] | None = None) -> ConversionSummary:
        with open_conversion(self.run, self.settings, DATE) as journal:
            return convert_answers(
                self.outcomes if outcomes is None else outcomes,
                self.store,
                self.settings,
                journal,
            )

    def lines(self) -> list[ConvertedLine]:
        with open_conversion(self.run, self.settings, DATE) as journal:
            return list(journal.lines())

    def input_lines(self) -> Iterator[ManifestLine]:
        for outcome in self.outcomes:
            fields = {"source-ref": outcome.source_ref, "note": f"line {outcome.line}"}
            yield ManifestLine(outcome.line + 1, fields)

    def label(self, line: int) -> dict[str, Any]:
        value: dict[str, Any] = self.lines()[line].fields["auto"]
        return value

    def read_json(self, address: str) -> Any:
        return json.loads(self.store.read(address))


def boxes(*found: tuple[str, float, float, float, float, float]) -> bytes:
    """An answer of objects without masks: label, score, left, top, right, bottom."""
    return encode_objects([FoundObject(*item) for item in found], LABELS.names, WIDTH, HEIGHT)
