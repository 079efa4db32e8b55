"""Reads a job's input manifest: what each line is for, and what is wrong with those that are bad.

A bad line costs that line only. A manifest that cannot be read at all, or names nothing, fails
the job.
"""

from __future__ import annotations

from hooks.core.errors import FewclickError, ManifestError
from hooks.core.manifest import ManifestLine
from scripts.local_ground_truth.job_store import ObjectState

MAX_OBJECTS = 100_000


class InputManifestError(FewclickError):
    """The manifest as a whole cannot be used."""


InputLine = tuple[int, str, ObjectState, str | None]
"""Object id (the line's number from 0), the line, the state to begin in, why it failed."""


def read_input_manifest(content: bytes, label_attribute_name: str) -> list[InputLine]:
    """Every line of a manifest that is not blank.

    A line that has the label already is kept as it is: a job with the label attribute name of an
    earlier one labels what that one left over.

    Raises:
        InputManifestError: it has no lines, or more than a job may have.
    """
    lines: list[InputLine] = []
    for object_id, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n")):
        if raw.strip():
            lines.append(_read_line(object_id, raw.strip(), label_attribute_name))
    if not lines:
        raise InputManifestError("The manifest has no lines.")
    if len(lines) > MAX_OBJECTS:
        raise InputManifestError(
            f"The manifest has {len(lines)} lines; a job has at most {MAX_OBJECTS}."
        )
    return lines


def _read_line(object_id: int, raw: bytes, label_attribute_name: str) -> InputLine:
    text = raw.decode("utf-8", "replace")
    try:
        raw.decode()
        line = ManifestLine.parse(text, object_id + 1)
    except UnicodeDecodeError as error:
        problem = f"line {object_id + 1}: not UTF-8 (byte {error.start + 1} of the line)."
        return object_id, text, ObjectState.FAILED, f"ClientError: manifest {problem}"
    except ManifestError as error:
        return object_id, text, ObjectState.FAILED, f"ClientError: manifest {error}"
    if line.is_labeled(label_attribute_name):
        return object_id, text, ObjectState.KEPT, None
    return object_id, text, ObjectState.PENDING, None
