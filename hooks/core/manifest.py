"""Ground Truth manifests: JSON Lines, one data object a line.

    {"source-ref": "s3://bucket/photo.jpg", "any-other-key": ...}

An output manifest has the same lines with a label attribute and its `-metadata` added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.errors import ContractError, ManifestError

MAX_LINE_CHARACTERS = 100_000
MAX_ATTRIBUTE_CHARACTERS = 20_000
METADATA_SUFFIX = "-metadata"


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """One data object. `number` counts from 1; `fields` is the whole line."""

    number: int
    fields: Mapping[str, Any]

    @classmethod
    def parse(cls, text: str, number: int) -> ManifestLine:
        """Raises ManifestError, naming the line and the field, when the line cannot be used."""
        if len(text) > MAX_LINE_CHARACTERS:
            raise ManifestError(
                number, "", f"{len(text)} characters; a line has at most {MAX_LINE_CHARACTERS}."
            )
        try:
            fields = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise ManifestError(number, "", f"not JSON ({error}).") from error
        if not isinstance(fields, dict):
            raise ManifestError(number, "", "must be a JSON object.")
        sources = [name for name in ("source-ref", "source") if name in fields]
        if not sources:
            raise ManifestError(number, "", 'has neither "source-ref" nor "source".')
        for name in sources:
            if not isinstance(fields[name], str) or not fields[name]:
                raise ManifestError(number, name, "must be a text that is not empty.")
        if "source-ref" in fields:
            try:
                parse_s3_uri(fields["source-ref"], "source-ref")
            except ContractError as error:
                raise ManifestError(number, error.field, error.problem) from error
        for name, value in fields.items():
            if name.startswith("$"):
                raise ManifestError(number, name, 'names must not start with "$".')
            if len(_to_json(value)) > MAX_ATTRIBUTE_CHARACTERS:
                raise ManifestError(
                    number, name, f"longer than {MAX_ATTRIBUTE_CHARACTERS} characters."
                )
        return cls(number, fields)

    @property
    def source_ref(self) -> str | None:
        return self.fields.get("source-ref")

    @property
    def source(self) -> str | None:
        return self.fields.get("source")

    def failure_reason(self, label_attribute_name: str) -> str | None:
        """Why Ground Truth could not label this object; None if it did not fail."""
        metadata = self.fields.get(label_attribute_name + METADATA_SUFFIX)
        reason = metadata.get("failure-reason") if isinstance(metadata, dict) else None
        return None if reason is None else str(reason)

    def is_labeled(self, label_attribute_name: str) -> bool:
        """True iff the label is there and nothing says that labeling failed."""
        return (
            label_attribute_name in self.fields
            and self.failure_reason(label_attribute_name) is None
        )

    def with_fields(self, added: Mapping[str, Any]) -> ManifestLine:
        """The same line with these fields added, or in place of those of the same name."""
        return ManifestLine(self.number, {**self.fields, **added})

    def to_text(self) -> str:
        """The line without its line break."""
        return _to_json(self.fields)


def read_lines(text: str) -> Iterator[ManifestLine | ManifestError]:
    """Every line of a manifest, parsed, or the error that says why it cannot be used.

    Blank lines are passed over; they keep their number.
    """
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield ManifestLine.parse(line.strip(), number)
        except ManifestError as error:
            yield error


def write_lines(lines: Iterable[ManifestLine]) -> str:
    """A manifest's text, every line ended by a line break."""
    return "".join(line.to_text() + "\n" for line in lines)


def parse_s3_uri(uri: str, field: str = "address") -> tuple[str, str]:
    """(bucket, key) of an `s3://bucket/key` address. Raises ContractError naming `field`."""
    if not isinstance(uri, str) or not uri.startswith("s3://"):
        raise ContractError(field, f"{uri!r} is not an s3:// address.")
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise ContractError(field, f"{uri!r} names no object: s3://<bucket>/<key> is needed.")
    return bucket, key


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON, though Python would read it")


def _to_json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        # JSON may name half a character, which only an escape can write.
        return json.dumps(value, separators=(",", ":"))
    return text
