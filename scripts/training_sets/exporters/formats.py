"""The formats by their names on the command line."""

from __future__ import annotations

from enum import StrEnum

from hooks.core.categories import LabelCategories
from hooks.core.errors import FewclickError
from scripts.training_sets.exporters.augmented_manifest import AugmentedManifest
from scripts.training_sets.exporters.coco import Coco
from scripts.training_sets.exporters.coco_panoptic import CocoPanoptic
from scripts.training_sets.exporters.exporter import Exporter
from scripts.training_sets.exporters.hugging_face import HuggingFace
from scripts.training_sets.exporters.indexed_png import IndexedPng
from scripts.training_sets.exporters.training_channels import TrainingChannels
from scripts.training_sets.exporters.voc import Voc
from scripts.training_sets.exporters.yolo import Yolo


class Format(StrEnum):
    """What an export can be."""

    CHANNELS = "channels"
    COCO = "coco"
    COCO_PANOPTIC = "coco-panoptic"
    YOLO = "yolo"
    VOC = "voc"
    PNG = "png"
    HUGGING_FACE = "hugging-face"
    MANIFEST = "manifest"


def open_exporter(name: str, categories: LabelCategories, address: str) -> Exporter:
    """The writer of a format.

    Args:
        address: where the export goes.

    Raises:
        FewclickError: the format cannot be written there.
    """
    match Format(name):
        case Format.CHANNELS:
            return TrainingChannels(categories)
        case Format.COCO:
            return Coco(categories)
        case Format.COCO_PANOPTIC:
            return CocoPanoptic(categories)
        case Format.YOLO:
            return Yolo(categories)
        case Format.VOC:
            return Voc(categories)
        case Format.PNG:
            return IndexedPng(categories)
        case Format.HUGGING_FACE:
            return HuggingFace(categories)
        case Format.MANIFEST:
            if not address.startswith("s3://"):
                raise FewclickError(
                    f"a manifest's masks lie in S3: give --out an s3:// address, not {address}."
                )
            return AugmentedManifest(categories, address)
