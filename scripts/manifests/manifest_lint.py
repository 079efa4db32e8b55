"""`fewclick manifest lint`: the manifest's lines, then the objects that they name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from hooks.core.errors import ContractError
from hooks.core.manifest import parse_s3_uri
from hooks.core.manifest_findings import ManifestFinding, Severity
from hooks.core.manifest_lint import LintedManifest, lint_manifest
from scripts.account.aws_account import AwsAccount, open_account
from scripts.manifests.manifest_objects import buckets_of, check_bucket, check_objects
from scripts.object_store import S3Objects
from scripts.progress import counting
from scripts.refusal import RefusedError

MOST_SHOWN = 50
"""Findings that are printed for people; the JSON holds all."""


@dataclass(frozen=True, slots=True)
class LintOptions:
    """What the command line asked for; see `fewclick manifest lint --help`."""

    manifest: str
    lines_only: bool = False
    label_attribute_name: str | None = None
    max_objects: int = 20_000
    local: Path | None = None
    region: str | None = None
    profile: str | None = None
    as_json: bool = False


def run_lint(options: LintOptions) -> int:
    """Print what was found; 1 if there are errors."""
    account = None
    if options.manifest.startswith("s3://") or not options.lines_only:
        account = open_account(options.local, options.region, options.profile)
    linted = lint_manifest(
        read_manifest(options.manifest, account),
        label_attribute_name=options.label_attribute_name,
        max_objects=options.max_objects,
    )
    if account is not None and not options.lines_only:
        linted = look_at_objects(linted, account)
    show(options.manifest, linted, as_json=options.as_json)
    return 1 if linted.errors else 0


def read_manifest(manifest: str, account: AwsAccount | None) -> bytes:
    """The bytes of a file, or of the object at an `s3://` address."""
    try:
        if manifest.startswith("s3://"):
            assert account is not None
            parse_s3_uri(manifest, "manifest")
            return S3Objects(account.client("s3")).read(manifest)
        return Path(manifest).read_bytes()
    except FileNotFoundError as error:
        raise RefusedError(f"there is no manifest {manifest}.") from error
    except (ContractError, PermissionError, IsADirectoryError) as error:
        raise RefusedError(f"{manifest}: {error}") from error


def look_at_objects(linted: LintedManifest, account: AwsAccount) -> LintedManifest:
    """The same manifest with what is wrong with photos, masks and buckets."""
    s3 = account.client("s3")
    findings = list(linted.findings)
    for bucket in buckets_of(linted.lines):
        findings += [
            ManifestFinding(None, "", problem, fix)
            for problem, fix in check_bucket(bucket, s3, account.region)
        ]
    with counting("photos and masks", len(linted.lines)) as on_line:
        for looked_at in check_objects(linted.lines, S3Objects(s3), on_line):
            findings += looked_at.findings
    findings.sort(key=lambda found: (found.line_number or 0, found.severity is Severity.WARNING))
    return LintedManifest(linted.lines, tuple(findings))


def show(manifest: str, linted: LintedManifest, *, as_json: bool) -> None:
    """Findings on standard output, the sum on standard error."""
    errors, repairable = len(linted.errors), sum(found.repairable for found in linted.findings)
    if as_json:
        document = {
            "manifest": manifest,
            "lines": len(linted.lines),
            "errors": errors,
            "warnings": len(linted.findings) - errors,
            "findings": [found.to_json() for found in linted.findings],
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        print_findings(linted.findings)
    console = Console(stderr=True)
    console.print(
        f"{len(linted.lines)} lines, {errors} errors, {len(linted.findings) - errors} warnings."
    )
    if repairable:
        console.print(
            f"{repairable} of these `fewclick manifest repair {manifest}` mends.", soft_wrap=True
        )


def print_findings(findings: Sequence[ManifestFinding]) -> None:
    """One line each, as many as a person reads."""
    for found in findings[:MOST_SHOWN]:
        typer.echo(f"{found.severity.value}: {found}")
    if len(findings) > MOST_SHOWN:
        typer.echo(f"… and {len(findings) - MOST_SHOWN} more: --json lists all.")
