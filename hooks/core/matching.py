"""What several workers drew of one photo, sorted into objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def join(owners: Sequence[str], pairs: Iterable[tuple[int, int]]) -> list[dict[str, int]]:
    """Join drawings into objects, never two of one worker.

    Args:
        owners: the worker of every drawing.
        pairs: indices of two drawings that may be of one object, the likeliest first.

    Returns:
        worker to index of the drawing, one mapping per object, by its first drawing.
    """
    members = [{worker_id: index} for index, worker_id in enumerate(owners)]
    home = list(range(len(owners)))
    for first, second in pairs:
        one, other = sorted((home[first], home[second]))
        if one == other or members[one].keys() & members[other].keys():
            continue
        for index in members[other].values():
            home[index] = one
        members[one].update(members[other])
        members[other] = {}
    return [found for found in members if found]
