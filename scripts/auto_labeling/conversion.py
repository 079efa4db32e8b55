"""All answers of a run become labels, one at a time: memory does not grow with their number.

Answers come in any order and go out in the manifest's (`label_manifest`). What is read and written
beside each other is bounded; only one answer is parsed at a time, as a large one in JSON takes many
times its size. An answer that cannot be parsed is set aside, never made a blank label: its bytes
are copied to `<prefix>/set-aside/`, and the journal has the reason.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hooks.core.errors import PhotoError
from hooks.core.machine_label import Origin
from scripts.auto_labeling.answered import Answered, Outcome
from scripts.auto_labeling.answers.format_name import FormatName
from scripts.auto_labeling.answers.formats import answer_format
from scripts.auto_labeling.answers.model_answer import (
    ClassesDifferError,
    ModelAnswer,
    UnreadableAnswerError,
)
from scripts.auto_labeling.answers.photo_frame import PhotoFrame
from scripts.auto_labeling.conversion_journal import (
    ConversionJournal,
    ConvertedLine,
    ConvertedState,
)
from scripts.auto_labeling.conversion_summary import ConversionSummary, summarize
from scripts.auto_labeling.found_label import (
    FoundBoxes,
    FoundMask,
    LabelRules,
    boxes_of,
    counted,
    left_out_classes,
    mask_of,
)
from scripts.auto_labeling.label_writer import LabelWriter, PreparedLabel, write_objects
from scripts.manifests.manifest_objects import read_photo_header
from scripts.object_store import ObjectStore

MAX_ANSWER_BYTES = 100 * 1024 * 1024
"""A hundred whole masks of a photo of a megapixel, in JSON; asynchronous endpoints answer up to
1 GB."""
WORKERS = 8
AHEAD = 2 * WORKERS
"""Answers that are on their way: those worked on, and as many waiting."""
JOURNAL_FILE = "conversion.sqlite"

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ConversionSettings:
    """What the labels of a run depend on, beside the answers.

    Attributes:
        kind: "masks" or "boxes".
        classes: the model's class names by number; used where answers name none.
        label_attribute_name: what the manifest's lines get the label under.
        prefix: where masks go, an `s3://` address.
        job_name: of the run, as the labels' metadata shows it.
        file_grid: the model ignores photos' EXIF orientation.
    """

    answer_format: FormatName
    kind: str
    rules: LabelRules
    label_attribute_name: str
    prefix: str
    job_name: str
    classes: tuple[str, ...] = ()
    file_grid: bool = False

    @property
    def about(self) -> dict[str, object]:
        """What a merge of runs must know of this one."""
        return {
            "kind": self.kind,
            "labels": list(self.rules.labels),
            "label_attribute_name": self.label_attribute_name,
        }

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()


def convert_answers(
    outcomes: Iterable[Outcome],
    store: ObjectStore,
    settings: ConversionSettings,
    journal: ConversionJournal,
    on_line: Callable[[], None] = lambda: None,
) -> ConversionSummary:
    """Make labels of all answers and note them in the journal; of those not noted there yet.

    Args:
        outcomes: in any order, each line once; drawn as fast as they can be worked on.
        on_line: called after each.

    Raises:
        ClassesDifferError: the model does not know the classes that it was asked for. What was
            converted before stays.
    """
    converter = _Converter(store, settings, journal.creation_date)
    resumed = 0

    def fresh() -> Iterator[Outcome]:
        nonlocal resumed
        for outcome in outcomes:
            if isinstance(outcome, Answered) and journal.is_done(outcome.line, outcome.output):
                resumed += 1
                on_line()
            else:
                yield outcome

    for done in side_by_side(converter.convert, fresh()):
        journal.write(done)
        on_line()
    return summarize(journal, resumed)


def open_conversion(
    folder: Path, settings: ConversionSettings, creation_date: str
) -> ConversionJournal:
    """The journal of a run's folder."""
    return ConversionJournal(folder / JOURNAL_FILE, settings.digest, creation_date, settings.about)


class _Converter:
    """Converts one answer; safe to use from many threads."""

    def __init__(self, store: ObjectStore, settings: ConversionSettings, date: str) -> None:
        self._store = store
        self._settings = settings
        self._format = answer_format(settings.answer_format, settings.classes)
        self._writer = LabelWriter(
            settings.prefix.rstrip("/"), settings.rules.labels, Origin(settings.job_name, date)
        )
        self._one_at_a_time = threading.Lock()

    def convert(self, outcome: Outcome) -> ConvertedLine:
        if not isinstance(outcome, Answered):
            return ConvertedLine(
                outcome.line,
                outcome.source_ref,
                "",
                ConvertedState.UNANSWERED,
                reason=outcome.reason,
            )
        body = b""
        try:
            body = self._answer(outcome.output)
            photo, _ = read_photo_header(outcome.source_ref, self._store)
            with self._one_at_a_time:
                done, prepared = self._label(
                    outcome, body, PhotoFrame(photo, self._settings.file_grid)
                )
        except (UnreadableAnswerError, PhotoError, FileNotFoundError, PermissionError) as error:
            return self._set_aside(outcome, body, str(error))
        write_objects(prepared, self._store)
        return done

    def _answer(self, address: str) -> bytes:
        start = self._store.read_start(address, MAX_ANSWER_BYTES)
        if start.size > MAX_ANSWER_BYTES:
            raise UnreadableAnswerError(
                f"the answer has {start.size} bytes; at most {MAX_ANSWER_BYTES} are read. Ask the "
                "model for fewer objects, as with ;n_predictions=20 in Accept."
            )
        return start.body

    def _read(self, body: bytes, frame: PhotoFrame) -> ModelAnswer:
        try:
            return self._format.read(body, frame)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            # What nobody has thought of is no reason to stop for ten thousand other answers.
            raise UnreadableAnswerError(
                f"the answer is of another form ({type(error).__name__}: {error})."
            ) from error

    def _label(
        self, outcome: Answered, body: bytes, frame: PhotoFrame
    ) -> tuple[ConvertedLine, PreparedLabel]:
        settings, rules = self._settings, self._settings.rules
        answer = self._read(body, frame)
        check_classes(answer, rules)
        found: FoundMask | FoundBoxes
        if settings.kind == "boxes":
            found = boxes_of(answer, rules)
            prepared = self._writer.boxes(outcome.line, found, frame.photo)
        else:
            found = mask_of(answer, rules, frame.size)
            prepared = self._writer.mask(outcome.line, found, frame.photo)
        return (
            ConvertedLine(
                outcome.line,
                outcome.source_ref,
                outcome.output,
                ConvertedState.NOTHING_FOUND if found.is_nothing else ConvertedState.LABELED,
                found.confidence,
                fields=prepared.label.fields(settings.label_attribute_name),
                found=counted(found, rules.labels),
                left_out=left_out_classes(answer, rules),
            ),
            prepared,
        )

    def _set_aside(self, outcome: Answered, body: bytes, reason: str) -> ConvertedLine:
        if body:
            name = outcome.output.rsplit("/", 1)[-1]
            kept = f"{self._settings.prefix.rstrip('/')}/set-aside/{outcome.line}-{name}"
            self._store.write(kept, body, "application/octet-stream")
        return ConvertedLine(
            outcome.line,
            outcome.source_ref,
            outcome.output,
            ConvertedState.SET_ASIDE,
            reason=reason,
        )


def check_classes(answer: ModelAnswer, rules: LabelRules) -> None:
    """Raises ClassesDifferError where an answer shows that the model was taken for another."""
    missing = sorted(set(rules.to_label) - set(answer.classes)) if answer.classes else []
    if missing:
        listed = ", ".join(repr(name) for name in answer.classes[:20])
        more = f" and {len(answer.classes) - 20} more" if len(answer.classes) > 20 else ""
        raise ClassesDifferError(
            f"the model does not know {', '.join(map(repr, missing))}: its answers say that its "
            f"classes are {listed}{more}."
        )


def side_by_side(
    work: Callable[[Item], ConvertedLine], items: Iterable[Item]
) -> Iterator[ConvertedLine]:
    """Results as they come; of `items` no more than `AHEAD` are drawn before theirs are taken."""
    with ExitStack() as closing:
        threads = closing.enter_context(ThreadPoolExecutor(WORKERS, "convert"))
        pending: set[Future[ConvertedLine]] = set()
        closing.callback(lambda: [future.cancel() for future in pending])
        for item in items:
            pending.add(threads.submit(work, item))
            if len(pending) >= AHEAD:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
