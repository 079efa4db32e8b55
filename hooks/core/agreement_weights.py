"""What a photo without pixels to compare says of its workers: who agrees little counts little."""

from __future__ import annotations

from collections.abc import Mapping

from hooks.core.boxes import FEW, LEAST_WEIGHT


def relative_weights(agreement: Mapping[str, float | None]) -> dict[str, float]:
    """The weight that each worker's agreement with the others suggests; 1 is like the others.

    In proportion to agreement, as `consolidate_boxes` weighs; nothing with fewer than three
    workers, where nobody can say who is wrong.
    """
    known = {
        worker_id: max(value, LEAST_WEIGHT)
        for worker_id, value in agreement.items()
        if value is not None
    }
    if len(known) < FEW:
        return {}
    total = sum(known.values())
    return {worker_id: len(known) * value / total for worker_id, value in known.items()}
