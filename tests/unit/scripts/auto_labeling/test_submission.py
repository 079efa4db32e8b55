"""Every photo gets an answer or a reason, whatever happens on the way, and none is asked twice."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from threading import Lock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.auto_labeling.answered import Answered, Unanswered
from scripts.auto_labeling.journal import Journal, Question, SentQuestion
from scripts.auto_labeling.model_runtime import (
    PermanentError,
    RuntimeRefusedError,
    Sent,
    TransientError,
    failure_of,
    inference_id,
)
from scripts.auto_labeling.notices import Notice
from scripts.auto_labeling.submission import NeverWokeError, Submission, SubmissionBounds
from scripts.refusal import RefusedError


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.1)


class Killed(BaseException):
    """The process ends here."""


class Model:
    """An endpoint that answers a question after it has been looked at `looks` times.

    Args:
        faults: (line, attempt) to the error that it ends in.
    """

    def __init__(
        self, faults: dict[tuple[int, int], Exception] | None = None, looks: int = 1
    ) -> None:
        self.faults = faults or {}
        self.looks = looks
        self.sent: list[Question] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.seen: dict[str, int] = {}
        self.kill: Callable[[str], None] = lambda place: None
        self._lock = Lock()

    def send(self, question: Question) -> Sent:
        self.kill("before sending")
        with self._lock:
            self.sent.append(question)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.kill("after sending")
        return Sent(address_of(question), address_of(question) + "-error")

    def look(self, sent: SentQuestion, now: float) -> str | None:
        with self._lock:
            self.seen[sent.output] = self.seen.get(sent.output, 0) + 1
            if self.seen[sent.output] < self.looks:
                return None
            self.in_flight -= 1
        fault = self.faults.get((sent.question.line, sent.question.attempt))
        if fault is not None:
            raise fault
        return sent.output

    def find(self, question: Question) -> str | None:
        return address_of(question) if question in self.sent else None


def address_of(question: Question) -> str:
    return f"s3://answers/run/{question.line}-{question.attempt}.out"


def journal_of(folder: Path, photos: int, digest: str = "run") -> Journal:
    journal = Journal(folder / "journal.sqlite", digest)
    journal.add((line, f"s3://photos/{line}.jpg") for line in range(photos))
    return journal


def submission(journal: Journal, model: Model, **bounds: float) -> Submission:
    clock = Clock()
    given = SubmissionBounds(**{"in_flight": 4, **bounds})  # type: ignore[arg-type]
    return Submission(journal, model, "run", given, clock=clock, sleep=clock.sleep)


def test_every_photo_is_asked_once_and_answered_in_the_manifests_order(tmp_path: Path) -> None:
    model = Model(looks=3)
    with journal_of(tmp_path, 30) as journal:
        counts = submission(journal, model).follow()
        assert (counts.answered, counts.given_up) == (30, 0)
        assert list(journal.outcomes()) == [
            Answered(line, f"s3://photos/{line}.jpg", f"s3://answers/run/{line}-1.out")
            for line in range(30)
        ]
    assert sorted(question.line for question in model.sent) == list(range(30))


def test_no_more_are_in_flight_than_allowed(tmp_path: Path) -> None:
    model = Model(looks=2)
    with journal_of(tmp_path, 40) as journal:
        submission(journal, model, in_flight=3).follow()
    assert model.most_in_flight == 3


def test_what_fails_for_a_moment_is_asked_again_later(tmp_path: Path) -> None:
    model = Model({(1, 1): TransientError("503"), (1, 2): TransientError("503")})
    with journal_of(tmp_path, 3) as journal:
        run = submission(journal, model, backoff_seconds=10)
        assert run.follow().answered == 3
        assert run.clock() >= 1_000_030  # 10 s before the second attempt, 20 before the third
    assert [question.attempt for question in model.sent if question.line == 1] == [1, 2, 3]


def test_what_fails_for_good_is_given_up_at_once_with_its_reason(tmp_path: Path) -> None:
    model = Model({(1, 1): PermanentError("415 from primary")})
    with journal_of(tmp_path, 3) as journal:
        counts = submission(journal, model).follow()
        assert (counts.answered, counts.given_up) == (2, 1)
        assert Unanswered(1, "s3://photos/1.jpg", "415 from primary") in list(journal.outcomes())


def test_after_so_many_attempts_a_photo_is_given_up(tmp_path: Path) -> None:
    model = Model({(0, attempt): TransientError("timed out") for attempt in range(1, 9)})
    with journal_of(tmp_path, 1) as journal:
        submission(journal, model, attempts=3).follow()
        assert list(journal.outcomes()) == [
            Unanswered(0, "s3://photos/0.jpg", "timed out (attempt 3)")
        ]
        assert journal.ask_again_about_given_up() == 1
        model.faults.clear()
        assert submission(journal, model).follow().answered == 1


def test_an_endpoint_that_takes_nothing_ends_the_run(tmp_path: Path) -> None:
    class Refusing(Model):
        def send(self, question: Question) -> Sent:
            raise RuntimeRefusedError("there is no endpoint")

    with journal_of(tmp_path, 3) as journal, pytest.raises(RuntimeRefusedError):
        submission(journal, Refusing()).follow()


def test_an_endpoint_that_never_wakes_is_told_with_what_to_check(tmp_path: Path) -> None:
    with journal_of(tmp_path, 3) as journal:
        run = submission(journal, Model(looks=10**9), patience_seconds=600)
        run.diagnose = lambda: ["Alarm wakes: INSUFFICIENT_DATA", "Quota: 0 of ml.g4dn.xlarge"]
        with pytest.raises(NeverWokeError) as raised:
            run.follow()
        assert journal.counts().in_flight == 3
    assert "not answered for 10 minutes" in str(raised.value)
    assert "\n  - Quota: 0 of ml.g4dn.xlarge" in str(raised.value)


def test_notices_tell_sooner_than_looks_and_foreign_ones_tell_nothing(tmp_path: Path) -> None:
    with journal_of(tmp_path, 2) as journal:
        run = submission(journal, Model(looks=10**9))
        run.notices = lambda: [
            Notice("somebody-elses", True, "s3://x/y", ""),
            Notice(inference_id("run", Question(0, "", 1)), True, "s3://answers/told.out", ""),
            Notice(
                inference_id("run", Question(1, "", 1)),
                False,
                "",
                'ClientError: Received client error (400) from primary with message "no photo"',
            ),
        ]
        run.follow()
        answered, unanswered = journal.outcomes()
    assert answered == Answered(0, "s3://photos/0.jpg", "s3://answers/told.out")
    assert isinstance(unanswered, Unanswered)
    assert "no photo" in unanswered.reason


@settings(max_examples=15)
@given(st.integers(0, 25), st.sampled_from(["before sending", "after sending"]))
def test_killed_anywhere_and_run_again_nothing_is_lost_or_asked_twice(
    tmp_path_factory: pytest.TempPathFactory, calls: int, place: str
) -> None:
    folder = tmp_path_factory.mktemp("run")
    model = Model(looks=2)
    left = calls

    def kill(here: str) -> None:
        nonlocal left
        if here == place:
            left -= 1
            if left < 0:
                raise Killed

    with journal_of(folder, 12) as journal:
        model.kill = kill
        try:
            submission(journal, model).follow()
        except Killed:
            model.kill = lambda place: None
    with journal_of(folder, 12) as journal:
        counts = submission(journal, model).follow()
        assert counts.answered == 12
    assert sorted(question.line for question in model.sent) == list(range(12))


def test_what_was_sent_to_an_endpoint_that_is_gone_is_sent_to_the_new_one(tmp_path: Path) -> None:
    first = Model(looks=10**9)
    with journal_of(tmp_path, 3) as journal:
        assert not journal.meet("made at noon")
        run = submission(journal, first, patience_seconds=5)
        with pytest.raises(NeverWokeError):
            run.follow()
    second = Model()
    with journal_of(tmp_path, 3) as journal:
        assert journal.meet("made at one")
        second.looks = 10**9  # the look for late answers finds none
        run = submission(journal, second)
        run.sleep = lambda seconds: setattr(second, "looks", 1)
        assert run.follow(new_endpoint=True).answered == 3
    assert [question.attempt for question in second.sent] == [1, 1, 1]


def test_a_journal_of_another_run_is_refused(tmp_path: Path) -> None:
    journal_of(tmp_path, 1).close()
    with pytest.raises(RefusedError, match="another model or other settings"):
        Journal(tmp_path / "journal.sqlite", "another")
    (tmp_path / "text").write_text("this is no journal but it is long enough to be one" * 40)
    with pytest.raises(RefusedError, match="is no journal"):
        Journal(tmp_path / "text", "run")


def test_ten_thousand_outcomes_are_read_one_at_a_time(tmp_path: Path) -> None:
    with journal_of(tmp_path, 10_000) as journal:
        for question in journal.take(200, 1.0):
            journal.answered(question.line, "s3://answers/run/x.out")
        outcomes = journal.outcomes()
        tracemalloc.start()
        assert sum(1 for _ in outcomes) == 200
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 100_000


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('Received client error (415) from primary with message "x"', PermanentError),
        ('Received client error (429) from primary with message "slow"', TransientError),
        ('Received server error (500) from primary with message "x"', TransientError),
        ("Your invocation timed out while waiting for a response", TransientError),
        ("", TransientError),
    ],
)
def test_failures_are_told_apart(said: str, kind: type[Exception]) -> None:
    assert type(failure_of(said)) is kind


def test_inference_ids_are_the_same_again_and_short_enough() -> None:
    question = Question(9_999_999, "s3://b/k", 12)
    assert inference_id("a" * 64, question) == inference_id("a" * 64, question)
    assert len(inference_id("a" * 64, question)) <= 64
