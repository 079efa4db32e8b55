"""`fewclick evaluate-consensus` from its options to its tables."""

from __future__ import annotations

import json
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from hooks.core.errors import FewclickError
from hooks.core.geometry import Size
from scripts.__main__ import app

pytest.importorskip("cv2", reason="needs the benchmark or training extra")

from scripts.consensus import consensus_speed, evaluate_consensus
from scripts.consensus.consensus_anchors import choose_candidates
from scripts.consensus.consensus_speed import SpeedCase, SpeedOptions, measure_case
from scripts.consensus.evaluate_consensus import ConsensusOptions, run_evaluation
from scripts.consensus.worker_simulator import WorkerKind

LIBRARIES = ("crowd-kit", "ITK")
TINY = SpeedCase("tiny", Size(96, 64), 1, (WorkerKind.CAREFUL, WorkerKind.CAREFUL, WorkerKind.FULL))


@pytest.fixture
def people(tmp_path: Path) -> Path:
    folder = tmp_path / "people"
    folder.mkdir()
    for place in range(2):
        for person in range(3):
            mask = np.zeros((48, 64), np.uint8)
            mask[10 + person : 40, 10 : 40 + place] = 255
            Image.fromarray(mask).save(folder / f"p{place}_obj0_a{person}.png")
    return folder


def options(out: Path, **changed: Any) -> ConsensusOptions:
    values: dict[str, Any] = {"scenes": 1, "without": LIBRARIES, "processes": 1, "out": out}
    return ConsensusOptions(**(values | changed))


@pytest.mark.slow
def test_tables_json_and_plot_come_out(
    tmp_path: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="needs the benchmark extra")
    out = tmp_path / "out"
    assert run_evaluation(options(out, annotators=(people,))) == 0
    printed = capsys.readouterr()
    for said in (
        "seed 20261121; constants tuned on seed 7",
        "synth12: mean IoU by workers, and bad ones among them",
        "people: boundary F",
        "synth1: robust minus the best anchor",
        "SIMPLE",
        "3 and more",
        "9,3",
        "all simulated",
    ):
        assert said in printed.out
    found = json.loads((out / "consensus.json").read_text())
    assert [part["name"] for part in found["sets"]] == ["synth1", "synth12", "people"]
    assert found["sets"][2]["configurations"] == [[2, 0], [3, 1]]
    assert len(found["outcomes"]) == 10 + 10 + 2 * 2 * 3
    assert found["simulated"]["weight_auc"] > 0.8
    assert (out / "consensus.png").stat().st_size > 10_000


def test_several_processes_give_the_same(
    tmp_path: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"scenes": 0, "annotators": (people,), "as_json": True}
    assert run_evaluation(options(tmp_path / "one", **given)) == 0
    alone = json.loads(capsys.readouterr().out)
    assert run_evaluation(options(tmp_path / "two", processes=2, **given)) == 0
    assert json.loads(capsys.readouterr().out) == alone


def test_without_matplotlib_the_figures_still_come(
    tmp_path: Path,
    people: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def missing(found: object, path: Path) -> None:
        raise ImportError("matplotlib")

    monkeypatch.setattr(evaluate_consensus, "plot_consensus", missing)
    assert run_evaluation(options(tmp_path / "out", scenes=0, annotators=(people,))) == 0
    printed = capsys.readouterr()
    assert "needs matplotlib" in printed.err
    assert "consensus.png" not in printed.out


def test_nothing_to_measure_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FewclickError, match="nothing to measure: --scenes is 0"):
        run_evaluation(options(tmp_path, scenes=0))


def test_sets_of_one_name_would_be_mixed_up(tmp_path: Path, people: Path) -> None:
    with pytest.raises(FewclickError, match="two sets called people; rename"):
        run_evaluation(options(tmp_path, scenes=0, annotators=(people, people)))


def test_two_people_cannot_be_compared_with_a_third(tmp_path: Path, people: Path) -> None:
    for path in people.glob("*_a2.png"):
        path.unlink()
    with pytest.raises(FewclickError, match="two people per object and no expert"):
        run_evaluation(options(tmp_path, scenes=0, annotators=(people,)))


@pytest.mark.slow
def test_speed_is_measured_in_fresh_processes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="needs the benchmark extra")
    given = options(tmp_path / "out", scenes=0, speed=True, rounds=2)
    assert run_evaluation(given, [TINY]) == 0
    assert "CPU ms, best · median" in capsys.readouterr().out
    [case] = json.loads((tmp_path / "out" / "consensus.json").read_text())["speed"]
    assert [row["method"] for row in case["methods"]] == [
        candidate.name for candidate in choose_candidates(LIBRARIES)
    ]
    for row in case["methods"]:
        assert row["runs"] == 2
        assert 0 < row["cpu_ms"]["best"] <= row["cpu_ms"]["median"]
        assert 0 <= row["peak_mib"] < 50


def test_a_process_that_was_killed_is_explained(
    tmp_path: Path, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(waiting: object) -> object:
        raise BrokenProcessPool("killed")

    monkeypatch.setattr(evaluate_consensus, "as_completed", killed)
    with pytest.raises(FewclickError, match="as when memory is short; try --processes 1"):
        run_evaluation(options(tmp_path, scenes=0, annotators=(people,), processes=2))


def test_a_method_that_takes_too_long_is_shown_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([consensus_speed.Run(2.0, 2.5, 3 << 20), "> 4 s", "never asked for"])
    monkeypatch.setattr(consensus_speed, "_run_apart", lambda *_: next(answers))
    heard: list[str] = []
    robust, plurality = choose_candidates(LIBRARIES)[:2]
    found = measure_case(TINY, [robust, plurality], SpeedOptions(3, 2.0, 1), heard.append)
    assert heard == ["robust", "plurality"] * 3
    first, second = found["methods"]
    # The first run used the budget up.
    assert (first["runs"], first["cpu_ms"]["median"], first["peak_mib"]) == (1, 2000, 3)
    assert second == {"method": "plurality", "runs": 0, "stopped": "> 4 s"}


def test_the_command_hands_its_options_over(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[ConsensusOptions] = []

    def run(given: ConsensusOptions) -> int:
        heard.append(given)
        return 0

    monkeypatch.setattr(evaluate_consensus, "run_evaluation", run)
    words = "evaluate-consensus --masks m --annotators a.zip --annotators b --scenes 3 --seed 7"
    more = "--without crowd-kit --speed --rounds 2 --budget 9 --processes 2 --draws 1 --json"
    arguments = [*words.split(), *more.split(), "--objects", "4", "--out", "o"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert CliRunner().invoke(app, ["evaluate-consensus"]).exit_code == 0
    assert heard == [
        ConsensusOptions(
            masks=Path("m"),
            annotators=(Path("a.zip"), Path("b")),
            scenes=3,
            objects=4,
            draws=1,
            seed=7,
            without=("crowd-kit",),
            speed=True,
            rounds=2,
            budget=9.0,
            processes=2,
            out=Path("o"),
            as_json=True,
        ),
        ConsensusOptions(),
    ]
    wrong = ["evaluate-consensus", "--scenes", "-1"]
    assert CliRunner().invoke(app, wrong).exit_code == 2
