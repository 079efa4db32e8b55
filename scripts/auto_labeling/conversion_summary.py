"""What came of a conversion, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from scripts.auto_labeling.conversion_journal import ConversionJournal, ConvertedState


@dataclass(frozen=True, slots=True)
class ConversionSummary:
    """What came out.

    Attributes:
        labeled, nothing_found, set_aside, unanswered: lines; together all that were converted.
        resumed: of them, lines that an earlier call had converted.
        objects: label to how many objects of it were found; photos, where the model does not tell
            objects apart.
        left_out: model class to how many sure objects of it are of no label of the job.
        mean_confidence: of the lines with an object; None where there is none.
    """

    labeled: int
    nothing_found: int
    set_aside: int
    unanswered: int
    resumed: int
    objects: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    mean_confidence: float | None = None

    def to_json(self) -> dict[str, object]:
        return {
            "labeled": self.labeled,
            "nothing_found": self.nothing_found,
            "set_aside": self.set_aside,
            "unanswered": self.unanswered,
            "resumed": self.resumed,
            "objects": self.objects,
            "left_out_classes": self.left_out,
            "mean_confidence": self.mean_confidence,
        }


def summarize(journal: ConversionJournal, resumed: int = 0) -> ConversionSummary:
    """The sums of all lines in a journal."""
    counts = journal.counts()
    objects: dict[str, int] = {}
    left_out: dict[str, int] = {}
    confidence = 0.0
    for line in journal.lines():
        for total, part in ((objects, line.found), (left_out, line.left_out)):
            for name, count in part.items():
                total[name] = total.get(name, 0) + count
        confidence += line.confidence if line.state is ConvertedState.LABELED else 0.0
    labeled = counts[ConvertedState.LABELED]
    return ConversionSummary(
        labeled,
        counts[ConvertedState.NOTHING_FOUND],
        counts[ConvertedState.SET_ASIDE],
        counts[ConvertedState.UNANSWERED],
        resumed,
        dict(sorted(objects.items())),
        dict(sorted(left_out.items(), key=lambda item: (-item[1], item[0]))),
        round(confidence / labeled, 4) if labeled else None,
    )
