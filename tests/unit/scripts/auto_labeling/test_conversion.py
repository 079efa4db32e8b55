"""A run's answers become labels: each once, none blank that could not be read, in order."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hooks.core.label_reader import MaskLabel, read_label
from hooks.core.manifest import ManifestLine
from hooks.core.manifest_lint import lint_manifest
from hooks.core.mask_reader import decode_mask
from hooks.core.masks import PlacedMask
from hooks.core.photo import read_header
from scripts.auto_labeling.answered import Answered, Outcome
from scripts.auto_labeling.answers.model_answer import ClassesDifferError, FoundObject
from scripts.auto_labeling.answers.own_answer import encode_label_map, encode_objects
from scripts.auto_labeling.conversion import AHEAD, convert_answers, open_conversion
from scripts.auto_labeling.conversion_journal import ConvertedState
from scripts.auto_labeling.label_manifest import write_manifests
from scripts.refusal import RefusedError
from scripts.training_sets.labeled_set import LabeledImage, read_labeled_line
from tests.unit.scripts.auto_labeling.answer_bench import (
    DATE,
    HEIGHT,
    LABELS,
    WIDTH,
    AnswerBench,
    boxes,
)

CLASSES = ("BACKGROUND", *LABELS.names)


@pytest.fixture
def bench(tmp_path: Path) -> AnswerBench:
    return AnswerBench(tmp_path)


def cat_map() -> Any:
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    label_map[2:6, 3:9] = 1
    return label_map


def cat() -> bytes:
    return encode_label_map(cat_map(), CLASSES, 0.9, {"cat": 0.9})


def nothing() -> bytes:
    return encode_label_map(np.zeros_like(cat_map()), CLASSES, 0.95, {})


def two_animals() -> bytes:
    first, second = (np.zeros((HEIGHT, WIDTH), bool) for _ in range(2))
    first[1:5, 1:5] = True
    second[4:9, 4:9] = True
    objects = [
        FoundObject(name, score, *PlacedMask.cut(mask).box.edges, mask=PlacedMask.cut(mask))
        for name, score, mask in (("cat", 0.9, first), ("dog", 0.8, second))
    ]
    return encode_objects(objects, LABELS.names, WIDTH, HEIGHT)


def test_an_answer_becomes_a_label_that_all_readers_read(bench: AnswerBench) -> None:
    bench.add(cat())
    summary = bench.convert()
    assert (summary.labeled, summary.objects, summary.mean_confidence) == (1, {"cat": 1}, 0.9)
    (done,) = bench.lines()
    line = ManifestLine(1, {"source-ref": done.source_ref} | dict(done.fields))
    label = read_label(line, "auto")
    assert isinstance(label, MaskLabel)
    header = read_header(bench.store.read(done.source_ref), "photo")
    mask = decode_mask(bench.store.read(label.mask_ref), label.color_map, header, LABELS.names)
    assert np.array_equal(mask.label_map, cat_map())
    assert not mask.warnings
    image = read_labeled_line(line.to_text(), 1, "m")
    assert isinstance(image, LabeledImage)
    assert not image.human
    assert image.made == DATE


def test_objects_are_kept_one_by_one(bench: AnswerBench) -> None:
    bench.add(two_animals())
    assert bench.convert().objects == {"cat": 1, "dog": 1}
    details = bench.read_json(bench.label(0)["details-ref"])
    assert [(item["label"], item["confidence"]) for item in details["instances"]] == [
        ("dog", 0.8),
        ("cat", 0.9),
    ]
    with Image.open(io.BytesIO(bench.store.read(details["instances-ref"]))) as image:
        numbers = np.asarray(image)
    assert [int((numbers == number).sum()) for number in (1, 2)] == [24, 16]


def test_boxes(bench: AnswerBench) -> None:
    bench.kind = "boxes"
    bench.add(boxes(("cat", 0.9, 1, 2, 5, 8), ("dog", 0.3, 0, 0, 4, 4)))
    bench.convert()
    assert bench.label(0)["annotations"] == [
        {"class_id": 0, "left": 1, "top": 2, "width": 4, "height": 6}
    ]
    assert bench.lines()[0].fields["auto-metadata"]["objects"] == [{"confidence": 0.9}]


def test_what_cannot_be_parsed_is_set_aside_and_never_a_blank_label(bench: AnswerBench) -> None:
    bench.add(cat())
    bench.add(b'{"oh": "no"}')
    bench.add(nothing())
    bench.add(reason="the model said 500.")
    summary = bench.convert()
    assert (summary.labeled, summary.set_aside, summary.nothing_found, summary.unanswered) == (
        1,
        1,
        1,
        1,
    )
    _, broken, empty, silent = bench.lines()
    assert not broken.fields
    assert "another format" in broken.reason
    assert bench.store.read("s3://b/auto-01/masks/set-aside/1-1.out") == b'{"oh": "no"}'
    assert empty.fields["auto"]["confidence"] == 0.95
    assert silent.reason == "the model said 500."


def test_an_answer_that_is_gone_and_a_photo_that_is_none_are_set_aside(bench: AnswerBench) -> None:
    bench.add(cat())
    bench.add(cat())
    bench.store.write("s3://b/photos/1.png", b"no photo", "image/png")
    outcomes: list[Outcome] = [
        Answered(0, "s3://b/photos/0.png", "s3://b/auto-01/answers/gone.out"),
        bench.outcomes[1],
    ]
    assert bench.convert(outcomes).set_aside == 2
    gone, broken = bench.lines()
    assert "does not exist" in gone.reason
    assert "not a photo" in broken.reason


def test_manifests_keep_the_inputs_order_and_keys(bench: AnswerBench, tmp_path: Path) -> None:
    for body in (cat(), b"?", nothing(), cat()):
        bench.add(body)
    shuffled = bench.outcomes[:]
    random.Random(3).shuffle(shuffled)
    bench.convert(shuffled)
    with open_conversion(bench.run, bench.settings, DATE) as journal:
        files = write_manifests(bench.input_lines(), journal, LABELS, tmp_path / "out")
        people = write_manifests(
            bench.input_lines(), journal, LABELS, tmp_path / "people", nothing_to_people=True
        )
    labeled = [json.loads(text) for text in files.labeled.read_text().splitlines()]
    assert [line["note"] for line in labeled] == ["line 0", "line 2", "line 3"]
    assert all(line["auto-metadata"]["human-annotated"] == "no" for line in labeled)
    (unlabeled,) = [json.loads(text) for text in files.unlabeled.read_text().splitlines()]
    assert unlabeled == {"source-ref": "s3://b/photos/1.png", "note": "line 1"}
    (aside,) = [json.loads(text) for text in files.set_aside.read_text().splitlines()]
    assert (aside["line"], aside["answer"]) == (2, "s3://b/auto-01/answers/1.out")
    assert (people.labeled_count, people.unlabeled_count) == (2, 2)
    assert json.loads(files.categories.read_bytes()) == LABELS.to_category_file()
    assert not lint_manifest(files.labeled.read_bytes(), label_attribute_name="checked").errors


def test_a_conversion_that_was_killed_goes_on_where_it_was(bench: AnswerBench) -> None:
    for _ in range(5):
        bench.add(cat())
    whole = AnswerBench(bench.folder / "whole")
    for _ in range(5):
        whole.add(cat())
    whole.convert()

    def killed() -> Iterator[Outcome]:
        yield from bench.outcomes[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.convert(killed())  # type: ignore[arg-type]  # any iterable will do
    summary = bench.convert()
    assert summary.labeled == 5
    assert bench.lines() == whole.lines()
    again = bench.convert()
    assert (again.labeled, again.resumed) == (5, 5)


def test_a_new_answer_to_the_same_line_is_converted_anew(bench: AnswerBench) -> None:
    bench.add(reason="it failed.")
    assert bench.convert().unanswered == 1
    bench.outcomes.clear()
    bench.add(cat())
    summary = bench.convert()
    assert (summary.labeled, summary.unanswered) == (1, 0)


def test_other_settings_begin_anew(bench: AnswerBench) -> None:
    bench.add(cat())
    bench.convert()
    bench.min_score = 0.95
    summary = bench.convert()
    assert (summary.resumed, summary.nothing_found) == (0, 1)


def test_labels_made_after_resuming_have_the_first_ones_date(bench: AnswerBench) -> None:
    bench.add(cat())
    bench.add(cat())
    bench.convert(bench.outcomes[:1])
    with open_conversion(bench.run, bench.settings, "2027-01-01T00:00:00") as journal:
        convert_answers(bench.outcomes, bench.store, bench.settings, journal)
    dates = {line.fields["auto-metadata"]["creation-date"] for line in bench.lines()}
    assert dates == {DATE}


def test_a_model_that_does_not_know_the_classes_stops_the_conversion(bench: AnswerBench) -> None:
    bench.add(encode_objects([], ["horse", "cow"], WIDTH, HEIGHT))
    with pytest.raises(ClassesDifferError, match=r"does not know 'cat', 'dog'.*'horse', 'cow'"):
        bench.convert()


def test_answers_are_drawn_no_faster_than_they_are_converted(bench: AnswerBench) -> None:
    for _ in range(3 * AHEAD):
        bench.add(cat())
    drawn = converted = most = 0

    def outcomes() -> Iterator[Outcome]:
        nonlocal drawn, most
        for outcome in bench.outcomes:
            drawn += 1
            most = max(most, drawn - converted)
            yield outcome

    def on_line() -> None:
        nonlocal converted
        converted += 1

    with open_conversion(bench.run, bench.settings, DATE) as journal:
        convert_answers(outcomes(), bench.store, bench.settings, journal, on_line)
    assert converted == 3 * AHEAD
    assert most <= AHEAD + 1


def test_a_file_that_is_no_journal_is_refused(bench: AnswerBench) -> None:
    (bench.run).mkdir()
    (bench.run / "conversion.sqlite").write_bytes(b"something else, long enough" * 50)
    with pytest.raises(RefusedError, match="no journal"):
        bench.convert()


def test_every_state_is_counted_once(bench: AnswerBench) -> None:
    bench.add(cat())
    bench.convert()
    with open_conversion(bench.run, bench.settings, DATE) as journal:
        assert journal.counts() == {
            ConvertedState.LABELED: 1,
            ConvertedState.NOTHING_FOUND: 0,
            ConvertedState.SET_ASIDE: 0,
            ConvertedState.UNANSWERED: 0,
        }
