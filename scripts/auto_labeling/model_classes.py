"""The classes a model knows, and which of the job's labels each of them is.

Checked before anything runs: an hour later, a model that knows no `car` has labeled none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from scripts.refusal import RefusedError

BACKGROUND_NAMES = frozenset({"background", "__background__"})
SHOWN = 12


@dataclass(frozen=True, slots=True)
class ModelClasses:
    """What a model calls things.

    Attributes:
        names: by class index, the background's first where the model has one.
        to_label: model class to the job's label. A class that is not in it is left out of labels.
    """

    names: tuple[str, ...]
    to_label: Mapping[str, str]

    @property
    def left_out(self) -> tuple[str, ...]:
        return tuple(
            name
            for name in self.names
            if name not in self.to_label and name.casefold() not in BACKGROUND_NAMES
        )


def match_classes(
    names: Sequence[str], labels: Sequence[str], mapping: Mapping[str, str], model: str
) -> ModelClasses:
    """Which label each class of the model is.

    Args:
        names: the model's classes by index.
        labels: the job's.
        mapping: model class to label, where they are called differently.
        model: how the user named it, for messages.

    Raises:
        RefusedError: a label that the model has no class for, or a mapping of what is not there.
    """
    _check_mapping(names, labels, mapping, model)
    to_label = {name: mapping.get(name, name) for name in names}
    to_label = {name: label for name, label in to_label.items() if label in labels}
    missing = [label for label in labels if label not in to_label.values()]
    if missing:
        hints = [_hint(label, names) for label in missing]
        raise RefusedError(
            f"{model} has no class for the job's {_list(missing)}. It knows {_shown(names)}. "
            f"{' '.join(hint for hint in hints if hint)}"
            "Say which class is meant with --map CLASS=LABEL, or leave the label out of --labels."
        )
    return ModelClasses(tuple(names), to_label)


def read_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """`car=vehicle` of `--map`, each model class once.

    Raises:
        RefusedError: a pair that is none, or a class that is named twice.
    """
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, equals, label = (part.strip() for part in pair.partition("="))
        if not equals or not name or not label:
            raise RefusedError(f"--map {pair}: write CLASS=LABEL, such as car=vehicle.")
        if name in mapping:
            raise RefusedError(f"--map names the class {name!r} twice.")
        mapping[name] = label
    return mapping


def read_class_names(text: str) -> tuple[str, ...]:
    """`--classes`: names by index, or a file of them: JSON list, JSON object by index, or lines.

    Raises:
        RefusedError: a file that is none of these, or a name that occurs twice.
    """
    path = Path(text)
    names = _from_file(path) if path.is_file() else [name.strip() for name in text.split(",")]
    if not names or any(not name for name in names):
        raise RefusedError(f"--classes {text}: a name is empty.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RefusedError(f"--classes {text}: {twice[0]!r} occurs twice.")
    return tuple(names)


def _from_file(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".json":
        return [line.strip() for line in text.splitlines() if line.strip()]
    try:
        value = json.loads(text)
        if isinstance(value, dict):
            value = value.get("labels", value.get("classes", value))
        if isinstance(value, dict):
            by_index = {int(index): str(name) for index, name in value.items()}
            if sorted(by_index) != list(range(len(by_index))):
                raise ValueError("its indices are not 0, 1, 2 …")
            return [by_index[index] for index in sorted(by_index)]
        return [str(each["label"]) if isinstance(each, dict) else str(each) for each in value]
    except (ValueError, KeyError, TypeError) as error:
        raise RefusedError(f"--classes {path}: is no list of class names ({error}).") from error


def _check_mapping(
    names: Sequence[str], labels: Sequence[str], mapping: Mapping[str, str], model: str
) -> None:
    for name, label in mapping.items():
        if name not in names:
            raise RefusedError(
                f"--map {name}={label}: {model} has no class {name!r}. {_hint(name, names)}"
                f"It knows {_shown(names)}."
            )
        if label not in labels:
            raise RefusedError(
                f"--map {name}={label}: the job has no label {label!r}; it has {_list(labels)}."
            )


def _hint(label: str, names: Sequence[str]) -> str:
    known = {name.casefold(): name for name in names}
    close = get_close_matches(label.casefold(), known, n=1, cutoff=0.6)
    return f"Is {known[close[0]]!r} meant by {label!r}? " if close else ""


def _list(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
