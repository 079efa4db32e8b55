"""`fewclick manifest repair`: a new manifest, and new masks where theirs cannot be read right.

The original and its masks are never touched. What cannot be mended is left as it is and named.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from hooks.core.errors import ContractError, MaskError
from hooks.core.label_reader import COLOR_MAP
from hooks.core.manifest import ManifestLine, parse_s3_uri, write_lines
from hooks.core.manifest_colors import check_color_map, mend_color_map
from hooks.core.manifest_findings import ManifestFinding
from hooks.core.manifest_labels import SegmentationLabel, segmentation_labels
from hooks.core.manifest_lint import lint_manifest
from scripts.account.aws_account import AwsAccount, open_account
from scripts.manifests.manifest_lint import print_findings, read_manifest
from scripts.manifests.mask_palette import check_mask, repaint_mask
from scripts.object_store import ObjectStore, S3Objects
from scripts.progress import counting
from scripts.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class RepairOptions:
    """What the command line asked for; see `fewclick manifest repair --help`."""

    manifest: str
    out: str | None = None
    masks_to: str | None = None
    lines_only: bool = False
    local: Path | None = None
    region: str | None = None
    profile: str | None = None
    as_json: bool = False


@dataclass
class Repair:
    """What is being done to one manifest.

    Attributes:
        store: holds the masks; None to look at lines alone.
        masks_to: `s3://` folder for new masks; None if there is none.
        done: what was mended, sentence by sentence.
    """

    store: ObjectStore | None
    masks_to: str | None
    done: list[str] = field(default_factory=list)

    def repair(
        self, content: bytes, on_line: Callable[[], None] = lambda: None
    ) -> tuple[ManifestLine, ...]:
        """The lines of the new manifest; those that cannot be read are left out."""
        linted = lint_manifest(content)
        if content.startswith(b"\xef\xbb\xbf"):
            self.done.append("The byte order mark is gone.")
        for found in linted.findings:
            if found.repairable and found.problem.startswith(("is blank", "stands twice")):
                self.done.append(f"line {found.line_number}: {found.field or 'blank line'} mended.")
        mended = []
        for line in self._without_duplicates(linted.lines):
            mended.append(self._mend(line))
            on_line()
        return tuple(mended)

    def _without_duplicates(self, lines: tuple[ManifestLine, ...]) -> list[ManifestLine]:
        """Of lines about one photo the one that says most, at the place of the first."""
        kept: dict[object, ManifestLine] = {}
        for line in lines:
            source = line.source_ref or line.source or line.number
            before = kept.setdefault(source, line)
            if before is line:
                continue
            more, less = (line, before) if _says(line) > _says(before) else (before, line)
            kept[source] = more
            self.done.append(f"line {less.number}: dropped, line {more.number} is its photo's too.")
        return list(kept.values())

    def _mend(self, line: ManifestLine) -> ManifestLine:
        fields = dict(line.fields)
        for name in [name for name in fields if name.startswith("$")]:
            del fields[name]
            self.done.append(f"line {line.number}, {name}: dropped.")
        for label in segmentation_labels(fields):
            try:
                self._mend_label(label, fields, line.number)
            except (ContractError, MaskError, OSError):
                continue  # linting the new manifest names it
        return ManifestLine(line.number, fields)

    def _mend_label(self, label: SegmentationLabel, fields: dict[str, Any], number: int) -> None:
        old = label.color_map
        if not isinstance(old, Mapping):
            return
        wrong_map = any(problem.repairable for problem in check_color_map(old))
        png = None
        if self.store is not None and isinstance(label.mask, str):
            png = self.store.read(label.mask)
        wrong_mask = png is not None and any(
            found.repairable for found in check_mask(png, old, None)
        )
        if not wrong_map and not wrong_mask:
            return
        color_map, mask = mend_color_map(old).value, None
        if png is not None:
            painted, mended = repaint_mask(png, old)
            color_map = mended.value
            if check_mask(png, color_map, None):
                mask = self._write_mask(painted, str(label.mask), number)
        holder = dict(fields[label.holder]) | {COLOR_MAP: color_map}
        if mask is not None and not label.built_in:
            holder["mask-ref"] = mask
        fields[label.holder] = holder
        if mask is not None and label.built_in:
            fields[label.attribute] = mask
        what = "colour map" if mask is None else f"colour map and mask ({mask})"
        self.done.append(f"line {number}, {label.attribute}: {what} mended.")

    def _write_mask(self, png: bytes, old: str, number: int) -> str:
        if self.masks_to is None:
            raise RefusedError(
                f"line {number}: the mask {old} must be painted anew; say where new masks go: "
                "--masks-to s3://<bucket>/<folder>/."
            )
        assert self.store is not None
        name = posixpath.basename(parse_s3_uri(old)[1]).replace(":", "-")
        address = f"{self.masks_to.rstrip('/')}/{number - 1}_{name}"
        if address == old:
            raise RefusedError(f"--masks-to: {address} is a mask of the manifest itself.")
        self.store.write(address, png, "image/png")
        return address


def _says(line: ManifestLine) -> int:
    """How much a line says, without the names that are dropped anyhow."""
    return sum(not name.startswith("$") for name in line.fields)


def run_repair(options: RepairOptions) -> int:
    """Write the new manifest; 1 if something could not be mended."""
    out = options.out or _beside(options.manifest)
    if out == options.manifest or (
        not out.startswith("s3://") and Path(out).resolve() == Path(options.manifest).resolve()
    ):
        raise RefusedError("--out is the manifest itself, which is never changed: name another.")
    account: AwsAccount | None = None
    if not options.lines_only or "s3://" in (options.manifest[:5], out[:5]):
        account = open_account(options.local, options.region, options.profile)
    store = None if account is None else S3Objects(account.client("s3"))
    masks_to = options.masks_to or (f"{out}-masks" if out.startswith("s3://") else None)
    content = read_manifest(options.manifest, account)
    repair = Repair(None if options.lines_only else store, masks_to)
    with counting("lines", content.count(b"\n")) as on_line:
        lines = repair.repair(content, on_line)
    text = write_lines(lines)
    if out.startswith("s3://"):
        assert store is not None
        store.write(out, text.encode(), "application/x-jsonlines")
    else:
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        Path(out).write_text(text, encoding="utf-8")
    left = [*_unreadable(content), *lint_manifest(text.encode()).errors]
    _tell(out, lines, repair.done, left, as_json=options.as_json)
    return 1 if left else 0


def _unreadable(content: bytes) -> list[ManifestFinding]:
    """What is wrong with the lines that are left out."""
    linted = lint_manifest(content)
    readable = {line.number for line in linted.lines}
    return [
        found
        for found in linted.errors
        if found.line_number is not None
        and found.line_number not in readable
        and not found.repairable
    ]


def _tell(
    out: str,
    lines: tuple[ManifestLine, ...],
    done: list[str],
    left: list[ManifestFinding],
    *,
    as_json: bool,
) -> None:
    if as_json:
        document = {
            "manifest": out,
            "lines": len(lines),
            "mended": done,
            "left": [found.to_json() for found in left],
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    for sentence in done:
        typer.echo(sentence)
    print_findings(left)
    Console(stderr=True).print(
        f"{out}: {len(lines)} lines, {len(done)} mended, {len(left)} problems left.",
        soft_wrap=True,
    )


def _beside(manifest: str) -> str:
    stem, dot, suffix = manifest.rpartition(".")
    return f"{stem}-repaired{dot}{suffix}" if dot and "/" not in suffix else f"{manifest}-repaired"
