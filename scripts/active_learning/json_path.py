"""Reference paths of the Amazon States Language: `$`, `$.job.name`, `$.lines[2]`, `$['odd name']`.

A reference path names one place in a state's data. Everything else that JSONPath knows (wildcards,
slices, filters, the context object `$$`) is refused when it is parsed.
https://states-language.net/spec.html#ref-paths
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hooks.core.errors import FewclickError

_STEP = re.compile(
    r"\.(?P<name>[^\W\d][\w-]*)|\[(?P<index>\d+)\]|\['(?P<quoted>[^'\\]+)'\]", re.ASCII
)


class PathError(FewclickError):
    """A text is no reference path, or leads nowhere in the data that it is asked of."""


@dataclass(frozen=True, slots=True)
class ReferencePath:
    """One place in JSON data; `steps` are names and indices from the root."""

    text: str
    steps: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: object) -> ReferencePath:
        """Raises PathError, naming the text, unless it is a reference path."""
        if not isinstance(text, str) or not text.startswith("$"):
            raise PathError(f"{text!r} is no path: paths begin with $.")
        steps: list[str | int] = []
        at = 1
        while at < len(text):
            found = _STEP.match(text, at)
            if found is None:
                raise PathError(
                    f"{text!r} is no reference path: names and indices only, as in $.job.lines[0]."
                )
            index = found["index"]
            steps.append(found["name"] or found["quoted"] if index is None else int(index))
            at = found.end()
        return cls(text, tuple(steps))

    def read(self, data: Any) -> Any:
        """What stands there. Raises PathError if nothing does."""
        for step in self.steps:
            if isinstance(step, str):
                leads = isinstance(data, dict) and step in data
            else:
                leads = isinstance(data, list) and step < len(data)
            if not leads:
                raise PathError(f"the path {self.text!r} leads to nothing in the data.")
            data = data[step]
        return data

    def has(self, data: Any) -> bool:
        try:
            self.read(data)
        except PathError:
            return False
        return True

    def write(self, data: Any, value: Any) -> Any:
        """A copy of the data with `value` there; objects on the way are made where missing.

        Raises:
            PathError: the way leads through something that is no object, or past a list's end.
        """
        return self._write(data, value, self.steps)

    def _write(self, data: Any, value: Any, steps: tuple[str | int, ...]) -> Any:
        if not steps:
            return value
        first, *rest = steps
        if isinstance(first, int):
            if not isinstance(data, list) or first >= len(data):
                raise PathError(f"the path {self.text!r} leads past what there is.")
            return [
                self._write(item, value, tuple(rest)) if place == first else item
                for place, item in enumerate(data)
            ]
        if not isinstance(data, dict):
            raise PathError(f"the path {self.text!r} leads through something that is no object.")
        return {**data, first: self._write(data.get(first, {}), value, tuple(rest))}
