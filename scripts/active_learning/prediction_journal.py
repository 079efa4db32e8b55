"""What a learner has said so far, kept line by line, so that a killed round goes on from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooks.core.active_learning.prediction import ImagePrediction


@dataclass(frozen=True, slots=True)
class UnreadPhoto:
    """A photo that gave no prediction, and why."""

    line: int
    source_ref: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {"line": self.line, "source-ref": self.source_ref, "reason": self.reason}


class PredictionJournal:
    """A file with a line for each photo that is done: its prediction, or why there is none.

    A last line that is cut short is dropped: its photo is asked about again.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.done: set[int] = set()
        self.unread: list[UnreadPhoto] = []
        file.parent.mkdir(parents=True, exist_ok=True)
        whole = 0
        if file.exists():
            with file.open("rb") as lines:
                for text in lines:
                    if not text.endswith(b"\n"):
                        break
                    whole += len(text)
                    self._count(json.loads(text))
            with file.open("r+b") as lines:
                lines.truncate(whole)

    def add(self, said: ImagePrediction | UnreadPhoto) -> None:
        unread = isinstance(said, UnreadPhoto)
        entry = {"unread" if unread else "prediction": said.to_json()}
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._count(entry)

    def predictions(self) -> Iterator[bytes]:
        """The predictions' lines, as `predictions.jsonl` has them."""
        if not self._file.exists():
            return
        with self._file.open(encoding="utf-8") as lines:
            for text in lines:
                entry = json.loads(text)
                if "prediction" in entry:
                    line = json.dumps(entry["prediction"], ensure_ascii=False, sort_keys=True)
                    yield f"{line}\n".encode()

    def _count(self, entry: dict[str, Any]) -> None:
        if "unread" in entry:
            said = entry["unread"]
            self.unread.append(UnreadPhoto(said["line"], said["source-ref"], said["reason"]))
            self.done.add(said["line"])
        else:
            self.done.add(entry["prediction"]["line"])
