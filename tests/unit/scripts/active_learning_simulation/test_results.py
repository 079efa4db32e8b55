"""Results that outlive an interruption."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.active_learning_simulation.results import (
    RESULTS_FILE,
    Trial,
    append_result,
    claim,
    read_results,
)
from scripts.refusal import RefusedError

REPLAY = Trial("masks", 3, "entropy", 0.6)
CURVE = Trial("masks", 3, "entropy", None)


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    append_result(tmp_path, REPLAY, {"saved": 0.3})
    append_result(tmp_path, CURVE, {"points": []})
    assert read_results(tmp_path) == {REPLAY: {"saved": 0.3}, CURVE: {"points": []}}


def test_a_line_that_was_not_finished_is_found_out_again(tmp_path: Path) -> None:
    append_result(tmp_path, REPLAY, {"saved": 0.3})
    with (tmp_path / RESULTS_FILE).open("a") as file:
        file.write('{"kind": "masks", "se')
    assert list(read_results(tmp_path)) == [REPLAY]
    append_result(tmp_path, CURVE, {"points": []})
    assert list(read_results(tmp_path)) == [REPLAY, CURVE]


def test_a_folder_keeps_results_of_one_kind_of_settings(tmp_path: Path) -> None:
    claim(tmp_path / "out", {"photos": 780, "encoder": "small"})
    claim(tmp_path / "out", {"photos": 780, "encoder": "small"})
    with pytest.raises(RefusedError, match="photos was 780 and is 12 now"):
        claim(tmp_path / "out", {"photos": 12, "encoder": "small"})
