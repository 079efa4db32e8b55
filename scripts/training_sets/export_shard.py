"""One machine's share of an export: run in the container of a SageMaker Processing job.

    python -m scripts.training_sets.export_shard s3://bucket/set /opt/ml/processing/input/plan

SageMaker deals the pieces of the plan, which lie in S3 under keys of their own, to the machines;
each finds its own in that folder. Needs numpy, Pillow, boto3 and, for formats with objects, OpenCV.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hooks.core.errors import FewclickError
from scripts.object_store import ObjectStore, open_store
from scripts.training_sets.export_plan import PLAN_FILE, ExportPlan, piece_name
from scripts.training_sets.export_run import run_pieces
from scripts.training_sets.export_target import open_target
from scripts.training_sets.export_workshop import missing_pieces, open_workshop


def export_shard(address: str, plan_folder: Path, store: ObjectStore) -> int:
    """Carry out the pieces in a folder that are not done yet; how many those were."""
    target = open_target(address, store)
    head = target.read(PLAN_FILE)
    if head is None:
        raise FewclickError(f"{address} has no plan of an export.")
    plan = ExportPlan.from_json(head)
    dealt = {path.name for path in plan_folder.rglob("*.jsonl")}
    numbers = [number for number in missing_pieces(plan, target) if piece_name(number) in dealt]
    run_pieces(numbers, target, open_workshop(plan, store.read, target))
    return len(numbers)


if __name__ == "__main__":
    count = export_shard(sys.argv[1], Path(sys.argv[2]), open_store(None))
    sys.stdout.write(f"{count} pieces exported\n")
