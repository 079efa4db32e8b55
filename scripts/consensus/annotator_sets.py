"""Masks that several real people drew of the same photos, from a folder or a zip.

Two layouts are read, told apart by the names of the PNG files; any pixel that is not zero belongs
to the object.

    <photo>_w<number>.png and <photo>_gold.png      workers, and what an expert drew
    <photo>_obj<number>_a<number>.png               several people per object, no expert
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from hooks.core.errors import FewclickError
from hooks.core.masks import LabelMap

ANSWER = re.compile(r"(?P<object>.+)_w\d+\.png|(?P<part>.+_obj\d+)_a\d+\.png")
GOLD = re.compile(r"(?P<object>.+)_gold\.png")
LEAST_ANSWERS = 2


class AnnotatorSetError(FewclickError):
    """A set of annotators' masks cannot be used; the message names the file and says why."""


@dataclass(frozen=True, slots=True)
class AnsweredMasks:
    """One object: what people drew, uint8 (height, width) of 0 and 1, and the expert, if any."""

    answers: tuple[LabelMap, ...]
    gold: LabelMap | None


@dataclass(frozen=True, slots=True)
class AnnotatorSet:
    """A set's objects by name. Files are read when an object is asked for.

    Attributes:
        files: object to its answers' files, in the order of their names.
        gold: object to its expert's file; empty in a set without an expert.
    """

    path: Path
    files: Mapping[str, tuple[str, ...]]
    gold: Mapping[str, str]

    @classmethod
    def open(cls, path: Path) -> AnnotatorSet:
        """List a folder or zip.

        Raises:
            AnnotatorSetError: neither a folder nor a zip, or without such masks.
        """
        answers: dict[str, list[str]] = {}
        gold: dict[str, str] = {}
        for name in _names(path):
            bare = name.rpartition("/")[2]
            if match := ANSWER.fullmatch(bare):
                answers.setdefault(match["object"] or match["part"], []).append(name)
            elif match := GOLD.fullmatch(bare):
                gold[match["object"]] = name
        files = {
            name: tuple(sorted(found))
            for name, found in sorted(answers.items())
            if len(found) >= LEAST_ANSWERS and (not gold or name in gold)
        }
        if not files:
            raise AnnotatorSetError(
                f"{path} holds no masks of several people: <photo>_w<number>.png with "
                "<photo>_gold.png, or <photo>_obj<number>_a<number>.png."
            )
        return cls(path, files, {name: gold[name] for name in files if name in gold})

    @property
    def name(self) -> str:
        """The file's or folder's name, without a suffix."""
        return self.path.stem

    @property
    def most_answers(self) -> int:
        """Answers of the object that has the most."""
        return max(len(found) for found in self.files.values())

    def read(self, name: str) -> AnsweredMasks:
        """An object's masks.

        Raises:
            AnnotatorSetError: a file that is not an image, or masks of different sizes.
        """
        wanted = [*self.files[name], *([self.gold[name]] if name in self.gold else [])]
        masks = _read_masks(self.path, wanted)
        if len({mask.shape for mask in masks}) != 1:
            raise AnnotatorSetError(f"{self.path}: the masks of {name} differ in size.")
        if name in self.gold:
            return AnsweredMasks(tuple(masks[:-1]), masks[-1])
        return AnsweredMasks(tuple(masks), None)


def _names(path: Path) -> list[str]:
    if path.is_dir():
        return [str(file.relative_to(path).as_posix()) for file in path.rglob("*.png")]
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise AnnotatorSetError(f"{path} is neither a folder nor a readable zip.") from error


def _read_masks(path: Path, names: Sequence[str]) -> list[LabelMap]:
    if path.is_dir():
        return [_decode((path / name).read_bytes(), path, name) for name in names]
    with zipfile.ZipFile(path) as archive:
        return [_decode(archive.read(name), path, name) for name in names]


def _decode(body: bytes, path: Path, name: str) -> LabelMap:
    try:
        with Image.open(io.BytesIO(body)) as image:
            values = np.asarray(image if image.mode == "P" else image.convert("L"))
    except (UnidentifiedImageError, OSError) as error:
        raise AnnotatorSetError(f"{path}: {name} is not an image ({error}).") from error
    return (values > 0).astype(np.uint8)
