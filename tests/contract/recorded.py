"""Events as Ground Truth and API Gateway send them, from tests/events."""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import REPOSITORY

EVENTS = REPOSITORY / "tests" / "events"


def recorded(name: str) -> Any:
    """The content of tests/events/<name>.json."""
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
