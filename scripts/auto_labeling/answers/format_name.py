"""What answer formats are called, and what a request asks for to get one."""

from __future__ import annotations

from enum import StrEnum


class FormatName(StrEnum):
    """What an answer format is called on the command line."""

    FEWCLICK = "fewclick"
    JUMPSTART_INSTANCES = "jumpstart-instances"
    JUMPSTART_BOXES = "jumpstart-boxes"
    JUMPSTART_SEMANTIC = "jumpstart-semantic"
    SAGEMAKER_SEMANTIC = "sagemaker-semantic"
    SAGEMAKER_BOXES = "sagemaker-boxes"
    TENSORFLOW = "tensorflow"
    HUGGINGFACE = "huggingface"

    @property
    def accept(self) -> str:
        """What a request asks for, so that the model answers in this format."""
        return _ACCEPT[self]

    @property
    def names_classes(self) -> bool:
        """Whether answers say what their classes are called."""
        return self not in (
            FormatName.SAGEMAKER_SEMANTIC,
            FormatName.SAGEMAKER_BOXES,
            FormatName.TENSORFLOW,
        )

    @property
    def has_masks(self) -> bool:
        """Whether answers can become masks; boxes can be made of all that have objects."""
        return self not in (FormatName.JUMPSTART_BOXES, FormatName.SAGEMAKER_BOXES)

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
    FormatName.SAGEMAKER_BOXES: _JSON,
    FormatName.TENSORFLOW: _JSON,
    FormatName.HUGGINGFACE: _JSON,
}
