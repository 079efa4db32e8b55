"""The hyperparameters of SageMaker's built-in semantic segmentation, as its guide lists them.

Developer guide, "Semantic Segmentation Hyperparameters". They travel as texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hooks.core.errors import FewclickError


class HyperparameterError(FewclickError):
    """A hyperparameter that the algorithm does not have or does not take."""


class Rule(Protocol):
    """What a hyperparameter may be."""

    def read(self, text: str) -> str | None:
        """The text as it travels; None if it does not fit."""

    @property
    def wanted(self) -> str:
        """What fits, in words."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    def read(self, text: str) -> str | None:
        return text if text in self.words else None

    @property
    def wanted(self) -> str:
        return "one of " + ", ".join(self.words)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or False, spelled as Python spells them."""

    def read(self, text: str) -> str | None:
        word = text.capitalize()
        return word if word in ("True", "False") else None

    @property
    def wanted(self) -> str:
        return "True or False"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds."""

    least: int
    most: int | None = None

    def read(self, text: str) -> str | None:
        if not (text.isascii() and text.isdecimal()):
            return None
        fits = int(text) >= self.least and (self.most is None or int(text) <= self.most)
        return str(int(text)) if fits else None

    @property
    def wanted(self) -> str:
        if self.most is None:
            return f"a whole number from {self.least} on"
        return f"a whole number from {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Share:
    """A number from 0 to 1, with or without the ends."""

    zero: bool = True
    one: bool = True

    def read(self, text: str) -> str | None:
        try:
            value = float(text)
        except ValueError:
            return None
        low = value >= 0 if self.zero else value > 0
        high = value <= 1 if self.one else value < 1
        return text if low and high else None

    @property
    def wanted(self) -> str:
        low, high = ("from" if self.zero else "above"), ("to" if self.one else "to below")
        return f"a number {low} 0 {high} 1"


@dataclass(frozen=True, slots=True)
class Epochs:
    """Epochs in ascending order, with commas between them."""

    def read(self, text: str) -> str | None:
        parts = [part.strip() for part in text.split(",")]
        if not all(part.isascii() and part.isdecimal() for part in parts):
            return None
        numbers = [int(part) for part in parts]
        return ", ".join(map(str, numbers)) if numbers == sorted(set(numbers)) else None

    @property
    def wanted(self) -> str:
        return 'epochs in ascending order, such as "10, 20"'


RULES: Mapping[str, Rule] = {
    "backbone": Choice(("resnet-50", "resnet-101")),
    "use_pretrained_model": Flag(),
    "algorithm": Choice(("fcn", "psp", "deeplab")),
    "num_classes": Whole(2, 254),
    "num_training_samples": Whole(1),
    "base_size": Whole(17),
    "crop_size": Whole(17),
    "early_stopping": Flag(),
    "early_stopping_min_epochs": Whole(1),
    "early_stopping_patience": Whole(1),
    "early_stopping_tolerance": Share(),
    "epochs": Whole(1),
    "gamma1": Share(),
    "gamma2": Share(),
    "learning_rate": Share(zero=False),
    "lr_scheduler": Choice(("step", "poly", "cosine")),
    "lr_scheduler_factor": Share(),
    "lr_scheduler_step": Epochs(),
    "mini_batch_size": Whole(1),
    "momentum": Share(zero=False),
    "optimizer": Choice(("adam", "adagrad", "nag", "rmsprop", "sgd")),
    "syncbn": Flag(),
    "validation_mini_batch_size": Whole(1),
    "weight_decay": Share(zero=False, one=False),
}
FROM_THE_SET = ("num_classes", "num_training_samples")
DEFAULT_BATCH = 16


def hyperparameters(given: Mapping[str, str], classes: int, samples: int) -> dict[str, str]:
    """What travels: what was given, checked, and what the training set decides.

    Args:
        classes: the background among them.

    Raises:
        HyperparameterError: naming the hyperparameter, its value and what fits.
    """
    found = {"num_classes": str(classes), "num_training_samples": str(samples)}
    for name, text in given.items():
        rule = RULES.get(name)
        if rule is None:
            raise HyperparameterError(f"{name} is none of: {', '.join(sorted(RULES))}.")
        if name in FROM_THE_SET and text != found[name]:
            raise HyperparameterError(
                f"{name}={text}: the training set has {found[name]}; leave it to the set."
            )
        value = rule.read(text.strip())
        if value is None:
            raise HyperparameterError(f"{name}={text} does not fit: {rule.wanted}.")
        found[name] = value
    for name in FROM_THE_SET:
        if RULES[name].read(found[name]) is None:
            raise HyperparameterError(
                f"the training set has {found[name]} as {name}, which must be {RULES[name].wanted}."
            )
    if found.get("lr_scheduler") == "step" and "lr_scheduler_step" not in found:
        raise HyperparameterError("lr_scheduler=step needs lr_scheduler_step, such as 10, 20.")
    if int(found.get("mini_batch_size", DEFAULT_BATCH)) > samples:
        # Not documented, but a batch that cannot be filled has made jobs fail.
        if "mini_batch_size" in found:
            raise HyperparameterError(
                f"mini_batch_size={found['mini_batch_size']}, but there are {samples} images."
            )
        found["mini_batch_size"] = str(samples)
    return found


def read_assignments(texts: list[str]) -> dict[str, str]:
    """`["epochs=30", ...]` as they stand on a command line. Raises HyperparameterError."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise HyperparameterError(f"{text!r} is not <hyperparameter>=<value>.")
        found[name.strip()] = value.strip()
    return found
