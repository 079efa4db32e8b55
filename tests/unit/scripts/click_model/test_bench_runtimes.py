"""The comparison of runtimes: all draw the same masks, the medians are theirs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hooks.core.errors import FewclickError
from scripts.__main__ import app
from scripts.click_model.bench_runtimes import (
    Runtime,
    RuntimeOptions,
    measure,
    run_bench_runtimes,
    table_of,
)


def test_masks_are_compared_with_the_first_runtimes() -> None:
    left = np.full((1, 1, 4, 4), -1, np.float32)
    left[..., :2] = 1
    whole = np.ones_like(left)
    runtimes = [
        Runtime("one", 1, lambda crop: [crop], lambda features, prompts: left),
        Runtime("two", 2, lambda crop: [crop], lambda features, prompts: whole),
    ]
    turns: list[None] = []
    rows = measure(runtimes, [left], left, 5, lambda: turns.append(None))
    assert [row["mask_iou"] for row in rows] == [1.0, 0.5]
    assert [(row["runtime"], row["threads"]) for row in rows] == [("one", 1), ("two", 2)]
    assert len(turns) == 5
    assert table_of(rows).row_count == 2


def test_a_model_without_graphs_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "config.json").write_text('{"backend": "octagon", "size": 64}')
    with pytest.raises(FewclickError, match=r"has no encoder\.onnx"):
        run_bench_runtimes(RuntimeOptions(model_dir=tmp_path))


@pytest.mark.slow
@pytest.mark.torch
def test_the_command_compares_the_shipped_model() -> None:
    pytest.importorskip("torch")
    arguments = ["bench-runtimes", "--threads", "1", "--repeats", "3", "--without-compile"]
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    rows = {row["runtime"]: row for row in json.loads(result.stdout)["rows"]}
    assert set(rows) == {"ONNX Runtime fp32", "ONNX Runtime int8", "torch"}
    assert rows["torch"]["mask_iou"] > 0.99
