"""Every photo of a run sent to a model, with bounded concurrency, and followed to its end.

Killed or interrupted anywhere, the same call goes on: the journal knows what has an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from hooks.core.errors import FewclickError
from scripts.auto_labeling.journal import Counts, Journal, Question, SentQuestion
from scripts.auto_labeling.model_runtime import (
    ModelRuntime,
    PermanentError,
    Sent,
    TransientError,
    failure_of,
    inference_id,
)
from scripts.auto_labeling.notices import Notice

MAX_THREADS = 16
FIRST_PAUSE_SECONDS = 0.1


class NeverWokeError(FewclickError):
    """Nothing came back for so long that it will not; the message says what to check."""


@dataclass(frozen=True, slots=True)
class SubmissionBounds:
    """How a run goes about it.

    Attributes:
        in_flight: requests that are out at a time.
        attempts: how often a photo is asked about before it is given up.
        backoff_seconds: before the second attempt; doubled before each further one.
        seconds_between_looks: for answers, at most; shorter while they come.
        patience_seconds: without any answer or failure, after which the endpoint counts as one
            that never wakes. From zero, CloudWatch takes two minutes to notice, and an instance
            with a large model ten more to come.
    """

    in_flight: int
    attempts: int = 4
    backoff_seconds: float = 10.0
    seconds_between_looks: float = 2.0
    patience_seconds: float = 1800.0


@dataclass
class Submission:
    """See the module's description.

    Attributes:
        notices: what the endpoint's topics have said since the last call.
        diagnose: what is to be checked when nothing comes back.
        on_progress: hears how many stand where.
        on_first: hears the photo and the answer's address of the first that is answered; what it
            raises ends the run.
        clock: seconds since 1970.
    """

    journal: Journal
    runtime: ModelRuntime
    run: str
    bounds: SubmissionBounds
    notices: Callable[[], Iterable[Notice]] = lambda: ()
    diagnose: Callable[[], Sequence[str]] = lambda: ()
    on_progress: Callable[[Counts], None] = lambda counts: None
    on_first: Callable[[str, str], None] = lambda source_ref, output: None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    _last_sign: float = field(default=0.0, init=False)
    _first_is_out: bool = field(default=True, init=False)

    def follow(self, *, new_endpoint: bool = False) -> Counts:
        """Send what is to be sent, until every photo has an answer or was given up.

        Args:
            new_endpoint: what a run before this one sent went to an endpoint that is gone, and
                will not be answered unless it has been.

        Raises:
            NeverWokeError: nothing came back within the patience.
            RuntimeRefusedError: the endpoint takes no requests at all.
        """
        self._last_sign = self.clock()
        with ThreadPoolExecutor(min(self.bounds.in_flight, MAX_THREADS)) as threads:
            self._settle_leaving(threads)
            if new_endpoint:
                self._look(threads)
                for sent in self.journal.in_flight():
                    self.journal.put_back(sent.question.line)
            pause = FIRST_PAUSE_SECONDS
            while True:
                counts = self.journal.counts()
                self.on_progress(counts)
                if counts.done == counts.total:
                    return counts
                moved = self._send(threads, counts) + self._hear() + self._look(threads)
                if moved:
                    pause = FIRST_PAUSE_SECONDS
                    continue
                if self.journal.in_flight():
                    self._check_patience()
                self.sleep(pause)
                pause = min(2 * pause, self.bounds.seconds_between_looks)

    def _settle_leaving(self, threads: ThreadPoolExecutor) -> None:
        """Requests of which a killed run did not learn whether they left."""
        questions = self.journal.leaving()
        for question, answer in zip(
            questions, threads.map(self.runtime.find, questions), strict=True
        ):
            if answer is None:
                self.journal.put_back(question.line)
            else:
                self.journal.answered(question.line, answer)

    def _send(self, threads: ThreadPoolExecutor, counts: Counts) -> int:
        questions = self.journal.take(self.bounds.in_flight - counts.in_flight, self.clock())
        finished = 0
        for question, sent in zip(questions, threads.map(self._try_send, questions), strict=True):
            if isinstance(sent, FewclickError):
                finished += self._failed(question, sent)
            elif sent.answered:
                finished += self._answered(question, sent.output)
            else:
                self.journal.sent(question.line, sent.output, sent.failure, self.clock())
        return finished

    def _try_send(self, question: Question) -> Sent | FewclickError:
        try:
            return self.runtime.send(question)
        except (TransientError, PermanentError) as error:
            return error

    def _hear(self) -> int:
        """What the endpoint's topics say of questions that are out."""
        heard = {notice.inference_id: notice for notice in self.notices()}
        if not heard:
            return 0
        finished = 0
        for sent in self.journal.in_flight():
            notice = heard.get(inference_id(self.run, sent.question))
            if notice is None:
                continue
            if notice.completed:
                finished += self._answered(sent.question, notice.output or sent.output)
            else:
                finished += self._failed(sent.question, failure_of(notice.reason))
        return finished

    def _look(self, threads: ThreadPoolExecutor) -> int:
        out = self.journal.in_flight()
        finished = 0
        for sent, found in zip(out, threads.map(self._try_look, out), strict=True):
            if isinstance(found, FewclickError):
                finished += self._failed(sent.question, found)
            elif found is not None:
                finished += self._answered(sent.question, found)
        return finished

    def _try_look(self, sent: SentQuestion) -> str | FewclickError | None:
        try:
            return self.runtime.look(sent, self.clock())
        except (TransientError, PermanentError) as error:
            return error

    def _answered(self, question: Question, output: str) -> int:
        """Note an answer; 1, for one that moved."""
        self.journal.answered(question.line, output)
        if self._first_is_out:
            self._first_is_out = False
            self.on_first(question.source_ref, output)
        return self._sign()

    def _failed(self, question: Question, error: FewclickError) -> int:
        """Have it asked again, or give it up; 1, for one that moved."""
        if isinstance(error, PermanentError) or question.attempt >= self.bounds.attempts:
            tried = "" if question.attempt == 1 else f" (attempt {question.attempt})"
            self.journal.give_up(question.line, f"{error}{tried}")
        else:
            delay = self.bounds.backoff_seconds * 2 ** (question.attempt - 1)
            self.journal.again(question.line, str(error), self.clock() + delay)
        return self._sign()

    def _sign(self) -> int:
        """The endpoint lives; 1, for one photo."""
        self._last_sign = self.clock()
        return 1

    def _check_patience(self) -> None:
        silent = self.clock() - self._last_sign
        if silent < self.bounds.patience_seconds:
            return
        checks = "".join(f"\n  - {line}" for line in self.diagnose())
        raise NeverWokeError(
            f"the endpoint has not answered for {silent / 60:.0f} minutes. Everything that was "
            f"sent is in the journal: run the same command again once this is put right.{checks}"
        )
