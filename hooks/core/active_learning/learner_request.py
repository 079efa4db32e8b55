"""What a round asks of the learner: a Processing job, and the `round.json` that it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hooks.core.active_learning.loop_plan import LoopPlan
from hooks.core.active_learning.run_folder import RunFolder
from hooks.core.errors import ContractError

SCHEMA_VERSION = 1
ROUND = "{round}"
"""The container argument in whose place the address of round.json comes."""
MAX_NAME = 63


def round_task(
    plan: LoopPlan, folder: RunFolder, number: int, label_attribute_name: str
) -> dict[str, Any]:
    """The content of `round.json`; every address in it is an `s3://` one.

    `training` lists manifests of photos that people have labeled, `predict` is one of photos to
    label, those that the learner is judged by among them, without labels: each line has the
    photo's `source-ref`, and its `line` in the run's input manifest. Below `output` the learner
    writes its masks and, last, `predictions.jsonl`; `earlier` is where the round before has
    written, or null.
    """
    of_round = folder.round(number)
    return {
        "schema_version": SCHEMA_VERSION,
        "round": number,
        "kind": plan.kind.value,
        "labels": list(plan.labels),
        "seed": plan.seed + number,
        "training": [of_round.training],
        "label_attribute_name": label_attribute_name,
        "predict": of_round.predict,
        "output": of_round.address,
        "earlier": folder.round(number - 1).address if number > 1 else None,
    }


@dataclass(frozen=True, slots=True)
class LearnerRequest:
    """A prepared CreateProcessingJob request."""

    parameters: Mapping[str, Any]

    @classmethod
    def parse(cls, value: object, place: str) -> LearnerRequest:
        """Raises ContractError, naming the field, when it is none."""
        if not isinstance(value, Mapping):
            raise ContractError(place, "must be an object: CreateProcessingJob's parameters.")
        if not isinstance(value.get("ProcessingJobName"), str):
            raise ContractError(f"{place}.ProcessingJobName", "must be a text.")
        if ROUND not in _arguments(value):
            raise ContractError(
                f"{place}.AppSpecification.ContainerArguments", f'must have an item "{ROUND}".'
            )
        return cls(value)

    @property
    def name(self) -> str:
        return str(self.parameters["ProcessingJobName"])

    def for_round(self, number: int, attempt: int, task: str) -> LearnerRequest:
        """The request of a round's attempt, whose `round.json` lies at `task`.

        Raises:
            ContractError: the name would become too long.
        """
        name = f"{self.name}-round-{number}" + ("" if attempt == 1 else f"-{attempt}")
        if len(name) > MAX_NAME:
            raise ContractError(
                "ProcessingJobName", f"{name} is longer than {MAX_NAME} characters."
            )
        filled = [task if item == ROUND else item for item in _arguments(self.parameters)]
        specification = {
            **self.parameters["AppSpecification"],
            "ContainerArguments": filled,
        }
        return LearnerRequest(
            {
                **self.parameters,
                "ProcessingJobName": name,
                "AppSpecification": specification,
            }
        )

    def is_of(self, described: Mapping[str, Any]) -> bool:
        """Whether a job that is there was made by this request: it reads the same `round.json`."""
        return _arguments(described) == _arguments(self.parameters)


def _arguments(parameters: Mapping[str, Any]) -> Sequence[Any]:
    specification = parameters.get("AppSpecification")
    found = specification.get("ContainerArguments") if isinstance(specification, Mapping) else None
    return found if isinstance(found, list) else []
