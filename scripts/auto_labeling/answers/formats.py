"""All answer formats by name."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.auto_labeling.answers.format_name import FormatName
from scripts.auto_labeling.answers.huggingface import HuggingFaceObjects
from scripts.auto_labeling.answers.jumpstart_boxes import JumpStartBoxes
from scripts.auto_labeling.answers.jumpstart_instances import JumpStartInstances
from scripts.auto_labeling.answers.jumpstart_semantic import JumpStartSemantic
from scripts.auto_labeling.answers.known_classes import KnownClasses
from scripts.auto_labeling.answers.model_answer import AnswerFormat
from scripts.auto_labeling.answers.own_answer import OwnAnswerFormat
from scripts.auto_labeling.answers.sagemaker_boxes import SageMakerBoxes
from scripts.auto_labeling.answers.sagemaker_semantic import SageMakerSemantic
from scripts.auto_labeling.answers.tensorflow_objects import TensorFlowObjects


def answer_format(name: FormatName, classes: Sequence[str] = ()) -> AnswerFormat:
    """The reader of a format.

    Args:
        classes: the model's class names by number, from 0 on; used where answers name none.
    """
    known = KnownClasses(tuple(classes))
    match name:
        case FormatName.FEWCLICK:
            return OwnAnswerFormat()
        case FormatName.JUMPSTART_INSTANCES:
            return JumpStartInstances(known)
        case FormatName.JUMPSTART_BOXES:
            return JumpStartBoxes(known)
        case FormatName.JUMPSTART_SEMANTIC:
            return JumpStartSemantic(known)
        case FormatName.SAGEMAKER_SEMANTIC:
            return SageMakerSemantic(known)
        case FormatName.SAGEMAKER_BOXES:
            return SageMakerBoxes(known)
        case FormatName.TENSORFLOW:
            return TensorFlowObjects(known)
        case FormatName.HUGGINGFACE:
            return HuggingFaceObjects()
