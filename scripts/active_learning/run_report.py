"""`fewclick active-learn report`: the four pictures and the page of a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.active_learning.prediction import ImagePrediction
from hooks.core.box_label import read_boxes
from hooks.core.categories import LabelCategories
from hooks.core.geometry import Size
from hooks.core.label_reader import COLOR_MAP, ColorMap
from hooks.core.labeled_box import LabeledBox
from hooks.core.manifest import ManifestLine
from hooks.core.mask_reader import decode_mask
from hooks.core.masks import VOID
from hooks.core.photo import open_photo, read_header
from scripts.account.aws_account import AwsAccount
from scripts.active_learning.run_cost import read_run_cost
from scripts.active_learning.run_environment import find_loop_environment, store_of
from scripts.active_learning.run_records import RoundRecord, RunRecords
from scripts.loop_report.label_gallery import MachineLabel
from scripts.loop_report.loop_report import write_loop_report
from scripts.prices import load_prices
from scripts.refusal import RefusedError

SHOWN = 6
"""Labels in each row of the gallery."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A machine label that may be shown."""

    line: int
    round: int
    prediction: ImagePrediction
    iou: float | None

    @property
    def worth(self) -> float:
        return self.prediction.confidence if self.iou is None else self.iou


def run_report(
    name: str, out: Path, stack: str, prices: Path | None, account: AwsAccount, *, as_json: bool
) -> int:
    """Write the report of a run, whether or not it is over; the exit code."""
    environment = find_loop_environment(account, stack)
    store = store_of(account)
    records = RunRecords.open(environment.folder(name), name, store)
    decided = [found for found in records.rounds() if found.outcome is not None]
    if not decided:
        raise RefusedError(
            f"no round of {name} has been judged yet, so there is nothing to report: `fewclick "
            f"active-learn status {name}` shows how far it is."
        )
    bill = read_run_cost(records.folder, store, load_prices(prices))
    candidates = sorted(_candidates(records, decided), key=lambda one: -one.worth)
    best = candidates[:SHOWN]
    worst = [one for one in reversed(candidates) if one not in best][:SHOWN]
    lines = records.lines()
    labels = LabelCategories(records.plan.labels)
    page = write_loop_report(
        out,
        title=f"Active-learning run {records.plan.name}",
        facts=_facts(records),
        cost=bill.cost,
        outcomes=[found.outcome for found in decided if found.outcome is not None],
        model_ious=[found.mean_iou for found in decided],
        target=records.plan.target_iou,
        labels=labels,
        best=[_shown(one, records, lines, labels) for one in best],
        worst=[_shown(one, records, lines, labels) for one in worst],
    )
    if as_json:
        document = {"report": str(page), "cost": bill.to_json(), "summary": records.summary}
        typer.echo(json.dumps(document, indent=1))
    else:
        typer.echo(page)
    if not bill.ended:
        Console(stderr=True).print("The run is not over: this is what it has come to so far.")
    return 0


def _candidates(records: RunRecords, decided: Sequence[RoundRecord]) -> list[_Candidate]:
    """Labels above the threshold: of validation photos, whose IoU is known; of others if none."""
    known: list[_Candidate] = []
    unknown: list[_Candidate] = []
    for found in decided:
        assert found.outcome is not None
        predictions = records.predictions(found.number)
        known += [
            _Candidate(line, found.number, predictions[line], found.ious[line])
            for line in found.outcome.gated_validation
        ]
        unknown += [
            _Candidate(line, found.number, predictions[line], None)
            for line in found.outcome.auto_lines
        ]
    return known or unknown


def _shown(
    one: _Candidate, records: RunRecords, lines: Sequence[ManifestLine], labels: LabelCategories
) -> MachineLabel:
    address = str(lines[one.line].source_ref)
    raw = records.store.read(address)
    photo = open_photo(raw, address)
    label_map = None
    boxes: tuple[LabeledBox, ...] = ()
    value = one.prediction.label
    if records.plan.kind is LabelKind.MASKS:
        colors = ColorMap.from_json(value[COLOR_MAP])
        png = records.store.read(str(value["mask-ref"]))
        header = read_header(raw, address)
        label_map = decode_mask(png, colors, header, labels.names).label_map.copy()
        label_map[label_map == VOID] = 0
    else:
        boxes = _boxes(one.prediction, Size(photo.shape[1], photo.shape[0]), labels)
    name = address.rpartition("/")[2]
    return MachineLabel(name, photo, one.prediction.confidence, label_map, boxes, one.iou)


def _boxes(
    prediction: ImagePrediction, size: Size, labels: LabelCategories
) -> tuple[LabeledBox, ...]:
    found = read_boxes(prediction.label, {}, size, f"the prediction of line {prediction.line}")
    return tuple(
        LabeledBox(index, box.left, box.top, box.width, box.height)
        for box in found
        if (index := labels.index(box.label)) is not None
    )


def _facts(records: RunRecords) -> dict[str, str]:
    plan, summary = records.plan, records.summary
    facts = {
        "photos": f"{plan.objects:,}",
        "target": f"mean IoU {plan.target_iou:g} with a certainty of {plan.certainty:g}",
        "choice": plan.acquisition.value,
        "folder": records.folder.address,
    }
    if summary is not None:
        facts |= {"guarantee": str(summary["guarantee"]), "end": str(summary["stop"])}
    return facts
