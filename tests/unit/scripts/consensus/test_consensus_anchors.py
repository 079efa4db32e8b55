"""The methods under comparison, and what is said when one cannot be had."""

from __future__ import annotations

import numpy as np
import pytest

from hooks.core.errors import FewclickError
from hooks.core.masks import LabelMap
from scripts.consensus import consensus_anchors
from scripts.consensus.consensus_anchors import BY_NAME, CANDIDATES, choose_candidates
from tests.grid import label_grid

LIBRARIES = ("crowd-kit", "ITK")
TRUTH = label_grid("......../.1111.../.1111.22/.1111.22/......22")
MISSED = label_grid("......../.1111.../.1111.../.1111.../........")


def consolidated(name: str, *label_maps: LabelMap, classes: int) -> LabelMap:
    return BY_NAME[name].consolidate(label_maps, classes)


@pytest.mark.parametrize("name", ["robust", "plurality", "weighted", "staple", "SIMPLE"])
def test_methods_without_a_library_recover_what_three_of_four_say(name: str) -> None:
    assert (consolidated(name, TRUTH, TRUTH, MISSED, TRUTH, classes=2) == TRUTH).all()


@pytest.mark.parametrize("name", ["MV", "EM", "RASA"])
def test_crowd_kit_is_asked_for_each_class(name: str) -> None:
    pytest.importorskip("crowdkit", reason="needs the benchmark extra")
    found = consolidated(f"crowd-kit {name}", TRUTH, TRUTH, MISSED, TRUTH, classes=2)
    assert (found == TRUTH).all()
    assert found.dtype == np.uint8


def test_where_crowd_kit_says_yes_twice_the_lower_class_wins_a_tie() -> None:
    pytest.importorskip("crowdkit", reason="needs the benchmark extra")
    found = consolidated("crowd-kit MV", label_grid("12."), label_grid("21."), classes=2)
    assert (found == label_grid("11.")).all()


@pytest.mark.parametrize("name", ["LabelVoting", "MultiLabelSTAPLE"])
def test_itk_gives_ties_to_the_background(name: str) -> None:
    pytest.importorskip("SimpleITK", reason="needs the benchmark extra")
    found = consolidated(f"ITK {name}", TRUTH, TRUTH, MISSED, TRUTH, classes=2)
    assert (found == TRUTH).all()
    tied = consolidated("ITK LabelVoting", label_grid("12."), label_grid("21."), classes=2)
    assert not tied.any()


def test_itk_staple_takes_one_class() -> None:
    pytest.importorskip("SimpleITK", reason="needs the benchmark extra")
    staple = BY_NAME["ITK STAPLE"]
    assert staple.can(1)
    assert not staple.can(2)
    assert (staple.consolidate([MISSED] * 3, 1) == MISSED).all()


def test_methods_can_be_left_out_one_by_one_or_by_library() -> None:
    chosen = choose_candidates((*LIBRARIES, "simple"))
    assert [candidate.name for candidate in chosen] == [
        "robust",
        "plurality",
        "weighted",
        "staple",
    ]


def test_a_method_that_does_not_exist_is_named() -> None:
    with pytest.raises(FewclickError, match=r"no method 'STABLE' to leave out; there are robust,"):
        choose_candidates(("STABLE",))


def test_what_is_measured_cannot_be_left_out() -> None:
    with pytest.raises(FewclickError, match="robust is what is measured"):
        choose_candidates(("robust",))


def test_a_missing_library_is_named_with_two_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consensus_anchors, "find_spec", lambda name: None)
    with pytest.raises(FewclickError) as raised:
        choose_candidates()
    assert str(raised.value) == (
        "ITK and crowd-kit must be installed to compare with: pip install 'fewclick[benchmark]', "
        "or say --without ITK --without crowd-kit."
    )
    assert len(choose_candidates(LIBRARIES)) == len(
        [candidate for candidate in CANDIDATES if not candidate.library]
    )
