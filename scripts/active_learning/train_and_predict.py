"""The learner: trains on a round's labels and says what it makes of the other photos.

    python -m scripts.active_learning.train_and_predict s3://bucket/active-learning/cats/rounds/1/round.json

It runs as a SageMaker Processing job, or in a process of the local Ground Truth. A model of your
own takes its place if its container does the same:

*Input.* The first argument is the `s3://` address of `round.json`
(`scripts.active_learning.round_request`). It names manifests with people's labels (`training`, read
from the attribute `label_attribute_name`: `mask-ref` and `internal-color-map`, or `annotations` and
`class-map`), the classes in order (`labels`), a `seed`, and a manifest of photos to predict
(`predict`), whose lines are `{"line": 17, "source-ref": "s3://..."}`. Nobody says which of those
photos the round is judged by, nor what is on them.

*Output*, all of it below `output`:

    masks/17.png         where labels are masks: palette PNG in the photo file's own pixel grid,
                         with its EXIF orientation; class 0 background, 1 the first of `labels`
    predictions.jsonl    a line a photo, in the order of `predict`, written last
    {"line": 17, "confidence": 0.93, "entropy": 0.02, "margin": 0.95, "disagreement": 0.04,
     "embedding": [0.1, ...], "main_class": "cat", "label": {"mask-ref": "s3://.../masks/17.png",
     "internal-color-map": {"0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"}, ...}}}

`confidence`, 0 to 1, is the IoU with the truth that the model expects; what it is worth is found
out on the validation set. `embedding` has the same length everywhere, `label` is empty where the
model saw nothing. A photo that cannot be read has no line, and goes to people.

*Exit code.* 0 when predictions.jsonl is whole; anything else is a failure, and what stands last on
standard error is its reason. The same round may be asked for again after a failure or a kill.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hooks.core.errors import FewclickError, PhotoError
from scripts.active_learning.learner import LearnerSettings, TrainedModel, open_learner
from scripts.active_learning.prediction_journal import PredictionJournal, UnreadPhoto
from scripts.active_learning.round_request import (
    LEARNED_FILE,
    MODEL_FOLDER,
    PREDICTIONS_FILE,
    AskedPhoto,
    RoundRequest,
)
from scripts.active_learning.training_labels import LearnerError, gather_labels
from scripts.object_store import ObjectStore, open_store
from scripts.training_sets.export_target import Target, open_target
from scripts.training_sets.labeled_set import manifest_lines

if TYPE_CHECKING:
    from model_endpoint.epoch_loop import EpochReport

WORK_VARIABLE = "FEWCLICK_LEARNER_WORK"
"""Folder in which a learner that is started again finds what it had done."""
AHEAD = 8
"""Photos that are fetched while one is looked at."""
READERS = 4
SECONDS_BETWEEN_WORDS = 15.0


@dataclass(frozen=True, slots=True)
class Learned:
    """What a round's learner did, as `learned.json` has it."""

    images: int
    epochs: int
    predicted: int
    unread: Sequence[UnreadPhoto]
    left_out: Sequence[str]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return {
            "images": self.images,
            "epochs": self.epochs,
            "predicted": self.predicted,
            "unread": [photo.to_json() for photo in self.unread],
            "left_out": list(self.left_out),
            "seconds": round(self.seconds, 1),
        }


def train_and_predict(
    address: str, settings: LearnerSettings, store: ObjectStore, work: Path
) -> Learned:
    """Carry out a round.

    Args:
        address: of round.json, `s3://` or a path.
        work: a folder for checkpoints; what an earlier attempt left there is gone on with.

    Raises:
        FewclickError: the round cannot be read or learned from; the message says why.
    """
    started = time.monotonic()
    text = _read(address, store)
    request = RoundRequest.from_json(text)
    labels = gather_labels(request, store)
    for sentence in labels.left_out:
        _say(f"left out: {sentence}")
    learner_of_round = hashlib.sha256(text + json.dumps(settings.to_json()).encode()).hexdigest()
    folder = work / learner_of_round[:16]
    learner = open_learner(request, settings, folder / "training")
    epochs = settings.epochs_for(len(labels.examples))
    _say(f"round {request.round}: {len(labels.examples)} labeled photos, {epochs} epochs")
    model = learner.learn(labels.examples, _Epochs(epochs).say)
    journal = PredictionJournal(folder / "journal.jsonl")
    target = open_target(request.output.rstrip("/"), store)
    _predict(model, _asked(request.predict, store), store, target, journal)
    _write_model(model, folder / MODEL_FOLDER, target)
    learned = Learned(
        images=len(labels.examples),
        epochs=epochs,
        predicted=len(journal.done) - len(journal.unread),
        unread=journal.unread,
        left_out=labels.left_out,
        seconds=time.monotonic() - started,
    )
    body = json.dumps(learned.to_json(), ensure_ascii=False, indent=1).encode()
    target.write(LEARNED_FILE, body, "application/json")
    target.write_long(PREDICTIONS_FILE, journal.predictions(), "application/x-jsonlines")
    shutil.rmtree(folder)
    return learned


def _read(address: str, store: ObjectStore) -> bytes:
    try:
        return store.read(address) if address.startswith("s3://") else Path(address).read_bytes()
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise LearnerError(f"{address} cannot be read: {error}") from error


def _asked(manifest: str, store: ObjectStore) -> Iterator[AskedPhoto]:
    for number, text in enumerate(manifest_lines(manifest, store), start=1):
        if text.strip():
            yield AskedPhoto.from_line(text, number, manifest)


def _predict(
    model: TrainedModel,
    asked: Iterable[AskedPhoto],
    store: ObjectStore,
    target: Target,
    journal: PredictionJournal,
) -> None:
    last = time.monotonic()
    for photo, reading in _fetched(
        (photo for photo in asked if photo.line not in journal.done), store
    ):
        try:
            answer = model.answer(photo, reading.result())
        except (FileNotFoundError, PermissionError, PhotoError) as error:
            _say(f"{photo.source_ref} gives no prediction: {error}")
            journal.add(UnreadPhoto(photo.line, photo.source_ref, str(error)))
            continue
        if answer.mask is not None:
            target.write(f"masks/{photo.line}.png", answer.mask, "image/png")
        journal.add(answer.prediction)
        if time.monotonic() - last > SECONDS_BETWEEN_WORDS:
            _say(f"{len(journal.done)} photos predicted")
            last = time.monotonic()


def _fetched(
    asked: Iterable[AskedPhoto], store: ObjectStore
) -> Iterator[tuple[AskedPhoto, Future[bytes]]]:
    """The photos in order, each with its file, a few of them fetched ahead."""
    waiting: deque[tuple[AskedPhoto, Future[bytes]]] = deque()
    with ThreadPoolExecutor(READERS) as pool:
        for photo in asked:
            waiting.append((photo, pool.submit(store.read, photo.source_ref)))
            if len(waiting) > AHEAD:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()


def _write_model(model: TrainedModel, folder: Path, target: Target) -> None:
    model.write(folder)
    for path in sorted(folder.iterdir()):
        body = path.read_bytes()
        target.write(f"{MODEL_FOLDER}/{path.name}", body, "application/octet-stream")


@dataclass(frozen=True, slots=True)
class _Epochs:
    """Says on standard error how far training is."""

    total: int

    def say(self, report: EpochReport) -> None:
        _say(f"epoch {report.epoch} of {self.total}: loss {report.loss:.4f}")


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.active_learning.train_and_predict",
        description="Train on a round's labels and predict the other photos.",
    )
    parser.add_argument("round", help="address of round.json, s3:// or a path")
    parser.add_argument("--epochs", type=int, help="in place of as many as make 400 steps")
    parser.add_argument("--size", type=int, default=256, help="longer side that the network sees")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--s3-folder", type=Path, help="folder that holds buckets, in place of S3")
    given = parser.parse_args(arguments)
    if given.size % 32 or given.size < 64:
        parser.error(f"--size {given.size}: a multiple of 32 from 64 on.")
    if given.epochs is not None and given.epochs < 1:
        parser.error(f"--epochs {given.epochs}: at least 1.")
    settings = LearnerSettings(given.epochs, given.size, given.device)
    work = os.environ.get(WORK_VARIABLE)
    try:
        with tempfile.TemporaryDirectory() as passing:
            learned = train_and_predict(
                given.round, settings, open_store(given.s3_folder), Path(work or passing)
            )
    except FewclickError as error:
        _say(f"the learner cannot go on: {error}")
        return 1
    _say(f"{learned.predicted} photos predicted, {len(learned.unread)} unread")
    return 0


if __name__ == "__main__":
    sys.exit(main())
