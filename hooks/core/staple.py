"""STAPLE for several labels: the workers' skills and the truth, estimated in turns (EM).

Warfield, Zou, Wells, "Simultaneous truth and performance level estimation", 2004, with a confusion
matrix per worker in place of sensitivity and specificity, as Rohlfing, Russakoff, Maurer, 2004. It
is here to be compared with. Pixels at which the workers say the same things count as one pattern.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hooks.core.ballots import Ballots
from hooks.core.band_vote import Labels
from hooks.core.masks import VOID

ROUNDS = 50
FIRST_SKILL = 0.95
SMALLEST_SKILL = 1e-6
"""Keeps a matrix entry that nobody used from ruling a label out for good."""
ENOUGH = 1e-5
"""A round that changes no skill by more is the last."""
_TABLE = 1 << 22

Matrix = npt.NDArray[np.float64]


def elect_by_staple(ballots: Ballots, classes: Sequence[int]) -> tuple[Labels, Matrix]:
    """The likeliest label at every disputed pixel, and each worker's skill.

    The skill is the mean, over the labels, of the chance of saying what is true; float64
    (workers,). The prior of a label is its share of all that the workers said, as in the papers.

    Args:
        classes: labels that anybody gave, and the background.
    """
    classes = sorted(classes)
    patterns, pattern_of_pixel = _patterns(ballots.votes, classes)
    votes, repeats = _with_agreed(patterns, pattern_of_pixel, ballots, classes)
    said = ballots.counts[:, classes].sum(axis=0).astype(np.float64)
    prior = np.maximum(said / max(said.sum(), 1), SMALLEST_SKILL)
    confusion = _first_confusion(len(votes), len(classes))
    truth = _truth(votes, prior, confusion)
    for _ in range(ROUNDS):
        updated = _confusion(votes, repeats, truth)
        change = float(np.abs(updated - confusion).max())
        confusion = updated
        truth = _truth(votes, prior, confusion)
        if change < ENOUGH:
            break
    best = np.array(classes, np.uint8)[truth.argmax(axis=0)]
    silent = (votes < 0).all(axis=0)
    best[silent] = VOID
    skill = np.einsum("wkk->w", confusion) / len(classes)
    return best[: patterns.shape[1]][pattern_of_pixel], skill


def _patterns(
    votes: Labels, classes: Sequence[int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The different columns of `votes` as positions in `classes`, VOID -1; and each pixel's.

    Returns (workers, patterns) and (pixels,). Codes are kept dense as workers are added, so that
    no number of workers or labels overflows them.
    """
    position = np.full(256, 0, np.int64)
    position[list(classes)] = np.arange(1, len(classes) + 1)
    base = len(classes) + 1
    code = np.zeros(votes.shape[1], np.int64)
    rows: list[npt.NDArray[np.int64]] = []
    for own in votes:
        code, used = _dense(code * base + position[own])
        rows = [row[used // base] for row in rows]
        rows.append(used % base - 1)
    return np.stack(rows), code


def _dense(
    code: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Codes renumbered without gaps, and the code of each number."""
    largest = int(code.max(initial=0))
    if largest >= _TABLE:
        used, dense = np.unique(code, return_inverse=True)
        return dense.astype(np.int64), used
    used = np.flatnonzero(np.bincount(code, minlength=1)).astype(np.int64)
    number = np.zeros(largest + 1, np.int64)
    number[used] = np.arange(len(used))
    return number[code], used


def _with_agreed(
    patterns: npt.NDArray[np.int64],
    pattern_of_pixel: npt.NDArray[np.int64],
    ballots: Ballots,
    classes: Sequence[int],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """All patterns and how many pixels show each: the disputed ones, then the agreed ones."""
    agreed = np.tile(np.arange(len(classes)), (len(patterns), 1))
    repeats = np.concatenate(
        (
            np.bincount(pattern_of_pixel, minlength=patterns.shape[1]),
            ballots.agreed[list(classes)],
        )
    )
    return np.concatenate((patterns, agreed), axis=1), repeats.astype(np.float64)


def _first_confusion(workers: int, labels: int) -> Matrix:
    """(workers, said, true): nearly right, the same for all."""
    if labels == 1:
        return np.ones((workers, 1, 1))
    wrong = (1 - FIRST_SKILL) / (labels - 1)
    matrix = np.full((labels, labels), wrong)
    np.fill_diagonal(matrix, FIRST_SKILL)
    return np.repeat(matrix[None], workers, axis=0)


def _truth(votes: npt.NDArray[np.int64], prior: Matrix, confusion: Matrix) -> Matrix:
    """Chance of every true label at every pattern, (labels, patterns)."""
    logs = np.repeat(np.log(prior)[:, None], votes.shape[1], axis=1)
    for own, matrix in zip(votes, np.log(np.maximum(confusion, SMALLEST_SKILL)), strict=True):
        heard = own >= 0
        logs[:, heard] += matrix[own[heard]].T
    logs -= logs.max(axis=0)
    chances = np.exp(logs)
    return np.asarray(chances / chances.sum(axis=0))


def _confusion(
    votes: npt.NDArray[np.int64], repeats: npt.NDArray[np.float64], truth: Matrix
) -> Matrix:
    weighted = truth * repeats
    labels = len(truth)
    matrices = []
    for own in votes:
        heard = own >= 0
        matrix = np.stack(
            [np.bincount(own[heard], row[heard], minlength=labels) for row in weighted], axis=1
        )
        matrix = np.maximum(matrix, SMALLEST_SKILL)
        matrices.append(matrix / matrix.sum(axis=0))
    return np.stack(matrices)
