"""The objects that a manifest names: photos, masks and the buckets that they lie in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from hooks.core.errors import ContractError, PhotoError
from hooks.core.label_reader import FAILED_STATUS
from hooks.core.manifest import ManifestLine, parse_s3_uri
from hooks.core.manifest_findings import ManifestFinding, Severity
from hooks.core.manifest_labels import segmentation_labels
from hooks.core.photo import MAX_PHOTO_BYTES, PhotoHeader, read_header
from scripts.manifests.mask_palette import check_mask
from scripts.object_store import ObjectStarts, ObjectStore

HEADER_STEPS = (64 * 1024, 1024 * 1024, MAX_PHOTO_BYTES)
DOCUMENTED_FORMATS = frozenset({"JPEG", "PNG"})
FORMATS_BROWSERS_SHOW = DOCUMENTED_FORMATS | {"WEBP", "GIF", "BMP"}
READERS = 16
"""Objects that are fetched at a time."""


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A line whose photo and masks have been looked at."""

    line: ManifestLine
    findings: tuple[ManifestFinding, ...]


def check_objects(
    lines: Iterable[ManifestLine], store: ObjectStore, on_line: Callable[[], None] = lambda: None
) -> Iterator[LookedAt]:
    """Look at every line's photo and masks, some at a time; results in the lines' order."""
    with ThreadPoolExecutor(READERS) as threads:
        for looked_at in threads.map(partial(_look_at, store=store), lines):
            on_line()
            yield looked_at


def _look_at(line: ManifestLine, store: ObjectStore) -> LookedAt:
    findings: list[ManifestFinding] = []
    photo = None
    if line.source_ref is not None and _is_address(line.source_ref):
        photo, problems = check_photo(line.source_ref, store)
        findings += [
            ManifestFinding(line.number, "source-ref", what, fix, severity)
            for what, fix, severity in problems
        ]
    findings += _check_masks(line, photo, store)
    return LookedAt(line, tuple(findings))


def check_photo(
    address: str, store: ObjectStarts
) -> tuple[PhotoHeader | None, list[tuple[str, str, Severity]]]:
    """A photo's header, if it has one, and what is wrong: problem, fix, severity."""
    try:
        header, size = read_photo_header(address, store)
    except FileNotFoundError:
        return None, [(f"{address} is missing.", "Upload it, or drop the line.", Severity.ERROR)]
    except PermissionError as error:
        return None, [(str(error), "Allow s3:GetObject on it.", Severity.ERROR)]
    except PhotoError as error:
        fix = "Name a JPEG or PNG of at most 100 million pixels."
        return None, [(f"{address}: {error.problem}", fix, Severity.ERROR)]
    problems = []
    if size > MAX_PHOTO_BYTES:
        problems.append(
            (
                f"{address} has {size / 1e6:.0f} MB; at most {MAX_PHOTO_BYTES // 2**20} MiB are "
                "allowed.",
                "Save it smaller.",
                Severity.ERROR,
            )
        )
    if header.format not in FORMATS_BROWSERS_SHOW:
        problems.append(
            (
                f"{address} is a {header.format}, which browsers do not show.",
                "Save it as JPEG or PNG.",
                Severity.ERROR,
            )
        )
    elif header.format not in DOCUMENTED_FORMATS:
        problems.append(
            (
                f"{address} is a {header.format}; Ground Truth documents JPEG and PNG alone.",
                "Save it as JPEG or PNG, or try a small job first.",
                Severity.WARNING,
            )
        )
    return header, problems


def read_photo_header(address: str, store: ObjectStarts) -> tuple[PhotoHeader, int]:
    """From as few bytes as will do. Raises what the store and `read_header` raise."""
    problem = PhotoError(address, "the file is empty.")
    for count in HEADER_STEPS:
        start = store.read_start(address, count)
        if start.size == 0:
            break
        try:
            return read_header(start.body, address), start.size
        except PhotoError as error:
            problem = error
            if start.size <= count:
                break
    raise problem


def _check_masks(
    line: ManifestLine, photo: PhotoHeader | None, store: ObjectStore
) -> Iterator[ManifestFinding]:
    for label in segmentation_labels(line.fields):
        value = line.fields[label.attribute]
        if isinstance(value, dict) and value.get("status") == FAILED_STATUS:
            continue
        field = label.attribute if label.built_in else f"{label.attribute}.mask-ref"
        if not isinstance(label.mask, str) or not _is_address(label.mask):
            continue  # which the line's own findings say
        try:
            png = store.read(label.mask)
        except (FileNotFoundError, PermissionError) as error:
            yield ManifestFinding(line.number, field, str(error), "Give the mask's address anew.")
            continue
        if not isinstance(label.color_map, Mapping):
            continue
        for found in check_mask(png, label.color_map, photo):
            yield ManifestFinding(
                line.number,
                field,
                f"{label.mask} {found.problem}",
                found.fix,
                Severity.WARNING if found.harmless else Severity.ERROR,
                found.repairable,
            )


def buckets_of(lines: Iterable[ManifestLine]) -> list[str]:
    """The buckets of all photos and masks, each once."""
    buckets: dict[str, None] = {}
    for line in lines:
        for address in (
            line.source_ref,
            *(label.mask for label in segmentation_labels(line.fields)),
        ):
            if isinstance(address, str) and _is_address(address):
                buckets[parse_s3_uri(address)[0]] = None
    return list(buckets)


def check_bucket(bucket: str, s3: Any, region: str) -> Iterator[tuple[str, str]]:
    """What keeps workers' browsers and Ground Truth from a bucket: problem and fix."""
    from botocore.exceptions import ClientError

    from scripts.account.aws_errors import is_denied, is_missing

    try:
        place = s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") or "us-east-1"
    except ClientError as error:
        if is_missing(error):
            yield f"the bucket {bucket} does not exist.", "Create it, or name another."
        elif is_denied(error):
            yield (
                f"the bucket {bucket} may not be looked at.",
                "Allow s3:GetBucketLocation and s3:GetBucketCORS on it.",
            )
        else:
            raise
        return
    place = "eu-west-1" if place == "EU" else place
    if place != region:
        yield (
            f"the bucket {bucket} is in {place}, the job in {region}.",
            f"Run the job in {place} (--region {place}), or copy the photos to a bucket in "
            f"{region}.",
        )
    if not _is_open_to_browsers(bucket, s3):
        yield (
            f"the bucket {bucket} has no CORS rule that lets every page GET its objects, so "
            "workers would see no photo.",
            f"Run `aws s3api put-bucket-cors --bucket {bucket} --cors-configuration "
            '\'{"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], '
            '"AllowedHeaders": [], "ExposeHeaders": ["Access-Control-Allow-Origin"]}]}\'`.',
        )


def _is_open_to_browsers(bucket: str, s3: Any) -> bool:
    from botocore.exceptions import ClientError

    from scripts.account.aws_errors import code_of

    try:
        rules = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    except ClientError as error:
        if code_of(error) == "NoSuchCORSConfiguration":
            return False
        raise
    return any("*" in rule["AllowedOrigins"] and "GET" in rule["AllowedMethods"] for rule in rules)


def _is_address(text: str) -> bool:
    try:
        parse_s3_uri(text)
    except ContractError:
        return False
    return True
