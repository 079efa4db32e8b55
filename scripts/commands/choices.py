"""Words that options choose from, apart from what takes long to import."""

from __future__ import annotations

from enum import StrEnum


class Workforce(StrEnum):
    """Kinds of workers, as Ground Truth has them."""

    PRIVATE = "private"
    VENDOR = "vendor"
    PUBLIC = "public"
