"""CPU time and peak extra memory of every method, each run in a fresh process.

One process is one run: it loads the label maps, warms the method up on a tiny photo, so that
imports are not counted, and then consolidates once. Methods take turns, so that a busy moment of
the machine does not fall on one of them alone. What is counted goes from numpy arrays to a numpy
array; SimpleITK's methods copy both ways.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from hooks.core.geometry import Size
from scripts.consensus.consensus_anchors import BY_NAME, Candidate
from scripts.consensus.consensus_scenes import synthetic_scene
from scripts.consensus.worker_simulator import WorkerKind, draw_all

SPEED_STREAM = 4
START_SECONDS = 120.0
"""For a process to start and to import what it needs."""
MEMORY_LIMIT = 8 << 30
"""Bytes of address space of one process, so that no method takes the machine down."""
MEBIBYTE = 1 << 20
PROC = Path("/proc/self")

FIVE = (*(WorkerKind.CAREFUL,) * 3, WorkerKind.SLOPPY, WorkerKind.SHIFTED)
NINE = (*(WorkerKind.CAREFUL,) * 5, *(WorkerKind.SLOPPY,) * 2, WorkerKind.SHIFTED, WorkerKind.FULL)


@dataclass(frozen=True, slots=True)
class SpeedCase:
    """What is consolidated."""

    name: str
    size: Size
    classes: int
    kinds: tuple[WorkerKind, ...]


SPEED_CASES = (
    SpeedCase("512 px, 1 class", Size(512, 512), 1, FIVE),
    SpeedCase("512 px, 12 classes", Size(512, 512), 12, FIVE),
    SpeedCase("1024 px, 1 class", Size(1024, 1024), 1, FIVE),
    SpeedCase("1024 px, 12 classes", Size(1024, 1024), 12, FIVE),
    SpeedCase("12 MP, 1 class", Size(4000, 3000), 1, FIVE),
    SpeedCase("12 MP, 12 classes", Size(4000, 3000), 12, FIVE),
    SpeedCase("12 MP, 12 classes, 9 workers, one all foreground", Size(4000, 3000), 12, NINE),
)


@dataclass(frozen=True, slots=True)
class SpeedOptions:
    """How long to measure: `rounds` runs of a method, but no more after `budget` seconds."""

    rounds: int
    budget: float
    seed: int


def measure_case(
    case: SpeedCase,
    candidates: Sequence[Candidate],
    options: SpeedOptions,
    advance: Callable[[str], None],
) -> dict[str, Any]:
    """One case's figures by method: CPU and wall milliseconds, MiB, or why there are none.

    Args:
        advance: called with a method's name when one of its runs is over or left out.
    """
    able = [candidate for candidate in candidates if candidate.can(case.classes)]
    runs: dict[str, list[Run]] = {candidate.name: [] for candidate in able}
    stopped: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "label_maps.npy"
        rng = np.random.default_rng((options.seed, SPEED_STREAM, case.classes, case.size.width))
        truth = synthetic_scene(rng, case.classes, case.size)
        np.save(path, np.stack(draw_all(rng, truth, case.classes, case.kinds).label_maps))
        for _ in range(options.rounds):
            for candidate in able:
                name = candidate.name
                spent = sum(run.wall for run in runs[name])
                if name not in stopped and spent < options.budget:
                    found = _run_apart(name, path, case.classes, options.budget)
                    if isinstance(found, str):
                        stopped[name] = found
                    else:
                        runs[name].append(found)
                advance(name)
    return {
        "case": case.name,
        "pixels": case.size.pixels,
        "classes": case.classes,
        "workers": len(case.kinds),
        "methods": [_figures(name, found, stopped.get(name)) for name, found in runs.items()],
    }


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds of all threads, seconds on the clock, and bytes above what was held before."""

    cpu: float
    wall: float
    memory: int


def ignore_interrupts() -> None:
    """Ctrl-C reaches every process of the terminal; the one that started the others acts on it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _figures(name: str, runs: Sequence[Run], stopped: str | None) -> dict[str, Any]:
    if not runs:
        return {"method": name, "runs": 0, "stopped": stopped}
    cpu = [1000 * run.cpu for run in runs]
    return {
        "method": name,
        "runs": len(runs),
        "stopped": stopped,
        "cpu_ms": {"best": round(min(cpu), 2), "median": round(statistics.median(cpu), 2)},
        "wall_ms": {
            "best": round(1000 * min(run.wall for run in runs), 2),
            "median": round(1000 * statistics.median(run.wall for run in runs), 2),
        },
        "peak_mib": round(statistics.median(run.memory for run in runs) / MEBIBYTE, 1),
    }


def _run_apart(name: str, path: Path, classes: int, budget: float) -> Run | str:
    """One run in a process of its own; a text where it did not finish."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, name, path, classes), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(START_SECONDS):
            return f"did not start within {START_SECONDS:.0f} s"
        ours.recv()
        if not ours.poll(budget):
            return f"> {budget:.0f} s"
        found = ours.recv()
    except EOFError:
        process.join()
        return f"ended with code {process.exitcode}"
    finally:
        process.kill()
        process.join()
        ours.close()
    return found if isinstance(found, Run) else str(found)


def _run(connection: Connection, name: str, path: Path, classes: int) -> None:
    """In the process: say when all is ready, then what the run took."""
    ignore_interrupts()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    consolidate = BY_NAME[name].consolidate
    tiny = np.zeros((8, 8), np.uint8)
    tiny[2:6, 2:6] = 1
    consolidate([tiny, tiny.T.copy(), np.roll(tiny, 1, axis=0)], 1)
    label_maps = list(np.load(path))
    connection.send("ready")
    held = _memory_held()
    started, wall = time.process_time(), time.perf_counter()
    try:
        consolidate(label_maps, classes)
    except (MemoryError, RuntimeError) as error:
        # SimpleITK reports an allocation that failed as a RuntimeError.
        too_large = isinstance(error, MemoryError) or "alloc" in str(error)
        connection.send(f"> {MEMORY_LIMIT >> 30} GB" if too_large else f"failed: {error}")
        return
    took = time.process_time() - started, time.perf_counter() - wall
    connection.send(Run(*took, memory=max(_memory_peak() - held, 0)))


def _memory_held() -> int:
    """Bytes in memory now. From here on the peak counts, where the system lets it be reset."""
    if not PROC.exists():
        return _memory_peak()
    (PROC / "clear_refs").write_text("5")
    return _status("VmRSS")


def _memory_peak() -> int:
    if PROC.exists():
        return _status("VmHWM")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _status(field: str) -> int:
    for line in (PROC / "status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {field}")
