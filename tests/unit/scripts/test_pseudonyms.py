"""Workers' names: the same every time, and nobody's without the key."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scripts.object_store import FolderObjects
from scripts.pseudonyms import Pseudonyms, load_pseudonyms

ID = "private.eu-west-1.0a1b2c3d4e5f6071"


def test_a_bucket_keeps_its_names(tmp_path: Path) -> None:
    store = FolderObjects(tmp_path)
    first, again = load_pseudonyms("labels", store), load_pseudonyms("labels", store)
    other = load_pseudonyms("others", store)
    assert first.of(ID) == again.of(ID) != other.of(ID)
    assert first.key.hex() not in repr(first)


@given(st.binary(min_size=32, max_size=32), st.lists(st.text(), unique=True, max_size=20))
def test_names_tell_workers_apart_and_hide_them(key: bytes, ids: list[str]) -> None:
    names = [Pseudonyms(key).of(worker) for worker in ids]
    assert len(set(names)) == len(ids)
    assert all(len(name) == 17 and name.startswith("worker-") for name in names)
