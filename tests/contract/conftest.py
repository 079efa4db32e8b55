"""The made-up account of the handlers' own tests."""

from __future__ import annotations

from tests.unit.hooks.conftest import account, context

__all__ = ["account", "context"]
