"""How much of the say each worker has, where one object gets one vote per worker."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from itertools import pairwise

TOLERANCE = 1e-9
"""Shares that differ by less are equal: thirds do not add up exactly."""


def shares(worker_ids: Collection[str], weights: Mapping[str, float] | None) -> dict[str, float]:
    """Each worker's share of the weight, sum 1, by ascending worker id.

    Args:
        worker_ids: at least one, each once.
        weights: worker id to a positive weight; 1 for whoever is not in it.

    Raises:
        ValueError: no workers, one twice, or a weight that is not a positive number.
    """
    if not worker_ids:
        raise ValueError("there are no votes to consolidate")
    ordered = sorted(worker_ids)
    repeated = next((one for one, other in pairwise(ordered) if one == other), None)
    if repeated is not None:
        raise ValueError(f"worker {repeated} votes twice")
    given = {worker_id: float((weights or {}).get(worker_id, 1.0)) for worker_id in ordered}
    for worker_id, weight in given.items():
        if not (math.isfinite(weight) and weight > 0):
            raise ValueError(f"the weight of worker {worker_id} is {weight}, not a positive number")
    total = math.fsum(given.values())
    return {worker_id: weight / total for worker_id, weight in given.items()}
