"""All answer formats by name."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from scripts.auto_labeling.answers.huggingface import HuggingFaceObjects
from scripts.auto_labeling.answers.jumpstart_boxes import JumpStartBoxes
from scripts.auto_labeling.answers.jumpstart_instances import JumpStartInstances
from scripts.auto_labeling.answers.jumpstart_semantic import JumpStartSemantic
from scripts.auto_labeling.answers.known_classes import KnownClasses
from scripts.auto_labeling.answers.model_answer import AnswerFormat
from scripts.auto_labeling.answers.own_answer import OwnAnswerFormat
from scripts.auto_labeling.answers.sagemaker_semantic import SageMakerSemantic
from scripts.auto_labeling.answers.tensorflow_objects import TensorFlowObjects


class FormatName(StrEnum):
    """What an answer format is called on the command line."""

    FEWCLICK = "fewclick"
    JUMPSTART_INSTANCES = "jumpstart-instances"
    JUMPSTART_BOXES = "jumpstart-boxes"
    JUMPSTART_SEMANTIC = "jumpstart-semantic"
    SAGEMAKER_SEMANTIC = "sagemaker-semantic"
    TENSORFLOW = "tensorflow"
    HUGGINGFACE = "huggingface"

    @property
    def accept(self) -> str:
        """What a request asks for, so that the model answers in this format."""
        return _ACCEPT[self]

    @property
    def names_classes(self) -> bool:
        """Whether answers say what their classes are called."""
        return self not in (FormatName.SAGEMAKER_SEMANTIC, FormatName.TENSORFLOW)

    @property
    def has_masks(self) -> bool:
        """Whether answers can become masks; boxes can be made of all that have objects."""
        return self is not FormatName.JUMPSTART_BOXES

    @property
    def has_boxes(self) -> bool:
        """Whether answers can become boxes."""
        return self not in (FormatName.JUMPSTART_SEMANTIC, FormatName.SAGEMAKER_SEMANTIC)


_JSON = "application/json"
_VERBOSE = "application/json;verbose"
_ACCEPT = {
    FormatName.FEWCLICK: _JSON,
    FormatName.JUMPSTART_INSTANCES: _VERBOSE,
    FormatName.JUMPSTART_BOXES: _VERBOSE,
    FormatName.JUMPSTART_SEMANTIC: _VERBOSE,
    FormatName.SAGEMAKER_SEMANTIC: "application/x-protobuf",
    FormatName.TENSORFLOW: _JSON,
    FormatName.HUGGINGFACE: _JSON,
}


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
        case FormatName.TENSORFLOW:
            return TensorFlowObjects(known)
        case FormatName.HUGGINGFACE:
            return HuggingFaceObjects()
