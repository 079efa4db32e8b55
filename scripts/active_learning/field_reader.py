"""The fields of one object of a definition, asked for by name; all others are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hooks.core.errors import FewclickError
from scripts.active_learning.json_path import ReferencePath
from scripts.active_learning.payload_template import PayloadTemplate

ROOT = ReferencePath.parse("$")
ALL_ERRORS = "States.ALL"


class DefinitionError(FewclickError):
    """A definition that this machine cannot execute; the message names the state and the field."""


class FieldReader:
    """Takes fields out of one object and knows which nobody asked for."""

    def __init__(self, name: str, fields: object, where: str = "") -> None:
        self.where = where or f"state {name}"
        if not isinstance(fields, Mapping):
            raise DefinitionError(f"{self.where}: must be an object.")
        self._fields = fields
        self._known = {"Comment"}

    def has(self, name: str) -> bool:
        self._known.add(name)
        return name in self._fields

    def value(self, name: str) -> Any:
        self._known.add(name)
        return self._fields.get(name)

    def text(self, name: str) -> str:
        value = self.value(name)
        if not isinstance(value, str) or not value:
            raise DefinitionError(f"{self.where}: {name} must be a text.")
        return value

    def items(self, name: str) -> list[Any]:
        value = self.value(name)
        if not isinstance(value, list):
            raise DefinitionError(f"{self.where}: {name} must be a list.")
        return value

    def number(self, name: str, least: int, most: int, default: int | None = None) -> int:
        value = self.value(name) if self.has(name) else default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise DefinitionError(
                f"{self.where}: {name} must be a whole number from {least} to {most}."
            )
        return value

    def path(self, name: str) -> ReferencePath | None:
        """The path; the root where there is none, None where the definition says null."""
        if not self.has(name):
            return ROOT
        value = self.value(name)
        return None if value is None else ReferencePath.parse(value)

    def template(self, name: str) -> PayloadTemplate | None:
        return PayloadTemplate.parse(self.value(name)) if self.has(name) else None

    def next(self) -> str | None:
        """The next state's name; None where this one ends the execution."""
        ends = self.value("End") if self.has("End") else False
        if not isinstance(ends, bool) or ends == self.has("Next"):
            raise DefinitionError(f'{self.where}: needs either a Next or "End": true.')
        return None if ends else self.text("Next")

    def readers(self, name: str) -> list[FieldReader]:
        if not self.has(name):
            return []
        readers = [
            FieldReader("", item, f"{self.where}, {name}[{index}]")
            for index, item in enumerate(self.items(name))
        ]
        for reader in readers[:-1]:
            if ALL_ERRORS in reader.items("ErrorEquals"):
                raise DefinitionError(f"{reader.where}: {ALL_ERRORS} must come last.")
        return readers

    def errors(self) -> tuple[str, ...]:
        names = self.items("ErrorEquals")
        if not names or not all(isinstance(name, str) and name for name in names):
            raise DefinitionError(f"{self.where}: ErrorEquals must be a list of names.")
        if ALL_ERRORS in names and len(names) > 1:
            raise DefinitionError(f"{self.where}: {ALL_ERRORS} must stand alone.")
        return tuple(names)

    def finish(self) -> None:
        """Raise DefinitionError if there are fields that nothing here knows."""
        foreign = sorted(set(self._fields) - self._known)
        if foreign:
            raise DefinitionError(
                f"{self.where}: {', '.join(foreign)} cannot be executed here: leave it out."
            )
