"""Commands that cannot be carried out as asked: said in one sentence, before anything is done."""

from __future__ import annotations

from hooks.core.errors import FewclickError


class RefusedError(FewclickError):
    """Exit code 2: nothing was created or charged. The message names the fix."""
