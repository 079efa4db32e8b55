"""The learner: a round's labels in, predictions of the other photos out."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hooks.core.active_learning.loop_plan import LabelKind
from hooks.core.box_label import read_boxes
from hooks.core.geometry import Size
from hooks.core.label_reader import ColorMap
from hooks.core.labeled_box import LabeledBox
from hooks.core.mask_reader import decode_mask
from hooks.core.masks import bounding_box
from hooks.core.photo import read_header
from tests.unit.scripts.active_learning.round_bench import RUN, RoundBench, blob
from tests.unit.scripts.label_bench import photo_of

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")

from scripts.active_learning import mask_learner  # noqa: E402
from scripts.active_learning.learner import LearnerSettings  # noqa: E402
from scripts.active_learning.train_and_predict import (  # noqa: E402
    WORK_VARIABLE,
    main,
    train_and_predict,
)

pytestmark = pytest.mark.torch
QUICK = LearnerSettings(epochs=2, size=64)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Sums in one order: two runs give the same to the last bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def bench(tmp_path: Path) -> RoundBench:
    bench = RoundBench(tmp_path)
    bench.teach(4, ("cat", "dog"))
    for line in (3, 11):
        bench.ask(line)
    return bench


def learn(bench: RoundBench, address: str, settings: LearnerSettings = QUICK) -> Any:
    return train_and_predict(address, settings, bench.bench.store, bench.folder / "work")


def test_every_photo_that_was_asked_about_gets_a_prediction(bench: RoundBench) -> None:
    learned = learn(bench, bench.write())
    predictions = bench.predictions()
    assert list(predictions) == [3, 11]
    assert {len(found.embedding) for found in predictions.values()} == {96}
    for found in predictions.values():
        assert 0 <= found.confidence <= 1
        assert bench.read(f"masks/{found.line}.png").startswith(b"\x89PNG")
    assert json.loads(bench.read("learned.json"))["images"] == 4
    assert learned.predicted == 2
    assert json.loads(bench.read("model/config.json"))["classes"] == ["BACKGROUND", "cat", "dog"]
    assert not list((bench.folder / "work").iterdir())


def test_a_round_asked_for_again_says_the_same(bench: RoundBench) -> None:
    address = bench.write()
    learn(bench, address)
    first = bench.read("predictions.jsonl"), bench.read("masks/3.png")
    learn(bench, address)
    assert (bench.read("predictions.jsonl"), bench.read("masks/3.png")) == first
    learn(bench, bench.write(seed=8))
    assert bench.read("predictions.jsonl") != first[0]


def test_killed_at_any_epoch_or_photo_it_comes_out_the_same(
    bench: RoundBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = bench.write()
    learn(bench, address)
    whole = bench.read("predictions.jsonl")
    said: list[str] = []
    monkeypatch.setattr("scripts.active_learning.train_and_predict._say", said.append)
    answer = mask_learner.LearnedMasks.answer

    def cut_off(*values: Any) -> Any:
        raise KeyboardInterrupt

    def cut_off_at_the_second(self: Any, asked: Any, raw: bytes) -> Any:
        return cut_off() if asked.line == 11 else answer(self, asked, raw)

    monkeypatch.setattr("scripts.active_learning.train_and_predict._Epochs.say", cut_off)
    with pytest.raises(KeyboardInterrupt):
        learn(bench, address)
    monkeypatch.undo()
    monkeypatch.setattr(mask_learner.LearnedMasks, "answer", cut_off_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        learn(bench, address)
    journal = next((bench.folder / "work").glob("*/journal.jsonl"))
    journal.write_bytes(journal.read_bytes() + b'{"prediction": {"line": 11, "conf')
    monkeypatch.undo()
    learn(bench, address)
    assert bench.read("predictions.jsonl") == whole


@pytest.mark.slow
def test_what_it_learned_fits_what_people_drew(tmp_path: Path) -> None:
    bench = RoundBench(tmp_path)
    bench.teach(8)
    bench.ask(0)
    learn(bench, bench.write(), LearnerSettings(epochs=40, size=128))
    found = bench.predictions()[0]
    header = read_header(photo_of(blob(1000)), "photo")
    colors = ColorMap.from_json(found.label["internal-color-map"])
    mask = decode_mask(bench.read("masks/0.png"), colors, header, bench.labels).label_map
    truth = blob(1000)
    assert (mask & truth).sum() / (mask | truth).sum() > 0.7
    assert found.confidence > 0.6
    assert found.main_class == "cat"
    assert found.label["mask-ref"] == f"{RUN}rounds/1/masks/0.png"


@pytest.mark.slow
def test_boxes_are_learned_and_predicted(tmp_path: Path) -> None:
    bench = RoundBench(tmp_path, kind=LabelKind.BOXES)
    bench.teach_boxes(8)
    for line in range(3):
        bench.ask(line)
    learn(bench, bench.write(), LearnerSettings(epochs=40, size=64))
    for line, found in bench.predictions().items():
        truth = bounding_box(blob(1000 + line) > 0)
        (best, *_) = read_boxes(found.label, {}, Size(64, 48), "label")
        predicted = LabeledBox(1, best.left, best.top, best.width, best.height)
        assert best.label == found.main_class == "cat"
        assert predicted.iou(LabeledBox(1, *map(float, truth.to_list()))) > 0.5
        assert 0.3 <= found.confidence <= 1


def test_a_round_of_boxes_says_the_same_again(tmp_path: Path) -> None:
    bench = RoundBench(tmp_path, kind=LabelKind.BOXES)
    bench.teach_boxes(3)
    bench.ask(4)
    address = bench.write()
    learn(bench, address)
    first = bench.read("predictions.jsonl")
    learn(bench, address)
    assert bench.read("predictions.jsonl") == first
    assert bench.predictions()[4].disagreement >= 0


def test_boxes_of_a_class_that_the_run_does_not_have_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = RoundBench(tmp_path, kind=LabelKind.BOXES, labels=("dog",))
    bench.teach_boxes(1)
    line = json.loads(bench.bench.lines[0])
    line["pets"]["class-map"] = {"0": "bird"}
    bench.bench.lines[0] = json.dumps(line)
    assert main([bench.write(), "--s3-folder", str(bench.bench.s3_folder)]) == 1
    assert "'bird' (training.manifest, line 1)" in capsys.readouterr().err


def test_a_turned_photo_gets_a_mask_in_its_own_grid(tmp_path: Path) -> None:
    bench = RoundBench(tmp_path)
    bench.teach(2)
    bench.ask(0, photo_of(blob(5), orientation=6))
    learn(bench, bench.write())
    png = bench.read("masks/0.png")
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (48, 64)
    assert read_header(png, "mask").size == (64, 48)


def test_a_photo_that_cannot_be_read_is_told_and_the_rest_goes_on(bench: RoundBench) -> None:
    bench.ask(12, b"no photo")
    learned = learn(bench, bench.write())
    assert list(bench.predictions()) == [3, 11]
    (unread,) = json.loads(bench.read("learned.json"))["unread"]
    assert unread["line"] == 12
    assert "not a photo" in learned.unread[0].reason


def test_classes_that_the_run_does_not_have_are_named_before_training(
    bench: RoundBench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.bench.add("odd.jpg", "1./..", ("bird",))
    arguments = [bench.write(), "--s3-folder", str(bench.bench.s3_folder), "--size", "64"]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert "'bird' (training.manifest, line 5)" in said
    assert "It has cat, dog" in said
    assert "epoch" not in said


def test_a_round_without_labels_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench = RoundBench(tmp_path)
    bench.bench.lines.append(json.dumps({"source-ref": "s3://labels/a.jpg"}))
    assert main([bench.write(), "--s3-folder", str(bench.bench.s3_folder)]) == 1
    assert "has a label to learn from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "round.json: not JSON"),
        ('{"schema_version": 2}', "schema_version: must be 1"),
        ('{"schema_version": 1, "kind": "lines"}', "'lines' is none of masks, boxes"),
    ],
)
def test_a_damaged_round_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    path = tmp_path / "round.json"
    path.write_text(text)
    assert main([str(path), "--s3-folder", str(tmp_path)]) == 1
    assert said in capsys.readouterr().err


def test_the_command_keeps_its_work_where_it_is_told(
    bench: RoundBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WORK_VARIABLE, str(bench.folder / "kept"))
    arguments = [bench.write(), "--s3-folder", str(bench.bench.s3_folder)]
    assert main([*arguments, "--epochs", "1", "--size", "64"]) == 0
    assert (bench.folder / "kept").is_dir()
    assert np.isfinite(bench.predictions()[3].entropy)
