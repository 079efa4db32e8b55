"""The classes of public data sets, for models that name the set and not the classes.

JumpStart's documents list no classes; its model ids end in the set that a model was trained on.
COCO: https://cocodataset.org/#explore, in the order of its category ids, which GluonCV's and
TensorFlow's detection models count from 0 and 1.
"""

from __future__ import annotations


def _names(text: str) -> tuple[str, ...]:
    return tuple(" ".join(name.split()) for name in text.split(","))


COCO = _names(
    """person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light,
    fire hydrant, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant,
    bear, zebra, giraffe, backpack, umbrella, handbag, tie, suitcase, frisbee, skis, snowboard,
    sports ball, kite, baseball bat, baseball glove, skateboard, surfboard, tennis racket, bottle,
    wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange, broccoli, carrot,
    hot dog, pizza, donut, cake, chair, couch, potted plant, bed, dining table, toilet, tv, laptop,
    mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink, refrigerator, book, clock,
    vase, scissors, teddy bear, hair drier, toothbrush"""
)
VOC = _names(
    """aeroplane, bicycle, bird, boat, bottle, bus, car, cat, chair, cow, diningtable, dog, horse,
    motorbike, person, pottedplant, sheep, sofa, train, tvmonitor"""
)
_BY_NAME = {"coco": COCO, "voc": VOC}


def classes_by_name(model_id: str) -> tuple[str, ...]:
    """The classes of the set in a model id such as `mxnet-is-mask-rcnn-resnet18-v1b-coco`."""
    parts = model_id.lower().split("-")
    return next((names for name, names in _BY_NAME.items() if name in parts), ())
