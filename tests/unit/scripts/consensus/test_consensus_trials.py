"""What is consolidated in a trial, and that it is the same every time."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hooks.core.errors import FewclickError
from hooks.core.masks import LabelMap

pytest.importorskip("cv2", reason="needs the benchmark or training extra")

from scripts.consensus.annotator_sets import AnnotatorSet
from scripts.consensus.consensus_scenes import SimulatedSet, find_objects
from scripts.consensus.consensus_trials import SimulatedTrial, annotator_trials, run_trial

SHAPE = (48, 64)


def box(left: int, right: int) -> LabelMap:
    mask = np.zeros(SHAPE, np.uint8)
    mask[10:40, left:right] = 1
    return mask


def write_masks(folder: Path, masks: dict[str, LabelMap]) -> Path:
    folder.mkdir()
    for name, mask in masks.items():
        Image.fromarray(mask * 255).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def with_expert(tmp_path: Path) -> AnnotatorSet:
    masks = {f"cell_w{n}": box(10 + n, 50 - n) for n in range(7)}
    return AnnotatorSet.open(write_masks(tmp_path / "cells", masks | {"cell_gold": box(10, 50)}))


@pytest.fixture
def without_expert(tmp_path: Path) -> AnnotatorSet:
    masks = {f"photo_obj0_a{n}": box(10 + n, 50) for n in range(3)}
    return AnnotatorSet.open(write_masks(tmp_path / "people", masks))


def test_a_simulated_trial_is_the_same_in_another_process() -> None:
    trial = SimulatedTrial(SimulatedSet("synth1", 1, 1, 2, 7), 1, 3, 1)
    [one], [same] = trial.panels(), pickle.loads(pickle.dumps(trial)).panels()
    assert (one.truth == same.truth).all()
    assert one.honest == same.honest
    assert sorted(one.honest or ()) == [False, True, True]
    for first, second in zip(one.label_maps, same.label_maps, strict=True):
        assert (first == second).all()


def test_scenes_seeds_and_sets_differ() -> None:
    truths = [
        SimulatedSet("a", 1, 1, 2, 7).truth(0),
        SimulatedSet("a", 1, 1, 2, 7).truth(1),
        SimulatedSet("a", 2, 1, 2, 7).truth(0),
        SimulatedSet("a", 1, 1, 2, 8).truth(0),
    ]
    assert len({truth.tobytes() for truth in truths}) == 4


def test_all_methods_are_scored_and_robust_says_more() -> None:
    trial = SimulatedTrial(SimulatedSet("synth1", 1, 1, 1, 7), 0, 5, 1)
    [outcome] = run_trial(trial, ("robust", "plurality", "SIMPLE", "staple"))
    assert set(outcome.iou) == {"robust", "plurality", "SIMPLE", "staple"}
    assert set(outcome.boundary_f) == set(outcome.iou)
    assert all(0.5 < value <= 1 for value in outcome.iou.values())
    assert 0.5 < outcome.confidence <= 1
    assert len(outcome.relative_weights) == len(outcome.honest or ()) == 5
    assert np.mean(outcome.relative_weights) == pytest.approx(1)


def test_two_workers_have_no_relative_weights() -> None:
    [outcome] = run_trial(SimulatedTrial(SimulatedSet("s", 1, 1, 1, 7), 0, 2, 0), ("robust",))
    assert outcome.relative_weights == ()


def test_a_method_for_one_class_is_not_asked_for_twelve() -> None:
    trial = SimulatedTrial(SimulatedSet("synth12", 12, 12, 1, 7), 0, 3, 0)
    [outcome] = run_trial(trial, ("robust", "ITK STAPLE"))
    assert set(outcome.iou) == {"robust"}


def test_workers_are_compared_with_the_expert(with_expert: AnnotatorSet) -> None:
    trials = annotator_trials(with_expert, None, 3, seed=1)
    assert [(trial.workers, trial.bad) for trial in trials] == [(2, 0), (3, 0), (5, 0), (7, 0)]
    assert [len(list(trial.panels())) for trial in trials] == [3, 3, 3, 1]
    for trial in trials:
        for panel in trial.panels():
            assert (panel.truth == box(10, 50)).all()
            assert len({label_map.tobytes() for label_map in panel.label_maps}) == trial.workers


def test_without_an_expert_each_person_is_left_out_in_turn(without_expert: AnnotatorSet) -> None:
    trials = annotator_trials(without_expert, None, 3, seed=1)
    assert [(trial.workers, trial.bad) for trial in trials] == [(2, 0), (3, 1)]
    honest, joined = (list(trial.panels()) for trial in trials)
    assert [int(panel.truth.sum()) for panel in honest] == [30 * 40, 30 * 39, 30 * 38]
    for panel in honest:
        assert panel.truth.tobytes() not in {one.tobytes() for one in panel.label_maps}
    assert [panel.honest for panel in joined] == [(True, True, False)] * 3


def test_choices_repeat_with_the_seed(with_expert: AnnotatorSet) -> None:
    def chosen(seed: int) -> list[bytes]:
        trial = annotator_trials(with_expert, None, 3, seed)[0]
        return [one.tobytes() for panel in trial.panels() for one in panel.label_maps]

    assert chosen(1) == chosen(1)
    assert chosen(1) != chosen(2)


def test_objects_are_spread_evenly(tmp_path: Path) -> None:
    masks = {f"p{place}_obj0_a{n}": box(10, 50) for place in range(6) for n in range(2)}
    found = AnnotatorSet.open(write_masks(tmp_path / "many", masks))
    # Of two people one is left out, so there is nothing to consolidate.
    assert annotator_trials(found, None, 1, seed=1) == []
    more = {f"p{place}_obj0_a2": box(10, 50) for place in range(6)}
    write_masks(tmp_path / "more", masks | more)
    trials = annotator_trials(AnnotatorSet.open(tmp_path / "more"), 3, 1, seed=1)
    assert sorted({trial.scene_name for trial in trials}) == ["p0_obj0", "p2_obj0", "p4_obj0"]


def test_real_objects_must_have_a_size_that_fits(tmp_path: Path) -> None:
    folder = write_masks(
        tmp_path / "masks",
        {"a_tiny": box(10, 11), "b_good": box(10, 50), "c_full": np.ones(SHAPE, np.uint8)},
    )
    files = find_objects(folder, 1)
    assert [path.name for path in files] == ["b_good.png"]
    assert (SimulatedSet("real1", 101, 1, 1, 7, files).truth(0) == box(10, 50)).all()
    (folder / "b_good.png").unlink()
    with pytest.raises(FewclickError, match=r"holds no PNG mask .* covers 3% to 90%"):
        find_objects(folder, 1)
    with pytest.raises(FewclickError, match="is not a folder"):
        find_objects(tmp_path / "none", 1)
    (folder / "d.png").write_text("no image")
    with pytest.raises(FewclickError, match=r"d\.png is not an image"):
        find_objects(folder, 4)
