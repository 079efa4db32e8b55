"""Several workers' verdicts on one label become one: a weighted vote over a closed list.

The list goes from the least to the most cautious verdict, as ("good", "fix", "redo"). A tie goes to
the more cautious one, which is the later in the list, and needs adjudication: taking a bad label
for a good one costs more than looking twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hooks.core.consensus import Status
from hooks.core.errors import AnswerError
from hooks.core.shares import TOLERANCE, shares

DOUBT = 1.0
"""Votes' worth of not knowing that every count starts with, spread evenly over the list (a
Dirichlet prior): so three of three counts for more than one of one, and less than nine of nine."""

MAJORITY = 0.5


@dataclass(frozen=True, slots=True)
class VerdictVote:
    """What one worker said of a label."""

    worker_id: str
    verdict: str


@dataclass(frozen=True, slots=True)
class VerdictConsensus:
    """What the votes add up to.

    Attributes:
        confidence: the winner's share, drawn towards 1 / len(verdicts) where votes are few, 0 to 1;
            0 for a single annotator, as there is no evidence.
        shares: every verdict of the list to its part of the workers' weight, in the list's order.
        agreement: worker id to the part of the others' weight that said the same; None alone.
        reason: why a person should look at it; empty otherwise.
    """

    verdict: str
    confidence: float
    shares: Mapping[str, float]
    agreement: Mapping[str, float | None]
    status: Status
    reason: str


def decide(
    votes: Sequence[VerdictVote],
    verdicts: Sequence[str],
    weights: Mapping[str, float] | None = None,
) -> VerdictConsensus:
    """Decide on one label.

    Args:
        votes: at least one, of different workers.
        verdicts: all that can be said, the more cautious later; each once.
        weights: worker id to a positive weight; 1 for whoever is not in it.

    Raises:
        AnswerError: a verdict is not in the list.
        ValueError: no votes, two of one worker, a weight that is not a positive number, or a list
            that names a verdict twice.
    """
    if len(set(verdicts)) != len(verdicts):
        raise ValueError("the list of verdicts names one of them twice")
    for vote in votes:
        if vote.verdict not in verdicts:
            raise AnswerError(f"the verdict {vote.verdict!r} is not one of {', '.join(verdicts)}.")
    share = shares([vote.worker_id for vote in votes], weights)
    said = {vote.worker_id: vote.verdict for vote in votes}
    totals = {
        verdict: math.fsum(part for worker_id, part in share.items() if said[worker_id] == verdict)
        for verdict in verdicts
    }
    most = max(totals.values())
    leading = [verdict for verdict, total in totals.items() if total >= most - TOLERANCE]
    alone = len(votes) == 1
    status, reason = Status.CONSENSUS, ""
    if alone:
        status = Status.SINGLE_ANNOTATOR
    elif len(leading) > 1:
        status = Status.NEEDS_ADJUDICATION
        reason = f"the workers are evenly divided between {' and '.join(leading)}."
    elif most < MAJORITY - TOLERANCE:
        status = Status.NEEDS_ADJUDICATION
        reason = f"only {most:.0%} of the workers say {leading[0]}, though more than say the rest."
    return VerdictConsensus(
        verdict=leading[-1],
        confidence=0.0 if alone else _shrunk(most, share, len(verdicts)),
        shares=totals,
        agreement={
            worker_id: None if alone else _agreement(worker_id, share, said) for worker_id in share
        },
        status=status,
        reason=reason,
    )


def _shrunk(most: float, share: Mapping[str, float], choices: int) -> float:
    """The winner's share after `DOUBT` votes spread over all choices.

    Unequal weights count as fewer votes: Kish's effective number, 1 / sum of squared shares.
    """
    votes = 1 / math.fsum(part * part for part in share.values())
    return min((most * votes + DOUBT / choices) / (votes + DOUBT), 1.0)


def _agreement(worker_id: str, share: Mapping[str, float], said: Mapping[str, str]) -> float:
    others = [other for other in share if other != worker_id]
    same = math.fsum(share[other] for other in others if said[other] == said[worker_id])
    return min(same / math.fsum(share[other] for other in others), 1.0)
