"""Carries a plan out, piece by piece: fetch, decode and write side by side, in bounded memory.

After each piece its results are written to `done/`, in the order of the plan. A piece that was
interrupted is done again from its beginning; files are replaced whole, so doing one twice is safe.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from hooks.core.errors import MaskError, PhotoError
from hooks.core.masks import VOID
from scripts.training_sets.export_plan import (
    DONE_FOLDER,
    JSONL,
    PlannedImage,
    piece_name,
    read_piece,
)
from scripts.training_sets.export_target import Target
from scripts.training_sets.exporters.exporter import Exporter
from scripts.training_sets.labeled_pixels import Fetch, read_pixels
from scripts.training_sets.labeled_set import LeftOut

THREADS = 16
"""Side by side: most of the time is spent waiting for S3."""
AHEAD = 2
"""Images begun ahead of the one that is waited for, per thread."""
NOT_THERE = "not-there"
UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Workshop:
    """Everything that exporting one image needs."""

    exporter: Exporter
    fetch: Fetch
    target: Target

    def export(self, planned: PlannedImage | LeftOut) -> dict[str, Any]:
        """Export one image; what `done/` says of it. Raises only what stops the whole run."""
        if isinstance(planned, LeftOut):
            return {"left_out": asdict(planned)}
        try:
            pixels = read_pixels(
                planned,
                self.fetch,
                jpeg=self.exporter.needs_jpeg,
                instances=self.exporter.needs_instances,
            )
        except (FileNotFoundError, PermissionError) as error:
            return _left_out(planned, NOT_THERE, str(error))
        except (PhotoError, MaskError) as error:
            return _left_out(planned, UNUSABLE, str(error))
        counts = pixels.class_pixels()
        if set(counts) == {VOID}:
            return _left_out(planned, UNUSABLE, f"no pixel has a class. {pixels.problem}".strip())
        exported = self.exporter.export(pixels)
        for file in exported.files:
            self.target.write(file.name, file.body, file.media_type)
        return {
            "record": {
                "name": planned.name,
                "side": planned.side,
                "index": planned.index,
                "width": pixels.size.width,
                "height": pixels.size.height,
                **exported.record,
            },
            "source_ref": planned.source_ref,
            "pixels": {str(index): count for index, count in counts.items()},
            "human": planned.human,
            "problem": f"{_where(planned)}: {pixels.problem}" if pixels.problem else "",
        }


def run_pieces(
    numbers: Iterable[int],
    target: Target,
    workshop: Workshop,
    on_image: Callable[[], None] = lambda: None,
    threads: int = THREADS,
) -> None:
    """Carry out these pieces of the plan. On an interruption all pieces so far are kept."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="export")
    try:
        done = _in_order(pool, workshop, _planned(numbers, target), threads * AHEAD)
        lines: list[str] = []
        for number, last, result in done:
            lines.append(json.dumps(result, ensure_ascii=False) + "\n")
            on_image()
            if last:
                body = "".join(lines).encode()
                target.write(f"{DONE_FOLDER}/{piece_name(number)}", body, JSONL)
                lines = []
    finally:
        pool.shutdown(cancel_futures=True)


Entry = tuple[int, bool, PlannedImage | LeftOut]
"""A line of the plan, with the number of its piece and whether it is that piece's last."""


def _planned(numbers: Iterable[int], target: Target) -> Iterator[Entry]:
    for number in numbers:
        piece = read_piece(target, number)
        for place, planned in enumerate(piece, start=1):
            yield number, place == len(piece), planned


def _in_order(
    pool: ThreadPoolExecutor, workshop: Workshop, entries: Iterable[Entry], ahead: int
) -> Iterator[tuple[int, bool, dict[str, Any]]]:
    """Results in the order of the entries; so many are begun ahead and no more."""
    begun: deque[tuple[int, bool, Future[dict[str, Any]]]] = deque()
    for number, last, planned in entries:
        begun.append((number, last, pool.submit(workshop.export, planned)))
        if len(begun) > ahead:
            number, last, future = begun.popleft()
            yield number, last, future.result()
    while begun:
        number, last, future = begun.popleft()
        yield number, last, future.result()


def _left_out(planned: PlannedImage, state: str, reason: str) -> dict[str, Any]:
    left_out = LeftOut(planned.manifest, planned.line_number, planned.source_ref, state, reason)
    return {"left_out": asdict(left_out)}


def _where(planned: PlannedImage) -> str:
    return str(LeftOut(planned.manifest, planned.line_number, planned.source_ref, "", "")).rstrip(
        ": "
    )


@dataclass
class DonePieces:
    """What `done/` holds, read again piece by piece as often as it is wanted."""

    target: Target
    pieces: int
    names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = [piece_name(number) for number in range(self.pieces)]

    def results(self) -> Iterator[dict[str, Any]]:
        for name in self.names:
            body = self.target.read(f"{DONE_FOLDER}/{name}")
            for line in (body or b"").decode().splitlines():
                yield json.loads(line)

    def records(self) -> Iterator[dict[str, Any]]:
        """Of the exported images; see `exporters.exporter.Records`."""
        for result in self.results():
            if "record" in result:
                yield result["record"]
