"""Train the click-refinement network from scratch, within a budget of time or of steps.

`fewclick train-clicks` is the command. Every schedule follows the fraction of the budget that has
gone, so that one recipe fits any machine. Several processes each train on batches of their own and
average gradients; a checkpoint is written every few minutes, and the same call resumes from it.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.distributed as distributed

from model_endpoint.reference_photos import ReferencePhoto
from model_endpoint.trainer import Recipe, Trainer, TrainingError
from model_endpoint.training_data import TrainingPool, TrainingSample

LOG_FILE = "log.jsonl"
LOG_SECONDS = 30
SAVE_SECONDS = 180


class Prefetcher:
    """Batches made by a thread while the network computes."""

    def __init__(self, pool: TrainingPool, batch: int, seed: int) -> None:
        self._pool, self._batch = pool, batch
        self._rng = np.random.default_rng(seed)
        self._ready: queue.Queue[tuple[int, list[TrainingSample]] | Exception] = queue.Queue(4)
        self.size = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self, size: int) -> None:
        self.size = size
        self._thread.start()

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                size = self.size
                made = [self._pool.sample(self._rng, size) for _ in range(self._batch)]
                self._ready.put((size, made))
        except Exception as error:  # noqa: BLE001 - raised again where the batch is asked for
            self._ready.put(error)

    def batches(self) -> Iterator[tuple[int, list[TrainingSample]]]:
        while True:
            made = self._ready.get()
            if isinstance(made, Exception):
                raise made
            yield made


def train_process(
    rank: int,
    recipe: Recipe,
    out: Path,
    pool: TrainingPool,
    device: str = "cpu",
    on_step: Callable[[float, int], None] | None = None,
) -> None:
    """Body of one training process; `on_step` hears the share done and the steps."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if recipe.processes > 1:
        distributed.init_process_group(
            "gloo",
            init_method=f"file://{out / 'rendezvous'}",
            rank=rank,
            world_size=recipe.processes,
        )
    if device == "cuda":
        device = f"cuda:{rank % torch.cuda.device_count()}"
    trainer = Trainer(recipe, out, rank, device)
    trainer.resume()
    log_path = out / LOG_FILE
    if rank == 0:
        trim_log(log_path, trainer.steps)
    seed = recipe.seed + 7919 * (rank + 1) + 104729 * trainer.steps
    prefetcher = Prefetcher(pool, recipe.batch, seed)
    prefetcher.start(recipe.size)
    last = saved = logged = time.monotonic()
    totals: dict[str, list[float]] = {}
    for size, samples in prefetcher.batches():
        late = trainer.fraction >= 1 - recipe.final_share
        prefetcher.size = recipe.final_size if late else recipe.size
        for name, value in trainer.step(samples).items():
            totals.setdefault(name, []).append(value)
        now = time.monotonic()
        clock = torch.tensor([now - last])
        last = now
        if recipe.processes > 1:
            distributed.broadcast(clock, 0)  # all processes follow one clock
        trainer.seconds += float(clock)
        done = trainer.fraction >= 1
        if on_step is not None:
            on_step(trainer.fraction, trainer.steps)
        if rank == 0 and (now - logged > LOG_SECONDS or done):
            line = {k: round(float(np.mean(v)), 4) for k, v in totals.items()}
            line |= {"step": trainer.steps, "samples": trainer.samples, "size": size}
            line |= {"minutes": round(trainer.seconds / 60, 2)}
            line |= {
                "per_second": round(
                    len(totals["loss"]) * recipe.batch * recipe.processes / (now - logged), 1
                )
            }
            with log_path.open("a") as log:
                log.write(json.dumps(line) + "\n")
            totals, logged = {}, now
        if rank == 0 and (now - saved > SAVE_SECONDS or done):
            trainer.save()
            saved = now
        if done:
            break
    if recipe.processes > 1:
        distributed.destroy_process_group()


def trim_log(path: Path, steps: int) -> None:
    """Drop a log's lines of steps that the checkpoint does not hold: they come again."""
    if path.exists():
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if json.loads(line)["step"] <= steps))


def run(
    recipe: Recipe,
    photos: Iterable[ReferencePhoto],
    out: Path,
    device: str = "cpu",
    on_step: Callable[[float, int], None] | None = None,
) -> None:
    """Train, from the checkpoint in `out` if there is one, and leave a checkpoint there.

    On a graphics card the processes share it (or take turns over several cards): making samples
    and simulating clicks is what takes the time, and that is done on the CPU.

    Raises:
        DataSetError: there is nothing to train on.
        TrainingError: there is no such device, or a process failed.
    """
    # Asking the driver itself would forbid the processes to use the card after the fork.
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("torch finds no CUDA device here; train with --device cpu.")
    out.mkdir(parents=True, exist_ok=True)
    (out / "rendezvous").unlink(missing_ok=True)
    cv2.setNumThreads(1)
    pool = TrainingPool(photos, recipe.source_weights, recipe.excluded, recipe.hand_noise)
    children = []
    for rank in range(1, recipe.processes):
        child = os.fork()  # shares the photos' memory
        if child == 0:
            status = 1
            try:
                train_process(rank, recipe, out, pool, device)
                status = 0
            except BaseException:
                traceback.print_exc()  # the process ends below, before Python would print it
                raise
            finally:
                os._exit(status)
        children.append(child)
    try:
        train_process(0, recipe, out, pool, device, on_step)
    except BaseException:
        for child in children:
            os.kill(child, signal.SIGTERM)
        raise
    finally:
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    if any(codes):
        raise TrainingError(f"a training process failed (exit codes {codes}).")
