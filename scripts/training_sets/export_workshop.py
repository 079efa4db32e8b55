"""Opens what is needed to carry a plan out; used here and on the machines of a Processing job."""

from __future__ import annotations

from hooks.core.errors import FewclickError
from scripts.training_sets.export_plan import DONE_FOLDER, ExportPlan, piece_name
from scripts.training_sets.export_run import Workshop
from scripts.training_sets.export_target import Target
from scripts.training_sets.exporters.formats import open_exporter
from scripts.training_sets.labeled_pixels import Fetch


def open_workshop(plan: ExportPlan, fetch: Fetch, target: Target) -> Workshop:
    """What is needed to carry a plan out."""
    exporter = open_exporter(plan.request["format"], plan.categories, target.address)
    if exporter.needs_instances:
        try:
            import cv2  # noqa: F401 (an extra)
        except ImportError as error:
            raise FewclickError(
                "this format needs OpenCV: pip install 'fewclick[export]'."
            ) from error
    return Workshop(exporter, fetch, target)


def missing_pieces(plan: ExportPlan, target: Target) -> list[int]:
    """Numbers of the pieces that are not done yet."""
    done = set(target.names(DONE_FOLDER))
    return [number for number in range(plan.pieces) if piece_name(number) not in done]
