"""A mask's outline as one polygon, holes and separate parts included."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hooks.core.masks import Mask

Polygon = npt.NDArray[np.int32]


def outline(mask: Mask) -> Polygon:
    """(n, 2) x and y of pixels: filled with its edge, as OpenCV fills, it gives the mask.

    Formats with one polygon per object know neither holes nor parts; here the polygon runs to each
    of them and back on the same way. The way to a hole lies in the object; the way to another part
    paints a line between the two, which such formats cannot do without.
    """
    import cv2  # an extra

    contours, hierarchy = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
    )
    if not contours:
        return np.zeros((0, 2), np.int32)
    rings: list[Polygon] = [np.asarray(contour, np.int32).reshape(-1, 2) for contour in contours]
    parents = np.asarray(hierarchy, np.int32)[0][:, 3]
    parts = []
    for place in np.flatnonzero(parents < 0):
        part = rings[place]
        for hole in np.flatnonzero(parents == place):
            part = _joined(part, rings[hole])
        parts.append(part)
    whole = max(parts, key=len)
    for part in parts:
        if part is not whole:
            whole = _joined(whole, part)
    return whole


def _joined(outer: Polygon, inner: Polygon) -> Polygon:
    """One ring that leaves `outer` where `inner` is nearest, runs round it, and comes back."""
    distances = np.square(outer[:, None].astype(np.int64) - inner[None]).sum(axis=-1)
    leave, arrive = np.unravel_index(int(distances.argmin()), distances.shape)
    around = np.roll(inner, -int(arrive), axis=0)
    pieces: list[Any] = [outer[: leave + 1], around, around[:1], outer[leave:]]
    return np.concatenate(pieces)
