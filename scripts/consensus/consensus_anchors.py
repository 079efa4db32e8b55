"""The methods that `fewclick evaluate-consensus` compares: ours by name, and everybody else's.

Every method takes several label maps of one photo, uint8 (height, width), and gives one. crowd-kit
knows one class only; for several it is asked for each class against the rest, and where it says
yes to more than one, most of the votes decide, then the lower class. SimpleITK's voting and
MultiLabelSTAPLE give ties a label of their own; here that is the background.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from hooks.core.consensus import Consensus, Method, Vote, consolidate
from hooks.core.errors import FewclickError
from hooks.core.masks import BACKGROUND, LabelMap, Mask
from scripts.consensus.langerak_simple import consolidate_simple

Consolidator = Callable[[Sequence[LabelMap], int], LabelMap]
"""From label maps and the number of foreground classes to the label map that they add up to."""

FOREGROUND = 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A method under test.

    Attributes:
        library: the Python module it needs, empty for none.
        most_classes: foreground classes it can tell apart, None for any number.
        ours: a method of this project, no anchor.
    """

    name: str
    consolidate: Consolidator
    library: str = ""
    most_classes: int | None = None
    ours: bool = False

    def can(self, classes: int) -> bool:
        """Whether the method takes so many foreground classes."""
        return self.most_classes is None or classes <= self.most_classes


def consolidate_ours(label_maps: Sequence[LabelMap], classes: int, method: Method) -> Consensus:
    """What `hooks.core.consensus` makes of workers called w00, w01 and so on."""
    votes = [Vote(f"w{place:02}", label_map) for place, label_map in enumerate(label_maps)]
    return consolidate(votes, classes + 1, method=method)


def _ours(method: Method) -> Candidate:
    def run(label_maps: Sequence[LabelMap], classes: int) -> LabelMap:
        return consolidate_ours(label_maps, classes, method).label_map

    return Candidate(method.value, run, ours=True)


def _one_by_one(run: Callable[[list[Mask]], Mask]) -> Consolidator:
    """A method of one class, asked for each class against the rest."""

    def consolidate_each(label_maps: Sequence[LabelMap], classes: int) -> LabelMap:
        result = np.zeros(label_maps[0].shape, np.uint8)
        most = np.zeros(label_maps[0].shape, np.uint8)
        for index in range(1, classes + 1):
            masks = [label_map == index for label_map in label_maps]
            if not any(mask.any() for mask in masks):
                continue
            chosen = run(masks)
            if classes == 1:
                return chosen.astype(np.uint8)
            votes = np.zeros(most.shape, np.uint8)
            for mask in masks:
                votes += mask
            better = chosen & (votes > most)
            result[better] = index
            most[better] = votes[better]
        return result

    return consolidate_each


def _crowd_kit(class_name: str) -> Consolidator:
    def run(masks: list[Mask]) -> Mask:
        import pandas as pd
        from crowdkit import aggregation

        rows = [("photo", place, mask) for place, mask in enumerate(masks)]
        table = pd.DataFrame(rows, columns=["task", "worker", "segmentation"])
        # RASA divides 0 by 0 for a mask as empty as the vote; EM sums logarithms of 0.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found = getattr(aggregation, class_name)().fit_predict(table)
        return np.asarray(found["photo"], bool)

    return _one_by_one(run)


def _itk_images(itk: Any, label_maps: Sequence[LabelMap]) -> list[Any]:
    return [itk.GetImageFromArray(np.ascontiguousarray(label_map)) for label_map in label_maps]


def _itk_multi_label(filter_name: str) -> Consolidator:
    def run(label_maps: Sequence[LabelMap], classes: int) -> LabelMap:
        import SimpleITK as itk

        fusion = getattr(itk, filter_name)()
        fusion.SetLabelForUndecidedPixels(BACKGROUND)
        fused = fusion.Execute(_itk_images(itk, label_maps))
        return np.asarray(itk.GetArrayFromImage(fused), np.uint8)

    return run


def _itk_staple(label_maps: Sequence[LabelMap], classes: int) -> LabelMap:
    import SimpleITK as itk

    fusion = itk.STAPLEImageFilter()
    fusion.SetForegroundValue(FOREGROUND)
    fused = fusion.Execute(_itk_images(itk, label_maps))
    return np.asarray(itk.GetArrayFromImage(fused) > 0.5, np.uint8)


CANDIDATES = (
    _ours(Method.ROBUST),
    _ours(Method.PLURALITY),
    _ours(Method.WEIGHTED),
    _ours(Method.STAPLE),
    Candidate("SIMPLE", consolidate_simple),
    Candidate("crowd-kit MV", _crowd_kit("SegmentationMajorityVote"), "crowdkit"),
    Candidate("crowd-kit EM", _crowd_kit("SegmentationEM"), "crowdkit"),
    Candidate("crowd-kit RASA", _crowd_kit("SegmentationRASA"), "crowdkit"),
    Candidate("ITK LabelVoting", _itk_multi_label("LabelVotingImageFilter"), "SimpleITK"),
    Candidate("ITK STAPLE", _itk_staple, "SimpleITK", most_classes=1),
    Candidate("ITK MultiLabelSTAPLE", _itk_multi_label("MultiLabelSTAPLEImageFilter"), "SimpleITK"),
)
BY_NAME = {candidate.name: candidate for candidate in CANDIDATES}


def choose_candidates(without: Sequence[str] = ()) -> tuple[Candidate, ...]:
    """All methods but those named in `without`, by a name or by its first word.

    Raises:
        FewclickError: a name that fits none, `robust` left out, or a library that is missing.
    """
    for word in without:
        if not any(_named(candidate, word) for candidate in CANDIDATES):
            names = ", ".join(candidate.name for candidate in CANDIDATES)
            raise FewclickError(f"there is no method {word!r} to leave out; there are {names}.")
    chosen = tuple(
        candidate
        for candidate in CANDIDATES
        if not any(_named(candidate, word) for word in without)
    )
    if BY_NAME[Method.ROBUST.value] not in chosen:
        raise FewclickError("robust is what is measured; it cannot be left out.")
    missing = sorted(
        {candidate.name.split()[0] for candidate in chosen if not _installed(candidate.library)}
    )
    if missing:
        leave_out = " ".join(f"--without {name}" for name in missing)
        raise FewclickError(
            f"{' and '.join(missing)} must be installed to compare with: "
            f"pip install 'fewclick[benchmark]', or say {leave_out}."
        )
    return chosen


def _named(candidate: Candidate, word: str) -> bool:
    name = candidate.name.lower()
    return name == word.lower() or name.split()[0] == word.lower()


def _installed(library: str) -> bool:
    return not library or find_spec(library) is not None
