"""Masks and label maps as pictures made of characters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def grid(picture: str) -> npt.NDArray[np.bool_]:
    """`"..#/.##"`: one row between slashes (or line breaks), `#` is true."""
    rows = [row.strip() for row in picture.replace("\n", "/").split("/") if row.strip()]
    return np.array([[character == "#" for character in row] for row in rows])


def label_grid(picture: str) -> npt.NDArray[np.uint8]:
    """`"..1/.22"`: digits are classes, `.` is background, `x` is void (255)."""
    rows = [row.strip() for row in picture.replace("\n", "/").split("/") if row.strip()]
    classes = {".": 0, "x": 255}
    return np.array(
        [[classes[mark] if mark in classes else int(mark) for mark in row] for row in rows],
        dtype=np.uint8,
    )
