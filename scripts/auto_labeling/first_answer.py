"""A run's first answer, looked at while the others are still to come: is it what was asked for?"""

from __future__ import annotations

from hooks.core.errors import PhotoError
from scripts.auto_labeling.answers.formats import answer_format
from scripts.auto_labeling.answers.model_answer import UnreadableAnswerError
from scripts.auto_labeling.answers.photo_frame import PhotoFrame
from scripts.auto_labeling.conversion import ConversionSettings, check_classes
from scripts.manifests.manifest_objects import read_photo_header
from scripts.object_store import ObjectStore


def look_at_first(
    source_ref: str, output: str, store: ObjectStore, settings: ConversionSettings
) -> str:
    """Why the answer at `output` cannot be read; "" if it can.

    Raises:
        ClassesDifferError: the model's classes are not those that it was asked for.
    """
    photo, _ = read_photo_header(source_ref, store)
    reader = answer_format(settings.answer_format, settings.classes)
    try:
        answer = reader.read(store.read(output), PhotoFrame(photo, settings.file_grid))
    except (
        UnreadableAnswerError,
        PhotoError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        return str(error)
    check_classes(answer, settings.rules)
    return ""
