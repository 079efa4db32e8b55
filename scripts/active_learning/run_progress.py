"""What is said while a run is executed in the foreground: each step once, and what it waits for."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.status import Status

from hooks.core.active_learning.phases import REST
from scripts.active_learning.execution import Progress

SENTENCES = {
    "Split": "dealing the photos to the sets",
    "StartLabeling": "making the labeling job of {phase}",
    "WaitForPeople": "{phase}: people label at {portal}",
    "StartTraining": "round {round}: starting the learner",
    "WaitForTraining": "round {round}: the learner trains and predicts",
    "Judge": "round {round}: judging predictions by the validation set",
    "AutoLabel": "round {round}: labeling by machine what is sure enough",
    "Finish": "writing the output manifest",
}
"""By the state that comes next. Others are looks and choices, of which nobody needs to hear."""


class RunProgress:
    """A context manager that shows the last sentence, and leaves those before it on the screen."""

    def __init__(self, console: Console, portal_url: str) -> None:
        self._console = console
        self._portal = portal_url
        self._status = Status("", console=console)
        self._said = ""

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._status.stop()

    def on_transition(self, progress: Progress) -> None:
        """To be called after every transition of the execution."""
        sentence = self._sentence(progress.state, progress.data)
        if sentence and sentence != self._said:
            self._said = sentence
            self._console.print(sentence, soft_wrap=True, highlight=False)
            self._status.update(sentence)

    def _sentence(self, state: str, data: Any) -> str:
        known = data if isinstance(data, dict) else {}
        phase = str(known.get("phase", ""))
        words = {
            "phase": "the rest" if phase == REST else f"phase {phase}",
            "round": known.get("round", ""),
            "portal": self._portal,
        }
        return SENTENCES.get(state, "").format(**words)
