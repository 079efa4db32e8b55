"""The photos of a run: a manifest in the run's folder, read a line at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hooks.core.errors import ManifestError
from hooks.core.manifest import ManifestLine
from scripts.jobs.job_source import from_folder, from_prefix
from scripts.object_store import ObjectStore
from scripts.refusal import RefusedError

MANIFEST_FILE = "input.manifest"
MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class RunInput:
    """What is to be labeled.

    Attributes:
        file: the manifest, every line of which has a photo of its own.
        count: of its lines.
        digest: of its content, in hexadecimal.
        photos: address to the file that is to be uploaded there.
    """

    file: Path
    count: int
    digest: str
    photos: Mapping[str, Path] = field(default_factory=dict)

    def lines(self) -> Iterator[ManifestLine]:
        """Every line, in order; `number` counts from 1."""
        with self.file.open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                yield ManifestLine.parse(line, number)

    def source_refs(self) -> Iterator[tuple[int, str]]:
        """0-based line and photo."""
        for line in self.lines():
            assert line.source_ref is not None, "lines without a photo were refused"
            yield line.number - 1, line.source_ref


def gather_input(
    photos: str | None, manifest: str | None, out: Path, prefix_uri: str, store: ObjectStore
) -> RunInput:
    """Write the manifest of a run into its folder.

    Args:
        photos: a folder, or an `s3://` prefix.
        manifest: a file or an `s3://` address.
        prefix_uri: where photos of a folder are to be uploaded.

    Raises:
        RefusedError: both or neither are given, or there is nothing that can be labeled.
    """
    if (photos is None) == (manifest is None):
        raise RefusedError("say what to label with one of --photos and --manifest.")
    files: Mapping[str, Path] = {}
    if manifest is not None:
        lines = _lines_of(manifest, store)
    else:
        assert photos is not None
        data = (
            from_prefix(photos, store)
            if photos.startswith("s3://")
            else from_folder(Path(photos), prefix_uri)
        )
        files = data.photos
        lines = iter(data.content.decode().splitlines())
    out.mkdir(parents=True, exist_ok=True)
    file = out / MANIFEST_FILE
    count, digest = _write(lines, file, manifest or photos or "")
    return RunInput(file, count, digest, files)


def _lines_of(manifest: str, store: ObjectStore) -> Iterator[str]:
    try:
        if manifest.startswith("s3://"):
            yield from store.read_lines(manifest)
        else:
            with Path(manifest).open(encoding="utf-8-sig", newline="\n") as lines:
                yield from lines
    except (FileNotFoundError, IsADirectoryError) as error:
        raise RefusedError(f"there is no manifest {manifest}.") from error
    except PermissionError as error:
        raise RefusedError(str(error)) from error
    except UnicodeDecodeError as error:
        raise RefusedError(f"{manifest} is not UTF-8 text ({error}).") from error


def _write(lines: Iterator[str], file: Path, source: str) -> tuple[int, str]:
    """Copy the lines that hold something; how many there are, and their digest."""
    digest = hashlib.sha256()
    count = 0
    problems: list[str] = []
    incoming = file.with_suffix(".incoming")
    with incoming.open("w", encoding="utf-8", newline="\n") as copy:
        for number, text in enumerate(lines, start=1):
            if not text.strip():
                continue
            try:
                line = ManifestLine.parse(text.strip(), number)
                if line.source_ref is None:
                    raise ManifestError(number, "source-ref", "is missing, and models see photos.")
            except ManifestError as error:
                problems.append(str(error))
                continue
            written = line.to_text() + "\n"
            copy.write(written)
            digest.update(written.encode())
            count += 1
    if problems or not count:
        incoming.unlink()
        shown = " ".join(problems[:MAX_NAMED])
        more = f" … and {len(problems) - MAX_NAMED} more" if len(problems) > MAX_NAMED else ""
        what = f"{shown}{more}" if problems else "it has no lines."
        raise RefusedError(f"{source}: {what} `fewclick manifest repair` can leave bad lines out.")
    incoming.replace(file)
    return count, digest.hexdigest()
