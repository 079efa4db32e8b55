"""Payload templates: JSON in which a name that ends in `.$` stands for what its path leads to.

    {"step": "judge", "run.$": "$.run"}  of  {"run": "s3://..."}  is  {"step": ..., "run": "s3://..."}

Intrinsic functions (`States.Format(...)`) are refused. https://states-language.net/spec.html#payload-template
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scripts.active_learning.json_path import PathError, ReferencePath

SUFFIX = ".$"


@dataclass(frozen=True, slots=True)
class PayloadTemplate:
    """A template whose paths are all good."""

    content: dict[str, Any]

    @classmethod
    def parse(cls, content: object) -> PayloadTemplate:
        """Raises PathError, naming the field, for what is no template."""
        if not isinstance(content, dict):
            raise PathError("a payload template must be an object.")
        _check(content)
        return cls(content)

    @property
    def names(self) -> set[str]:
        return {name.removesuffix(SUFFIX) for name in self.content}

    def fill(self, data: Any) -> dict[str, Any]:
        """The JSON that it stands for. Raises PathError where a path leads to nothing."""
        filled: dict[str, Any] = _fill(self.content, data)
        return filled


def _check(content: object) -> None:
    if isinstance(content, list):
        for item in content:
            _check(item)
    if not isinstance(content, dict):
        return
    for name, value in content.items():
        if not name.endswith(SUFFIX):
            _check(value)
        elif name.removesuffix(SUFFIX) in content:
            raise PathError(f"{name.removesuffix(SUFFIX)!r} stands twice in a template.")
        else:
            try:
                ReferencePath.parse(value)
            except PathError as error:
                raise PathError(f"{name!r}: {error}") from error


def _fill(content: Any, data: Any) -> Any:
    if isinstance(content, list):
        return [_fill(item, data) for item in content]
    if not isinstance(content, dict):
        return content
    return {
        name.removesuffix(SUFFIX): ReferencePath.parse(value).read(data)
        if name.endswith(SUFFIX)
        else _fill(value, data)
        for name, value in content.items()
    }
