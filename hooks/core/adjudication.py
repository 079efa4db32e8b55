"""What a reviewer chooses from: an earlier job's consensus, and each worker's own mask.

A manifest line of an adjudication job says where an earlier label lies:

    {"source-ref": "s3://bucket/photo.jpg",
     "adjudication": {"details-ref": "s3://…/0_….json", "mask-ref": "s3://…/0_….png"}}

`mask-ref` is that of the consensus and may be missing; the workers' own stand in the details. On
the page workers are A, B, …, in another order for each photo: a reviewer judges masks, not people.

The answer is that of a segmentation job; its own block says beside the rest

    "adjudication": {"picked": "consensus" | "A" | … | null, "changed": true}
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hooks.core.categories import LabelCategories
from hooks.core.errors import ContractError
from hooks.core.manifest import parse_s3_uri

ATTRIBUTE = "adjudication"
CONSENSUS = "consensus"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class DisputedLabel:
    """Where the label to be decided on lies; `mask_ref` is None when no mask came out."""

    details_ref: str
    mask_ref: str | None

    @classmethod
    def from_manifest_line(cls, line: Mapping[str, Any]) -> DisputedLabel:
        """Raises ContractError, naming the field, when the line says nothing that can be used."""
        field = f"dataObject.{ATTRIBUTE}"
        value = line.get(ATTRIBUTE)
        if not isinstance(value, Mapping):
            raise ContractError(
                field, "missing; an adjudication job's lines say which label is to be decided on."
            )
        details_ref, mask_ref = value.get("details-ref", ""), value.get("mask-ref")
        parse_s3_uri(details_ref, f"{field}.details-ref")
        if mask_ref is not None:
            parse_s3_uri(mask_ref, f"{field}.mask-ref")
        return cls(str(details_ref), mask_ref)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One mask to choose from: "consensus" or a worker's alias, and its `s3://` address."""

    name: str
    mask: str

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "mask": self.mask}


def find_candidates(
    disputed: DisputedLabel, details: object, labels: LabelCategories
) -> tuple[Candidate, ...]:
    """The consensus, if there is one, then every worker who has a mask, by alias.

    Args:
        details: what lies at `disputed.details_ref`.
        labels: of this job; they must be those that the masks were made with.

    Raises:
        ContractError: the details have another shape, or their masks other labels.
    """
    where = disputed.details_ref
    workers = details.get("workers") if isinstance(details, Mapping) else None
    if not isinstance(details, Mapping) or not isinstance(workers, list):
        raise ContractError(where, "is not the details object of a label.")
    _check_labels(details.get("label"), labels, where)
    masks: dict[str, str] = {}
    for worker in workers:
        if not isinstance(worker, Mapping) or not isinstance(worker.get("worker_id"), str):
            raise ContractError(where, "names a worker without an id.")
        if worker.get("mask-ref") is not None:
            parse_s3_uri(worker["mask-ref"], f"{where}: mask-ref")
            masks[worker["worker_id"]] = worker["mask-ref"]
    found = [] if disputed.mask_ref is None else [Candidate(CONSENSUS, disputed.mask_ref)]
    aliases = worker_aliases(where, masks)
    return (*found, *(Candidate(alias, masks[worker]) for alias, worker in aliases.items()))


def worker_aliases(details_ref: str, worker_ids: Iterable[str]) -> dict[str, str]:
    """Alias to worker id, in the order of the aliases.

    The order follows from the label's address, so that it is the same whenever it is asked for,
    and another one for the next photo.
    """

    def place(worker_id: str) -> bytes:
        return hashlib.sha256(f"{details_ref}\n{worker_id}".encode()).digest()

    ordered = sorted(set(worker_ids), key=place)
    return {_alias(number): worker_id for number, worker_id in enumerate(ordered)}


def picked_candidate(fields: Mapping[str, Any]) -> str | None:
    """The candidate that a reviewer's answer was begun from; None if it was drawn from nothing.

    Args:
        fields: the answer, as `WorkerAnswer.from_fields` takes it.
    """
    block = fields.get("fewclick")
    said = block.get(ATTRIBUTE) if isinstance(block, Mapping) else None
    picked = said.get("picked") if isinstance(said, Mapping) else None
    return picked if isinstance(picked, str) else None


def _alias(number: int) -> str:
    """A to Z, then AA, AB, …"""
    rest, letter = divmod(number, len(_LETTERS))
    return (_alias(rest - 1) if rest else "") + _LETTERS[letter]


def _check_labels(label: object, labels: LabelCategories, where: str) -> None:
    """Masks are read by colour, and colours go by a label's place: places must agree."""
    color_map = label.get("internal-color-map") if isinstance(label, Mapping) else None
    if not isinstance(color_map, Mapping):
        return
    known = {str(index): labels.name(index) for index in range(labels.num_classes)}
    for index, entry in color_map.items():
        name = entry.get("class-name") if isinstance(entry, Mapping) else None
        if name != known.get(index):
            raise ContractError(
                where,
                f"was made with the label {name!r} in place {index}, this job has "
                f"{known.get(index)!r} there. Give it the earlier job's labels.",
            )
