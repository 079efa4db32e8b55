"""Several threads' questions, answered in one go: a graphics card does eight as fast as one."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Calls `run` with what came in while it was busy, or within `window_seconds` of the first.

    Args:
        run: as many results as items, in order. It is called by one thread, never twice at once.
        largest: of a batch.
        window_seconds: how long the first item of a batch waits for company.
    """

    def __init__(
        self, run: Callable[[Sequence[Item]], Sequence[Result]], largest: int, window_seconds: float
    ) -> None:
        self._run = run
        self._largest = largest
        self._window_seconds = window_seconds
        self._waiting: queue.SimpleQueue[tuple[Item, Future[Result]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="batcher", daemon=True).start()

    def __call__(self, item: Item) -> Result:
        """The item's result, or the error that `run` raises for it alone."""
        future: Future[Result] = Future()
        self._waiting.put((item, future))
        return future.result()

    def _work(self) -> None:
        while True:
            batch = [self._waiting.get()]
            deadline = time.monotonic() + self._window_seconds
            while len(batch) < self._largest:
                try:
                    left = max(deadline - time.monotonic(), 0.0)
                    batch.append(self._waiting.get(timeout=left))
                except queue.Empty:
                    break
            self._answer(batch)

    def _answer(self, batch: Sequence[tuple[Item, Future[Result]]]) -> None:
        try:
            results = self._run([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - raised again where the answer is waited for
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for one in batch:  # whoever it was must not take the others down
                self._answer([one])
            return
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)
