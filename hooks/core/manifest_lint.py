"""Everything that is wrong with a manifest's lines. Looks at the text alone, fetches nothing.

Works on any manifest: photos alone, this tool's output, that of Ground Truth's built-in jobs.
Where `hooks.core.manifest` stops at a line's first problem, this names them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.errors import ContractError
from hooks.core.manifest import (
    MAX_ATTRIBUTE_CHARACTERS,
    MAX_LINE_CHARACTERS,
    METADATA_SUFFIX,
    ManifestLine,
    parse_s3_uri,
)
from hooks.core.manifest_findings import ManifestFinding, Severity
from hooks.core.manifest_labels import check_labels

MAX_SEGMENTATION_OBJECTS = 20_000
MAX_OBJECTS = 100_000
"""Data objects of one job (developer guide, "Input data quotas")."""
SOURCES = ("source-ref", "source")


@dataclass(frozen=True, slots=True)
class LintedManifest:
    """The lines that can be read at all, and everything that is wrong."""

    lines: tuple[ManifestLine, ...]
    findings: tuple[ManifestFinding, ...]

    @property
    def errors(self) -> tuple[ManifestFinding, ...]:
        return tuple(found for found in self.findings if found.severity is Severity.ERROR)


def lint_manifest(
    content: bytes,
    *,
    label_attribute_name: str | None = None,
    max_objects: int = MAX_SEGMENTATION_OBJECTS,
) -> LintedManifest:
    """Look at every line.

    Args:
        label_attribute_name: of the job that is to read the manifest, if there is one already.
        max_objects: that the job may have.
    """
    lines: list[ManifestLine] = []
    findings: list[ManifestFinding] = []
    if content.startswith(b"\xef\xbb\xbf"):
        findings.append(
            ManifestFinding(
                1, "", "begins with a byte order mark.", "Save it as plain UTF-8.", repairable=True
            )
        )
        content = content[3:]
    if label_attribute_name is not None:
        findings += check_attribute_name(label_attribute_name)
    rows = [row.strip() for row in content.split(b"\n")]
    for number, raw in enumerate(rows, start=1):
        if not raw:
            if number < len(rows):  # the last line break ends the last line
                findings.append(_blank(number))
            continue
        line, problems = lint_line(raw, number)
        findings += problems
        if line is not None:
            lines.append(line)
    findings += _check_whole(lines, max_objects, label_attribute_name)
    return LintedManifest(tuple(lines), tuple(sorted(findings, key=_place)))


def lint_line(raw: bytes, number: int) -> tuple[ManifestLine | None, list[ManifestFinding]]:
    """One line that is not blank; None if it is no JSON object."""

    def problem(field: str, what: str, fix: str, *, repairable: bool = False) -> ManifestFinding:
        return ManifestFinding(number, field, what, fix, repairable=repairable)

    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return None, [
            problem("", f"byte {error.start + 1} is not UTF-8.", "Save the manifest as UTF-8.")
        ]
    twice: list[str] = []
    try:
        fields = json.loads(
            text,
            parse_constant=_refuse_constant,
            object_pairs_hook=lambda pairs: _object(pairs, twice),
        )
    except (ValueError, RecursionError) as error:
        return None, [problem("", f"is not JSON ({error}).", "Write one JSON object a line.")]
    if not isinstance(fields, dict):
        return None, [problem("", "is no JSON object.", 'Write {"source-ref": "s3://…"}.')]
    findings = [
        problem(
            name, "stands twice in one object; only the last counts.", "Keep one.", repairable=True
        )
        for name in twice
    ]
    if len(text) > MAX_LINE_CHARACTERS:
        findings.append(
            problem(
                "",
                f"has {len(text)} characters; a line has at most {MAX_LINE_CHARACTERS}.",
                "Put long values into S3 and name them by address.",
            )
        )
    findings += _check_fields(fields, number)
    findings += check_labels(fields, number)
    return ManifestLine(number, fields), findings


def _check_fields(fields: Mapping[str, Any], number: int) -> Iterator[ManifestFinding]:
    sources = [name for name in SOURCES if name in fields]
    if not sources:
        yield ManifestFinding(
            number, "", 'has neither "source-ref" nor "source".', "Name the photo by source-ref."
        )
    if len(sources) > 1:
        yield ManifestFinding(
            number, "source", 'stands beside "source-ref".', "A line has one data object: keep one."
        )
    for name in sources:
        value = fields[name]
        if not isinstance(value, str) or not value:
            yield ManifestFinding(
                number, name, f"is {type(value).__name__}, no text.", "Write it in quotes."
            )
        elif name == "source-ref":
            try:
                parse_s3_uri(value, name)
            except ContractError as error:
                yield ManifestFinding(
                    number, name, error.problem, "Upload the photo and give its S3 address."
                )
    for name, value in fields.items():
        if name.startswith("$"):
            yield ManifestFinding(
                number,
                name,
                'begins with "$", which Ground Truth keeps for itself.',
                "Drop it: streaming jobs write such names, no job reads them.",
                repairable=True,
            )
        length = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        if length > MAX_ATTRIBUTE_CHARACTERS:
            yield ManifestFinding(
                number,
                name,
                f"has {length} characters; an attribute has at most {MAX_ATTRIBUTE_CHARACTERS}.",
                "Put it into S3 and name it by address.",
            )


def check_attribute_name(name: str) -> Iterator[ManifestFinding]:
    """The rules for the label attribute name of a custom labeling job."""
    if name in SOURCES or name.endswith(METADATA_SUFFIX):
        yield ManifestFinding(
            None, name, "is a name that manifests keep for themselves.", "Choose another."
        )
    elif name.endswith("-ref"):
        yield ManifestFinding(
            None,
            name,
            'ends in "-ref", which built-in segmentation jobs alone may have.',
            f"Call it {name.removesuffix('-ref')}.",
        )


def _check_whole(
    lines: list[ManifestLine], max_objects: int, label_attribute_name: str | None
) -> Iterator[ManifestFinding]:
    if not lines:
        yield ManifestFinding(
            None, "", "has no line that can be used.", "Write one JSON object for each photo."
        )
    if len(lines) > max_objects:
        yield ManifestFinding(
            None,
            "",
            f"has {len(lines)} lines; such a job has at most {max_objects}.",
            "Split it into several jobs.",
        )
    first: dict[str, int] = {}
    for line in lines:
        source = line.source_ref or line.source
        if isinstance(source, str) and first.setdefault(source, line.number) != line.number:
            yield ManifestFinding(
                line.number,
                "source-ref" if line.source_ref else "source",
                f"is that of line {first[source]} too; it would be labeled and paid twice.",
                "Keep one of the lines.",
                Severity.WARNING,
                repairable=True,
            )
    if label_attribute_name is not None:
        kept = sum(line.is_labeled(label_attribute_name) for line in lines)
        if kept:
            yield ManifestFinding(
                None,
                label_attribute_name,
                f"is on {kept} of {len(lines)} lines already; these keep it and are not labeled.",
                "Choose another label attribute name to have all of them labeled.",
                Severity.WARNING,
            )
    yield from _check_classes(lines)


def _check_classes(lines: Iterable[ManifestLine]) -> Iterator[ManifestFinding]:
    """A class of one attribute that has several colours: each line's map counts for itself."""
    seen: dict[tuple[str, str], tuple[str, int]] = {}
    told: set[tuple[str, str]] = set()
    for line in lines:
        for attribute, name, color in _colors(line):
            key = (attribute, name)
            before, where = seen.setdefault(key, (color, line.number))
            if before != color and key not in told:
                told.add(key)
                yield ManifestFinding(
                    line.number,
                    attribute,
                    f"shows {name!r} in {color}, line {where} in {before}.",
                    "Read each line's mask by its own colour map.",
                    Severity.WARNING,
                )


def _colors(line: ManifestLine) -> Iterator[tuple[str, str, str]]:
    for attribute, value in line.fields.items():
        color_map = value.get("internal-color-map") if isinstance(value, dict) else None
        for entry in color_map.values() if isinstance(color_map, dict) else ():
            name = entry.get("class-name") if isinstance(entry, dict) else None
            color = entry.get("hex-color") if isinstance(entry, dict) else None
            if isinstance(name, str) and isinstance(color, str):
                yield attribute, name, color.lower()


def _blank(number: int) -> ManifestFinding:
    return ManifestFinding(
        number, "", "is blank.", "Remove it: it shifts what lines are called.", Severity.WARNING,
        repairable=True,
    )  # fmt: skip


def _object(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice += [name for name in fields if names.count(name) > 1]
    return fields


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _place(found: ManifestFinding) -> tuple[int, bool]:
    return (found.line_number or 0, found.severity is Severity.WARNING)
