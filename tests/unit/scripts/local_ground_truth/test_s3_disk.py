"""Objects as files: every key has a file of its own, and a crash leaves the old or the new."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.local_ground_truth.s3_disk import KeyOnDiskError, S3Disk

HEADERS = {"content-type": "image/jpeg", "x-amz-meta-from": "a camera"}


def test_an_object_is_a_file_that_people_can_open(tmp_path: Path) -> None:
    disk = S3Disk(tmp_path)
    disk.save_bucket("photos", {})
    disk.save("photos", "cats/2026-11-20_10:11:12.jpg", b"meow", "etag", HEADERS)
    assert (tmp_path / "photos" / "cats" / "2026-11-20_10:11:12.jpg").read_bytes() == b"meow"


def test_objects_come_back_with_their_metadata(tmp_path: Path) -> None:
    S3Disk(tmp_path).save("photos", "a.jpg", b"meow", "etag", HEADERS)
    (saved,) = S3Disk(tmp_path).objects("photos")
    assert (saved.key, saved.entity_tag, saved.headers, saved.size) == ("a.jpg", "etag", HEADERS, 4)


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), max_size=4).map(
        "/".join
    )
)
def test_every_key_finds_its_way_back(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    folder = tmp_path_factory.mktemp("disk")
    disk = S3Disk(folder)
    path = disk.save("bucket", key, b"", "", {})
    assert path.is_relative_to(folder / "bucket")
    assert [saved.key for saved in disk.objects("bucket")] == [key]


@pytest.mark.parametrize("key", ["../../etc/passwd", "/etc/passwd", "a/../../b", "a//b", "./a"])
def test_no_key_leaves_its_bucket(tmp_path: Path, key: str) -> None:
    path = S3Disk(tmp_path).path("bucket", key)
    assert (tmp_path / "bucket") in path.resolve().parents


def test_a_key_cannot_be_an_object_and_a_folder(tmp_path: Path) -> None:
    disk = S3Disk(tmp_path)
    disk.save("bucket", "a/b", b"", "", {})
    with pytest.raises(KeyOnDiskError, match="s3://bucket/a:"):
        disk.check("bucket", "a")
    with pytest.raises(KeyOnDiskError, match="s3://bucket/a/b/c:"):
        disk.check("bucket", "a/b/c")
    disk.check("bucket", "a/c")


def test_removing_the_last_object_of_a_folder_removes_the_folder(tmp_path: Path) -> None:
    disk = S3Disk(tmp_path)
    disk.save("bucket", "a/b/c", b"", "", {})
    disk.remove("bucket", "a/b/c")
    assert list((tmp_path / "bucket").iterdir()) == []


def test_a_crash_between_metadata_and_bytes_keeps_the_old_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = S3Disk(tmp_path)
    disk.save("bucket", "a", b"old", "old-tag", {"content-type": "text/plain"})
    replace = os.replace

    def crash_at_the_bytes(source: Path, target: Path) -> None:
        if target == tmp_path / "bucket" / "a":
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", crash_at_the_bytes)
    with pytest.raises(KeyboardInterrupt):
        disk.save("bucket", "a", b"new", "new-tag", {"content-type": "text/html"})
    (saved,) = S3Disk(tmp_path).objects("bucket")
    assert (saved.path.read_bytes(), saved.entity_tag) == (b"old", "old-tag")
    assert saved.headers == {"content-type": "text/plain"}


def test_half_written_files_are_cleared_away_at_the_start(tmp_path: Path) -> None:
    (tmp_path / ".incoming").mkdir()
    (tmp_path / ".incoming" / "half").write_bytes(b"ha")
    S3Disk(tmp_path)
    assert not (tmp_path / ".incoming" / "half").exists()
