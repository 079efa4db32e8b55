"""Hyperparameters: names and ranges as documented, and what the training set decides."""

from __future__ import annotations

import pytest

from scripts.segmentation.hyperparameters import (
    HyperparameterError,
    hyperparameters,
    read_assignments,
)


def test_the_set_decides_classes_and_samples() -> None:
    found = hyperparameters({"epochs": "30", "algorithm": "deeplab"}, 2, 240)
    assert found == {
        "num_classes": "2",
        "num_training_samples": "240",
        "epochs": "30",
        "algorithm": "deeplab",
    }


def test_texts_travel_as_the_algorithm_spells_them() -> None:
    given = {"use_pretrained_model": "true", "lr_scheduler": "step", "lr_scheduler_step": "10,20"}
    found = hyperparameters(given, 2, 240)
    assert found["use_pretrained_model"] == "True"
    assert found["lr_scheduler_step"] == "10, 20"


def test_a_batch_is_no_larger_than_the_set() -> None:
    assert hyperparameters({}, 2, 7)["mini_batch_size"] == "7"
    with pytest.raises(HyperparameterError, match="there are 7 images"):
        hyperparameters({"mini_batch_size": "8"}, 2, 7)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("backbone", "vgg", "one of resnet-50, resnet-101"),
        ("algorithm", "unet", "fcn, psp, deeplab"),
        ("epochs", "0", "from 1 on"),
        ("epochs", "2.5", "whole number"),
        ("crop_size", "16", "from 17 on"),
        ("learning_rate", "0", "above 0 to 1"),
        ("learning_rate", "1.1", "above 0 to 1"),
        ("learning_rate", "nan", "above 0 to 1"),
        ("weight_decay", "1", "to below 1"),
        ("syncbn", "yes", "True or False"),
        ("lr_scheduler_step", "20, 10", "ascending"),
        ("learning-rate", "0.1", "is none of"),
        ("num_classes", "3", "the training set has 2"),
        ("lr_scheduler", "step", "needs lr_scheduler_step"),
    ],
)
def test_what_does_not_fit_is_told(name: str, text: str, said: str) -> None:
    with pytest.raises(HyperparameterError, match=said) as caught:
        hyperparameters({name: text}, 2, 240)
    assert name in str(caught.value)


def test_a_set_with_too_many_classes_is_refused() -> None:
    with pytest.raises(HyperparameterError, match="255 as num_classes"):
        hyperparameters({}, 255, 240)


def test_assignments_are_read() -> None:
    assert read_assignments(["a = b", "c=d=e"]) == {"a": "b", "c": "d=e"}
    with pytest.raises(HyperparameterError, match="'epochs' is not"):
        read_assignments(["epochs"])
