"""Where a run's records lie in S3: one folder, every address derived from the run's name.

    s3://<bucket>/active-learning/<name, lower case>/
        plan.json  input.manifest  requests/<phase>.json  learner.json     written by whoever starts
        sets.json
        labeling/<phase>.manifest, .json, .ended.json                      jobs of people
        labels/<phase>.manifest                                            what they said
        rounds/<k>/...                                                     what the model said
        output.manifest  summary.json

A second attempt at a job has `.2` before the ending, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass

from hooks.core.errors import ContractError
from hooks.core.manifest import parse_s3_uri

ROOT = "active-learning"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The addresses of a run's records; `address` ends in a slash."""

    address: str

    @classmethod
    def parse(cls, address: object) -> RunFolder:
        """Raises ContractError unless it is `s3://<bucket>/active-learning/<name>/`."""
        if not isinstance(address, str):
            raise ContractError("run", "must be the address of the run's folder.")
        _, key = parse_s3_uri(address, "run")
        parts = key.split("/")
        if len(parts) != 3 or parts[0] != ROOT or not parts[1] or parts[2]:
            raise ContractError("run", f"{address!r} is not s3://<bucket>/{ROOT}/<name>/.")
        return cls(address)

    @classmethod
    def of(cls, bucket: str, name: str) -> RunFolder:
        return cls(f"s3://{bucket}/{ROOT}/{name.lower()}/")

    @property
    def bucket(self) -> str:
        return parse_s3_uri(self.address)[0]

    @property
    def plan(self) -> str:
        return f"{self.address}plan.json"

    @property
    def input(self) -> str:
        return f"{self.address}input.manifest"

    @property
    def learner(self) -> str:
        return f"{self.address}learner.json"

    @property
    def sets(self) -> str:
        return f"{self.address}sets.json"

    @property
    def output(self) -> str:
        return f"{self.address}output.manifest"

    @property
    def summary(self) -> str:
        return f"{self.address}summary.json"

    def request(self, phase: str) -> str:
        return f"{self.address}requests/{phase}.json"

    def job_manifest(self, phase: str, attempt: int) -> str:
        return f"{self.address}labeling/{phase}{_infix(attempt)}.manifest"

    def job_started(self, phase: str, attempt: int) -> str:
        return f"{self.address}labeling/{phase}{_infix(attempt)}.json"

    def job_labels(self, phase: str, attempt: int) -> str:
        """What one job's people said, failures too, whether or not the job came to its end."""
        return f"{self.address}labeling/{phase}{_infix(attempt)}.labels.manifest"

    def job_ended(self, phase: str, attempt: int) -> str:
        return f"{self.address}labeling/{phase}{_infix(attempt)}.ended.json"

    def labels(self, phase: str) -> str:
        """All labels of a phase that is over."""
        return f"{self.address}labels/{phase}.manifest"

    def empty_mask(self, width: int, height: int) -> str:
        return f"{self.address}empty/{width}x{height}.png"

    def round(self, number: int) -> RoundFolder:
        return RoundFolder(f"{self.address}rounds/{number}/")


@dataclass(frozen=True, slots=True)
class RoundFolder:
    """The addresses of one round's records; `address` ends in a slash."""

    address: str

    @property
    def task(self) -> str:
        """What the learner is asked."""
        return f"{self.address}round.json"

    @property
    def training(self) -> str:
        return f"{self.address}training.manifest"

    @property
    def predict(self) -> str:
        return f"{self.address}predict.manifest"

    @property
    def predictions(self) -> str:
        return f"{self.address}predictions.jsonl"

    @property
    def validation(self) -> str:
        return f"{self.address}validation.json"

    @property
    def outcome(self) -> str:
        return f"{self.address}outcome.json"

    @property
    def auto(self) -> str:
        return f"{self.address}auto.manifest"

    def job_started(self, attempt: int) -> str:
        return f"{self.address}training{_infix(attempt)}.json"

    def job_ended(self, attempt: int) -> str:
        return f"{self.address}training{_infix(attempt)}.ended.json"

    def judged(self, part: int) -> str:
        return f"{self.address}judged/{part:04d}.json"

    def details(self, line: int) -> str:
        return f"{self.address}details/{line}.json"


def _infix(attempt: int) -> str:
    return "" if attempt == 1 else f".{attempt}"
