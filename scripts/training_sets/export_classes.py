"""The classes of a training set: the labels of the jobs behind it, merged, dropped or voided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hooks.core.categories import BACKGROUND_NAME, LabelCategories
from hooks.core.errors import FewclickError
from hooks.core.label_reader import Color, ColorMap
from hooks.core.masks import BACKGROUND, VOID


class ClassesError(FewclickError):
    """The options do not give a usable list of classes."""


class UnknownLabelError(FewclickError):
    """A label that the set has no class for; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ClassOptions:
    """What was asked for.

    Attributes:
        labels: the classes in order; empty for all that there are, in alphabetical order.
        merged: a label to the class that it becomes; the class may be a label of its own.
        dropped: labels whose pixels become background.
        void: labels whose pixels become void, which training ignores.
    """

    labels: tuple[str, ...] = ()
    merged: Mapping[str, str] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()
    void: frozenset[str] = frozenset()

    @classmethod
    def from_texts(
        cls, labels: str | None, merge: Iterable[str], drop: Iterable[str], void: Iterable[str]
    ) -> ClassOptions:
        """Read `cat,dog`, `kitten=cat`, `sofa` as they stand on a command line.

        Raises:
            ClassesError: one that cannot be read, or a label with two fates.
        """
        merged: dict[str, str] = {}
        for text in merge:
            old, equals, new = (part.strip() for part in text.partition("="))
            if not equals or not old or not new:
                raise ClassesError(f"--merge {text!r} is not <label>=<class>.")
            if merged.setdefault(old, new) != new:
                raise ClassesError(f"--merge makes {old!r} both {merged[old]!r} and {new!r}.")
        names = () if labels is None else LabelCategories.from_names(labels.split(","), "--labels")
        options = cls(tuple(names), merged, frozenset(drop), frozenset(void))
        fates = [*merged, *options.dropped, *options.void]
        for name in fates:
            if fates.count(name) > 1:
                raise ClassesError(
                    f"the label {name!r} is merged, dropped or voided more than once."
                )
        return options

    def class_of(self, label: str) -> str | None:
        """The class that a label becomes; None for background and void."""
        if label.upper() == BACKGROUND_NAME or label in self.dropped or label in self.void:
            return None
        return self.merged.get(label, label)


@dataclass
class SeenLabels:
    """All labels of the manifests, and what is odd about them, gathered line by line.

    Attributes:
        spellings: lower-case class name to the spelling that was seen first.
        colors: colour to the labels that had it, each with the manifest that said so first.
    """

    options: ClassOptions
    spellings: dict[str, str] = field(default_factory=dict)
    colors: dict[Color, dict[str, str]] = field(default_factory=dict)

    def add(self, color_map: ColorMap, manifest: str) -> frozenset[str]:
        """The classes of one line.

        Raises:
            UnknownLabelError: a label that differs from an earlier one in case only, or that
                `--labels` does not name.
        """
        classes = []
        for label in color_map.names:
            name = self.options.class_of(label)
            if name is None:
                continue
            if self.options.labels and name not in self.options.labels:
                raise UnknownLabelError(
                    f"the label {label!r} is not in --labels; add it, --merge or --drop it."
                )
            first = self.spellings.get(name.lower(), name)
            if first != name:
                raise UnknownLabelError(
                    f"the label {label!r} differs only in case from {first!r}; "
                    f"say --merge '{label}={first}' if they are one."
                )
            classes.append(name)
        for name in classes:
            self.spellings.setdefault(name.lower(), name)
        for color, index in color_map.index_of_color.items():
            if index:
                names = self.colors.setdefault(color, {})
                names.setdefault(color_map.names[index - 1], manifest)
        return frozenset(classes)

    def categories(self) -> LabelCategories:
        """The set's classes. Raises ClassesError if there is none, or too many."""
        names = self.options.labels or tuple(sorted(self.spellings.values()))
        if not names:
            raise ClassesError("no line has a label that can be used, so there are no classes.")
        return LabelCategories.from_names(names, "classes")

    def disagreements(self) -> list[str]:
        """Sentences on colours by which different jobs mean different labels.

        Nothing is lost by it: every mask is read by its own line's map. But jobs with different
        labels may have left on their photos, as background, what the others label. `--labels`
        says that the list of classes is known to be right.
        """
        if self.options.labels:
            return []
        found = []
        for color, names in sorted(self.colors.items()):
            if len(set(names.values())) > 1:
                said = ", ".join(
                    f"{name!r} in {manifest.rsplit('/', 1)[-1]}" for name, manifest in names.items()
                )
                found.append(
                    f"the jobs disagree on the colour #{bytes(color).hex()}: {said}. Each mask was "
                    "read by its own map; give --labels to confirm the classes."
                )
        return found


def classes_of_colors(
    color_map: ColorMap, options: ClassOptions, categories: LabelCategories
) -> dict[Color, int]:
    """Colour to class index in the set: 0 background, 255 void."""
    found = {}
    for color, index in color_map.index_of_color.items():
        label = color_map.names[index - 1] if index else BACKGROUND_NAME
        name = options.class_of(label)
        if name is not None:
            place = categories.index(name)
            assert place is not None, "the set's classes were made of these labels"
            found[color] = place
        else:
            found[color] = VOID if label in options.void else BACKGROUND
    return found
