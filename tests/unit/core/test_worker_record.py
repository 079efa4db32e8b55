"""Workers' records: what photos said of them, summed up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.errors import ContractError
from hooks.core.worker_record import Evidence, prior, read_evidence, records, write_evidence


def said(photo: int, relative_weight: float | None = 1.0, **more: object) -> Evidence:
    plain = Evidence("ann", f"s3://b/{photo}.jpg", "labeled", relative_weight=relative_weight)
    return replace(plain, **more)  # type: ignore[arg-type]


def test_a_worker_of_whom_nothing_is_known_counts_like_anybody() -> None:
    assert prior([]) == 1.0
    assert prior([said(1, None)]) == 1.0  # two workers who differ: nothing says who is wrong


def test_good_work_counts_for_more_and_bad_work_for_less() -> None:
    careful = prior([said(photo, 1.8) for photo in range(20)])
    careless = prior([said(photo, 0.1) for photo in range(20)])
    assert careless < 0.25 < 1 < careful < 1.8


def test_one_photo_says_little() -> None:
    assert 0.5 < prior([said(1, 0.01)]) < 1


def test_gold_says_more_than_agreement() -> None:
    """A worker whom everybody agrees with and who is wrong."""
    assert prior([said(1, 1.0, gold_iou=0.3)]) < prior([said(1, 0.3)]) < 1
    assert prior([said(1, 0.3, gold_iou=0.97)]) > 1


def test_a_record_sums_up() -> None:
    record = records(
        [
            said(1, 2.0, agreement=0.9, boundary_deviation=2.0, seconds=10.0, clicks=4),
            said(2, 0.0, agreement=0.5, flags=("empty", "outlier"), seconds=20.0, gold_iou=0.0),
            Evidence("ann", "s3://b/3.jpg", "cannot-label"),
            Evidence("ann", "s3://b/4.jpg", "discarded"),
        ]
    )["ann"]
    assert (record.photos, record.discarded, record.cannot_label) == (3, 1, 1)
    assert record.agreement == pytest.approx(0.7)
    assert record.boundary_deviation == 2.0
    assert record.seconds == 15.0
    assert (record.gold_iou, record.gold_photos) == (0.0, 1)
    assert record.flags == {"empty": 1, "outlier": 1}
    assert record.prior < 1


def test_a_later_word_on_the_same_photo_replaces_the_earlier_one() -> None:
    assert records([said(1, 0.1), said(1, 2.0)]) == records([said(1, 2.0)])


numbers = st.none() | st.floats(0, 1e6).map(lambda value: round(value, 4))
evidence = st.builds(
    Evidence,
    st.text(),
    st.text(),
    st.sampled_from(["labeled", "nothing-here", "cannot-label", "discarded"]),
    numbers,
    numbers,
    numbers,
    numbers,
    st.lists(st.text(), max_size=2).map(tuple),
    st.floats(0, 1e6).map(lambda value: round(value, 4)),
    st.integers(0, 1000),
)


@given(st.lists(evidence, max_size=5))
def test_evidence_is_read_as_it_was_written(items: list[Evidence]) -> None:
    assert read_evidence(write_evidence(items), "here") == items
    assert all(record.prior > 0 for record in records(items).values())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "here: not JSON"),
        ("[]", "schema version 1"),
        ('{"schema_version": 1}', "here: evidence"),
        ('{"schema_version": 1, "evidence": [5]}', r"evidence\[0\]"),
        ('{"schema_version": 1, "evidence": [{"worker_id": 5}]}', "worker_id"),
        (
            '{"schema_version": 1, "evidence": [{"worker_id": "a", "photo": "b",'
            ' "outcome": "labeled", "gold_iou": "much"}]}',
            "gold_iou",
        ),
    ],
)
def test_evidence_that_cannot_be_read_is_named(text: str, named: str) -> None:
    with pytest.raises(ContractError, match=named):
        read_evidence(text, "here")
