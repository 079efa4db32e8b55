"""What an export says of itself: `summary.json` for programs, `summary.txt` for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hooks.core.categories import LabelCategories
from hooks.core.masks import VOID
from scripts.training_sets.export_plan import BY_WISH, ExportPlan
from scripts.training_sets.export_target import Target
from scripts.training_sets.labeled_set import LeftOut
from scripts.training_sets.set_split import SIDES

SUMMARY_FILE = "summary.json"
TEXT_FILE = "summary.txt"
SHOWN = 20
"""Lines that are named in the text; the JSON has all."""


@dataclass
class ExportSummary:
    """Counts of everything in an export.

    Attributes:
        images: side to number of images.
        class_images, class_pixels: side to class index to number.
        problems: sentences on images that were exported and should be looked at.
    """

    plan: ExportPlan
    images: Counter[str] = field(default_factory=Counter)
    human: int = 0
    class_images: dict[str, Counter[int]] = field(default_factory=dict)
    class_pixels: dict[str, Counter[int]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, plan: ExportPlan, results: Iterable[Mapping[str, Any]]) -> ExportSummary:
        summary = cls(plan)
        for side in SIDES:
            summary.class_images[side], summary.class_pixels[side] = Counter(), Counter()
        for result in results:
            summary._add(result)
        return summary

    def _add(self, result: Mapping[str, Any]) -> None:
        if "left_out" in result:
            self.left_out.append(LeftOut(**result["left_out"]))
            return
        side = result["record"]["side"]
        self.images[side] += 1
        self.human += result["human"]
        for index, count in result["pixels"].items():
            self.class_images[side][int(index)] += 1
            self.class_pixels[side][int(index)] += count
        if result["problem"]:
            self.problems.append(result["problem"])

    @property
    def exported(self) -> int:
        return self.images.total()

    @property
    def failed(self) -> list[LeftOut]:
        """Lines that are left out and should not be."""
        return [item for item in self.left_out if item.state not in BY_WISH]

    @property
    def exit_code(self) -> int:
        """1 if anything is missing or should be looked at."""
        fine = self.exported and not (self.failed or self.problems or self.plan.remarks)
        return 0 if fine else 1

    def to_json(self) -> dict[str, Any]:
        labels = self.plan.categories
        return {
            "format": self.plan.request["format"],
            "manifests": self.plan.request["manifests"],
            "seed": self.plan.request["seed"],
            "num_classes": labels.num_classes,
            "num_training_samples": self.images["train"],
            "images": {side: self.images[side] for side in SIDES},
            "human": self.human,
            "machine": self.exported - self.human,
            "renamed": self.plan.renamed,
            "classes": [
                {
                    "index": index,
                    "name": name,
                    "color": color,
                    "images": {side: self.class_images[side][index] for side in SIDES},
                    "pixels": {side: self.class_pixels[side][index] for side in SIDES},
                }
                for index, name, color in _classes(labels)
            ],
            "left_out": [
                {
                    "manifest": item.manifest,
                    "line": item.line_number,
                    "source_ref": item.source_ref,
                    "state": item.state,
                    "reason": item.reason,
                }
                for item in self.left_out
            ],
            "remarks": self.plan.remarks + self.problems,
        }

    def to_text(self) -> str:
        labels = self.plan.categories
        lines = [
            f"{self.exported} images: {self.images['train']} to train on, "
            f"{self.images['validation']} kept aside; {self.human} labeled by people, "
            f"{self.exported - self.human} by a machine.",
            "",
            f"{'class':<24} {'train':>7} {'kept':>7} {'pixels':>14} {'share':>8}",
        ]
        total = sum(count.total() for count in self.class_pixels.values()) or 1
        for index, name, _ in _classes(labels):
            pixels = sum(self.class_pixels[side][index] for side in SIDES)
            if pixels or index != VOID:
                lines.append(
                    f"{name[:24]:<24} {self.class_images['train'][index]:>7} "
                    f"{self.class_images['validation'][index]:>7} {pixels:>14} "
                    f"{100 * pixels / total:>6.2f} %"
                )
        states = Counter(item.state for item in self.left_out)
        if states:
            counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
            lines += ["", f"Left out: {counted}."]
            lines += _named([str(item) for item in self.failed])
        remarks = self.plan.remarks + self.problems
        if remarks:
            lines += ["", "To be looked at:", *_named(remarks)]
        return "\n".join(lines) + "\n"

    def write(self, target: Target) -> None:
        body = json.dumps(self.to_json(), ensure_ascii=False, indent=1).encode()
        target.write(TEXT_FILE, self.to_text().encode(), "text/plain; charset=utf-8")
        target.write(SUMMARY_FILE, body, "application/json")


def _classes(labels: LabelCategories) -> list[tuple[int, str, str]]:
    """(index, name, colour) of the background, every label and void."""
    found = [
        (index, labels.name(index), labels.color(index)) for index in range(labels.num_classes)
    ]
    return [*found, (VOID, "(void)", "#000000")]


def _named(sentences: list[str]) -> list[str]:
    shown = [f"  {sentence}" for sentence in sentences[:SHOWN]]
    more = len(sentences) - SHOWN
    return [*shown, f"  … and {more} more, in {SUMMARY_FILE}."] if more > 0 else shown
