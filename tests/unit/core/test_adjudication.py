from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.core.adjudication import (
    Candidate,
    DisputedLabel,
    find_candidates,
    picked_candidate,
    worker_aliases,
)
from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError

LABELS = LabelCategories.from_names(["cat", "dog"])
DETAILS_REF = "s3://bucket/out/0_2026.json"
MASK_REF = "s3://bucket/out/0_2026.png"
EARLIER = DisputedLabel(DETAILS_REF, MASK_REF)


def details(*workers: dict[str, Any], **label: Any) -> dict[str, Any]:
    color_map = {"0": {"class-name": "BACKGROUND"}, "2": {"class-name": "dog"}}
    return {"label": {"internal-color-map": color_map} | label, "workers": list(workers)}


def drew(worker_id: str, number: int = 0) -> dict[str, Any]:
    return {"worker_id": worker_id, "mask-ref": f"s3://bucket/out/0_2026.{number}.png"}


def test_the_consensus_comes_first_and_workers_go_by_letters() -> None:
    found = find_candidates(EARLIER, details(drew("w1", 0), drew("w2", 1)), LABELS)
    assert found[0] == Candidate("consensus", MASK_REF)
    assert [candidate.name for candidate in found[1:]] == ["A", "B"]
    aliases = worker_aliases(DETAILS_REF, ["w1", "w2"])
    number = {"w1": 0, "w2": 1}
    assert [candidate.mask for candidate in found[1:]] == [
        f"s3://bucket/out/0_2026.{number[aliases[alias]]}.png" for alias in ("A", "B")
    ]


def test_no_worker_id_reaches_the_page() -> None:
    found = find_candidates(EARLIER, details(drew("private.eu.0001"), drew("ada")), LABELS)
    told = str([candidate.to_json() for candidate in found])
    assert "private" not in told
    assert "ada" not in told


def test_workers_without_a_mask_and_a_missing_consensus_are_left_out() -> None:
    cannot = {"worker_id": "w3", "outcome": "cannot-label"}
    found = find_candidates(DisputedLabel(DETAILS_REF, None), details(cannot, drew("w1")), LABELS)
    assert [candidate.name for candidate in found] == ["A"]


def test_letters_say_nothing_about_people() -> None:
    """The same three workers get other letters for other photos."""
    orders = {
        tuple(worker_aliases(f"s3://bucket/out/{photo}.json", ["w1", "w2", "w3"]).values())
        for photo in range(50)
    }
    assert len(orders) == 6


@given(st.sets(st.text(max_size=5), max_size=60), st.randoms(use_true_random=False))
def test_every_worker_has_one_alias_whatever_the_order(workers: set[str], rng: Any) -> None:
    aliases = worker_aliases(DETAILS_REF, workers)
    assert sorted(aliases.values()) == sorted(workers)
    shuffled = sorted(workers)
    rng.shuffle(shuffled)
    assert worker_aliases(DETAILS_REF, shuffled) == aliases
    assert list(aliases)[:27] == [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "AA"][: len(workers)]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        pytest.param({}, "dataObject.adjudication", id="missing"),
        pytest.param({"adjudication": "s3://a/b"}, "dataObject.adjudication", id="a text"),
        pytest.param({"adjudication": {}}, "details-ref", id="no details"),
        pytest.param(
            {"adjudication": {"details-ref": "http://a/b.json"}}, "details-ref", id="not in S3"
        ),
        pytest.param(
            {"adjudication": {"details-ref": DETAILS_REF, "mask-ref": 5}}, "mask-ref", id="odd mask"
        ),
    ],
)
def test_a_line_that_names_no_label_is_refused(line: dict[str, Any], field: str) -> None:
    with pytest.raises(ContractError) as caught:
        DisputedLabel.from_manifest_line(line)
    assert field in caught.value.field


def test_a_line_without_a_consensus_is_fine() -> None:
    line = {"adjudication": {"details-ref": DETAILS_REF}}
    assert DisputedLabel.from_manifest_line(line) == DisputedLabel(DETAILS_REF, None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param([], "not the details object", id="a list"),
        pytest.param({"workers": {}}, "not the details object", id="workers no list"),
        pytest.param({"workers": [5]}, "without an id", id="a worker who is none"),
        pytest.param({"workers": [{"worker_id": 5}]}, "without an id", id="an odd id"),
        pytest.param({"workers": [drew("w") | {"mask-ref": "x"}]}, "mask-ref", id="an odd address"),
        pytest.param(
            details(**{"internal-color-map": {"2": {"class-name": "horse"}}}),
            "'horse' in place 2, this job has 'dog'",
            id="other labels",
        ),
        pytest.param(
            details(**{"internal-color-map": {"3": {"class-name": "bird"}}}),
            "this job has None",
            id="more labels",
        ),
    ],
)
def test_details_that_cannot_be_used_are_refused(content: Any, reason: str) -> None:
    with pytest.raises(ContractError, match=reason):
        find_candidates(EARLIER, content, LABELS)


@pytest.mark.parametrize(
    ("fields", "picked"),
    [
        ({"fewclick": {"adjudication": {"picked": "B", "changed": False}}}, "B"),
        ({"fewclick": {"adjudication": {"picked": None}}}, None),
        ({"fewclick": {"adjudication": {"picked": 7}}}, None),
        ({"fewclick": {"adjudication": []}}, None),
        ({"fewclick": []}, None),
        ({}, None),
    ],
    ids=str,
)
def test_an_answer_says_what_it_was_begun_from(fields: dict[str, Any], picked: str | None) -> None:
    assert picked_candidate(fields) == picked
