"""Train the click-refinement network from scratch, on the CPU, within a time budget.

    OMP_NUM_THREADS=1 python -m model_endpoint.train --data DIR --data DIR --out runs/small \
        --minutes 85 --processes 2 --seed 1

Every schedule follows the fraction of the time budget that has gone, so that one recipe fits any
machine. Several processes each train on batches of their own and average gradients; a checkpoint
is written every few minutes, and the same command resumes from it.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.distributed as distributed

from model_endpoint.trainer import Recipe, Trainer
from model_endpoint.training_data import TrainingPool, TrainingSample

SOURCE_WEIGHTS = {
    "cocos": 0.38,
    "endangered": 0.13,
    "pets": 0.10,
    "feral_cat": 0.10,
    "ccp": 0.11,
    "coad": 0.05,
    "turtle_head": 0.03,
    "cats81": 0.03,
    "facade": 0.04,
    "dsb": 0.03,
}
"""Share of the training samples drawn from each source (see the model card)."""

LOG_SECONDS = 30
SAVE_SECONDS = 180


class Prefetcher:
    """Batches made by a thread while the network computes."""

    def __init__(self, pool: TrainingPool, batch: int, seed: int) -> None:
        self._pool, self._batch = pool, batch
        self._rng = np.random.default_rng(seed)
        self._ready: queue.Queue[tuple[int, list[TrainingSample]]] = queue.Queue(4)
        self.size = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self, size: int) -> None:
        self.size = size
        self._thread.start()

    def _work(self) -> None:
        while not self._stop.is_set():
            size = self.size
            made = [self._pool.sample(self._rng, size) for _ in range(self._batch)]
            self._ready.put((size, made))

    def batches(self) -> Iterator[tuple[int, list[TrainingSample]]]:
        while True:
            yield self._ready.get()


def train_process(rank: int, recipe: Recipe, out: Path, pool: TrainingPool) -> None:
    """Body of one training process."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if recipe.processes > 1:
        distributed.init_process_group(
            "gloo",
            init_method=f"file://{out / 'rendezvous'}",
            rank=rank,
            world_size=recipe.processes,
        )
    trainer = Trainer(recipe, out, rank)
    trainer.resume()
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
        if rank == 0 and (now - logged > LOG_SECONDS or done):
            line = {k: round(float(np.mean(v)), 4) for k, v in totals.items()}
            line |= {"step": trainer.steps, "samples": trainer.samples, "size": size}
            line |= {"minutes": round(trainer.seconds / 60, 2)}
            line |= {
                "per_second": round(
                    len(totals["loss"]) * recipe.batch * recipe.processes / (now - logged), 1
                )
            }
            with (out / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
            totals, logged = {}, now
        if rank == 0 and (now - saved > SAVE_SECONDS or done):
            trainer.save()
            saved = now
        if done:
            break
    if recipe.processes > 1:
        distributed.destroy_process_group()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=85)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--exclude", action="append", default=[], help="stem of a photo")
    options = parser.parse_args()
    recipe = Recipe(
        data=tuple(options.data),
        minutes=options.minutes,
        processes=options.processes,
        seed=options.seed,
        excluded=tuple(options.exclude),
    )
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "rendezvous").unlink(missing_ok=True)
    cv2.setNumThreads(1)
    pool = TrainingPool([Path(folder) for folder in recipe.data], SOURCE_WEIGHTS, recipe.excluded)
    children = []
    for rank in range(1, recipe.processes):
        child = os.fork()  # shares the photos' memory
        if child == 0:
            try:
                train_process(rank, recipe, options.out, pool)
            finally:
                os._exit(0)
        children.append(child)
    train_process(0, recipe, options.out, pool)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
