"""Reads an export with other people's readers; run by a Python that has them, not by pytest.

    python foreign_readers.py {coco,coco-panoptic,voc,yolo} FOLDER OUT.npz

Writes one label map per image, uint8 (height, width), by the image's name.
"""

import sys
from pathlib import Path

import numpy as np

FORMATS = {"coco": "coco_instances", "coco-panoptic": "coco_panoptic", "voc": "voc_segmentation"}


def read_with_datumaro(folder: str, kind: str) -> dict[str, np.ndarray]:
    import datumaro

    data = datumaro.Dataset.import_from(folder, FORMATS[kind])
    labels = [entry.name for entry in data.categories()[datumaro.AnnotationType.label]]
    names = sorted(set(labels) - {"background"})
    found = {}
    for item in data:
        height, width = item.media.size
        label_map = np.zeros((height, width), np.uint8)
        for annotation in item.annotations:
            name = labels[annotation.label]
            if hasattr(annotation, "image") and name != "background":
                label_map[annotation.image.astype(bool)] = names.index(name) + 1
        found[item.id] = label_map
    return found


def read_with_supervision(folder: str) -> dict[str, np.ndarray]:
    import supervision

    found = {}
    for side in ("train", "validation"):
        data = supervision.DetectionDataset.from_yolo(
            f"{folder}/images/{side}",
            f"{folder}/labels/{side}",
            f"{folder}/data.yaml",
            force_masks=True,
        )
        for path, image, objects in data:
            label_map = np.zeros(image.shape[:2], np.uint8)
            for mask, index in zip(objects.mask, objects.class_id, strict=True):
                label_map[mask.astype(bool)] = index + 1
            found[Path(path).stem] = label_map
    return found


if __name__ == "__main__":
    kind, folder, out = sys.argv[1:]
    maps = read_with_supervision(folder) if kind == "yolo" else read_with_datumaro(folder, kind)
    np.savez(out, **maps)
