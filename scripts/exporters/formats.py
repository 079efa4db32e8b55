"""The formats by their names on the command line."""

from __future__ import annotations

from enum import StrEnum

from hooks.core.categories import LabelCategories
from hooks.core.errors import FewclickError
from scripts.exporters.augmented_manifest import AugmentedManifest
from scripts.exporters.coco import Coco
from scripts.exporters.coco_panoptic import CocoPanoptic
from scripts.exporters.exporter import Exporter
from scripts.exporters.hugging_face import HuggingFace
from scripts.exporters.indexed_png import IndexedPng
from scripts.exporters.training_channels import TrainingChannels
from scripts.exporters.voc import Voc
from scripts.exporters.yolo import Yolo


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
