"""Labeled images as one stream, out of the output manifests of one or of several labeling jobs.

Everything that uses labels (export, auto-labeling, training) reads them here: which mask, by which
colour map, how sure, by people or by a machine, what a reviewer said. Nothing is fetched but the
manifests themselves, and those line by line.

A line may hold several labels: a job's, and those of the adjustment jobs after it. Unless one is
named, the newest counts. A verification job's verdict counts if it is not older than the label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooks.core.consensus import Status
from hooks.core.errors import FewclickError, ManifestError
from hooks.core.label_reader import (
    MaskLabel,
    NoLabel,
    NoLabelState,
    label_attributes,
    read_label,
)
from hooks.core.manifest import METADATA_SUFFIX, ManifestLine
from scripts.object_store import ObjectStore

VERIFICATION_TYPE = "label-verification"
"""End of the metadata's `type` in what a verification job writes."""


class LabeledSetError(FewclickError):
    """A manifest cannot be read at all."""


@dataclass(frozen=True, slots=True)
class LabeledImage:
    """A photo with a label, neither of them fetched yet.

    Attributes:
        manifest: the address or path of the manifest it stands in.
        human: False for what a machine labeled and nobody has adjusted.
        verdict: what a verification job said of the label, lower case; "" if nobody did.
        details_ref: `s3://` address of the label's details, which know the objects one by one; ""
            in labels of other origin.
        made: when the label was, ISO 8601; "" if that is not known.
        fields: the whole line.
    """

    manifest: str
    line_number: int
    source_ref: str
    label: MaskLabel
    human: bool
    verdict: str
    details_ref: str
    made: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that gives no labeled image, and why. `state` is a word for programs."""

    manifest: str
    line_number: int
    source_ref: str
    state: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.manifest.rsplit('/', 1)[-1]}, line {self.line_number}"
        photo = f" ({self.source_ref.rsplit('/', 1)[-1]})" if self.source_ref else ""
        return f"{where}{photo}: {self.reason}"


def read_labeled_set(
    manifests: Iterable[str], store: ObjectStore, label_attribute_name: str | None = None
) -> Iterator[LabeledImage | LeftOut]:
    """One result for every line that is not blank, manifest by manifest, in order.

    Args:
        manifests: paths, or `s3://` addresses in `store`.
        label_attribute_name: which label to read, in place of each line's newest.

    Raises:
        LabeledSetError: a manifest that is not there, or is not UTF-8.
    """
    for manifest in manifests:
        for number, text in enumerate(manifest_lines(manifest, store), start=1):
            text = text.removeprefix("\ufeff").strip()
            if text:
                yield read_labeled_line(text, number, manifest, label_attribute_name)


def manifest_lines(manifest: str, store: ObjectStore) -> Iterator[str]:
    """The lines of a manifest at a path or an `s3://` address, without holding them all.

    Raises:
        LabeledSetError: it is not there, or is not UTF-8.
    """
    try:
        if manifest.startswith("s3://"):
            yield from store.read_lines(manifest)
        else:
            with Path(manifest).open(encoding="utf-8", newline="\n") as lines:
                yield from lines
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise LabeledSetError(f"{manifest} cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise LabeledSetError(f"{manifest} is not UTF-8 text ({error}).") from error


def read_labeled_line(
    text: str, number: int, manifest: str, label_attribute_name: str | None = None
) -> LabeledImage | LeftOut:
    """What one line of a manifest gives. Raises nothing."""
    try:
        line = ManifestLine.parse(text, number)
    except ManifestError as error:
        return LeftOut(manifest, number, "", NoLabelState.UNREADABLE.value, error.problem)
    found = read_label(line, label_attribute_name or newest_label(line))
    if isinstance(found, NoLabel):
        source = found.source_ref or ""
        return LeftOut(manifest, number, source, found.state.value, found.reason)
    value = line.fields[found.attribute]
    said_by = _metadata(line, found.attribute).get("human-annotated", "yes")
    details = value.get("details-ref") if isinstance(value, dict) else None
    return LabeledImage(
        manifest=manifest,
        line_number=number,
        source_ref=found.source_ref,
        label=found,
        human=found.status != Status.MACHINE and said_by not in ("no", False),
        verdict=verdict_of(line, found.attribute),
        details_ref=details if isinstance(details, str) else "",
        made=_creation_date(line, found.attribute),
        fields=line.fields,
    )


def newest_label(line: ManifestLine) -> str | None:
    """The label attribute that was made last and did not fail; None where there is none."""
    names = label_attributes(line)
    usable = [name for name in names if _is_usable(line, name)]
    # Of labels without a date the one further back in the line counts: jobs append theirs.
    order = {name: place for place, name in enumerate(names)}
    return max(
        usable or names, key=lambda name: (_creation_date(line, name), order[name]), default=None
    )


def verdict_of(line: ManifestLine, attribute: str) -> str:
    """The newest verdict on a label that is not older than the label itself; "" if none is."""
    made = _creation_date(line, attribute)
    verdicts = []
    for name in line.fields:
        metadata = _metadata(line, name)
        kind = str(metadata.get("type", "")).lower()
        verdict = metadata.get("class-name")
        value = line.fields[name]
        if isinstance(value, dict) and "class-name" in value and "mask-ref" not in value:
            # This tool's own, whose metadata Ground Truth may have replaced.
            kind, verdict = VERIFICATION_TYPE, value["class-name"]
        if (
            kind.endswith(VERIFICATION_TYPE)
            and isinstance(verdict, str)
            and line.failure_reason(name) is None
            and _creation_date(line, name) >= made
        ):
            verdicts.append((_creation_date(line, name), verdict.strip().lower()))
    return max(verdicts, default=("", ""))[1]


def _is_usable(line: ManifestLine, name: str) -> bool:
    value = line.fields[name]
    failed = isinstance(value, dict) and "mask-ref" not in value
    return not failed and line.failure_reason(name) is None


def _metadata(line: ManifestLine, attribute: str) -> Mapping[str, Any]:
    value = line.fields.get(attribute + METADATA_SUFFIX)
    return value if isinstance(value, Mapping) else {}


def _creation_date(line: ManifestLine, attribute: str) -> str:
    """ISO 8601, which sorts as text; "" where there is none. Both spellings are in the wild."""
    metadata = _metadata(line, attribute)
    return str(metadata.get("creation-date", metadata.get("creation_date", "")))
