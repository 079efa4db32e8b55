"""The report of a run: four pictures, and a page that needs nothing beside it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hooks.core.active_learning.calibration import Calibration
from hooks.core.active_learning.loop_cost import loop_cost
from hooks.core.active_learning.loop_plan import LabelKind, LoopPlan
from hooks.core.active_learning.round import RoundOutcome
from hooks.core.categories import LabelCategories
from hooks.core.labeled_box import LabeledBox
from scripts.loop_report.label_gallery import MachineLabel, draw_label
from scripts.loop_report.loop_report import (
    COST_FILE,
    GALLERY_FILE,
    IOU_FILE,
    LABELS_FILE,
    cost_table,
    threshold_table,
    write_loop_report,
)

pytest.importorskip("matplotlib")

BIRDS = LabelCategories.from_names(["bird"])
PLAN = LoopPlan("birds", LabelKind.BOXES, ("bird",), 1000, 10, 190, 200, 200)
NOTHING = Calibration(None, 40, 0, 0.55, None, 0.01, None, "The labels do not reach 0.6 yet.")
SOME = Calibration(0.71, 120, 365, 0.78, 0.64, 0.01, None, "The 365 photos can be labeled.")
OUTCOMES = [
    RoundOutcome(1, {"": NOTHING}, (), tuple(range(227)), (), (), ""),
    RoundOutcome(2, {"": SOME}, tuple(range(365)), tuple(range(8)), (), (), "One batch is left."),
]
COST = loop_cost(PLAN, OUTCOMES)
PHOTO = np.full((30, 40, 3), 200, np.uint8)


def test_a_page_holds_all_pictures_and_says_what_was_saved(tmp_path: Path) -> None:
    mask = np.zeros((30, 40), np.uint8)
    mask[5:20, 5:20] = 1
    page = write_loop_report(
        tmp_path,
        title="Birds <of> paradise",
        facts={"target": "0.6"},
        cost=COST,
        outcomes=OUTCOMES,
        model_ious=[0.5, 0.62],
        target=0.6,
        labels=BIRDS,
        best=[MachineLabel("a.jpg", PHOTO, 0.97, mask, iou=0.95)],
        worst=[MachineLabel("b.jpg", PHOTO, 0.7, None, (LabeledBox(1, 3, 4, 20, 15),), 0.2)],
    )
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 4
    assert "Birds &lt;of&gt; paradise" in text
    assert "One batch is left." in text
    assert "27.5 % saved" not in text
    assert f"{100 * COST.saved:.1f} % saved of 260.00" in text
    for name in (LABELS_FILE, IOU_FILE, COST_FILE, GALLERY_FILE):
        with Image.open(tmp_path / name) as picture:
            assert min(picture.size) > 200


def test_a_run_without_machine_labels_has_a_report_too(tmp_path: Path) -> None:
    outcomes = [RoundOutcome(1, {"": NOTHING}, (), tuple(range(600)), (), (), "Over.")]
    page = write_loop_report(
        tmp_path,
        title="Birds",
        facts={},
        cost=loop_cost(PLAN, outcomes),
        outcomes=outcomes,
        model_ious=[None],
        target=0.6,
        labels=BIRDS,
        best=[],
        worst=[],
    )
    assert "0.0 % saved" in page.read_text(encoding="utf-8")


def test_the_cost_table_adds_up() -> None:
    *phases, together = cost_table(COST).rows
    assert sum(int(row[1]) for row in phases) == int(together[1]) == 635
    assert sum(Decimal(row[-1]) for row in phases) == Decimal(together[-1])


def test_the_thresholds_table_gives_every_rounds_reason() -> None:
    reasons = [row[-1] for row in threshold_table(OUTCOMES).rows]
    assert reasons == [NOTHING.reason, SOME.reason, "One batch is left."]


def test_boxes_are_drawn_in_their_classes_colour() -> None:
    drawn = draw_label(MachineLabel("b", PHOTO, 0.7, None, (LabeledBox(1, 3, 4, 20, 15),)), BIRDS)
    assert tuple(drawn[4, 10]) == tuple(bytes.fromhex(BIRDS.color(1)[1:]))
    assert tuple(drawn[0, 0]) == (200, 200, 200)
