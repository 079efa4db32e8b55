"""A run's questions put to its model: an endpoint made or found, followed, and taken down again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hooks.core.errors import FewclickError
from scripts.account.aws_account import AwsAccount
from scripts.auto_labeling.async_endpoint import AsyncEndpointParts
from scripts.auto_labeling.endpoint_diagnosis import EndpointDiagnosis
from scripts.auto_labeling.endpoint_scaling import ScalableTarget, ScalingRequests, WakingAlarm
from scripts.auto_labeling.existing_endpoint import EndpointFacts, existing_endpoint
from scripts.auto_labeling.journal import Counts, Journal
from scripts.auto_labeling.model_runtime import AsyncRuntime, ModelRuntime, RealTimeRuntime
from scripts.auto_labeling.notices import Notice, listening
from scripts.auto_labeling.run_model import RunModel
from scripts.auto_labeling.submission import Submission, SubmissionBounds
from scripts.object_store import S3Objects
from scripts.segmentation.hosted_endpoint import HostedEndpoint

QUEUED_PER_WORKER = 2
"""Requests that are out for each that an instance works on: so it need not wait for a look."""


@dataclass(frozen=True, slots=True)
class AskingPlan:
    """How a run asks.

    Attributes:
        run: its digest's beginning; names it in inference ids and output paths.
        parts: of the endpoint that is to be made; None where one is there.
        answers_uri: where answers of a real-time endpoint are put.
        accept, content_type: what the model is asked for and in; see `model_runtime`.
        max_instances: up to which an endpoint that is made scales.
        keep: it stays afterwards, asleep.
        patience_seconds: see `submission.SubmissionBounds`.
    """

    run: str
    model: RunModel
    parts: AsyncEndpointParts | None
    answers_uri: str
    accept: str | None
    content_type: str | None
    max_instances: int = 1
    attempts: int = 4
    keep: bool = False
    patience_seconds: float = 1800.0
    seconds_between_looks: float = 2.0


def ask_about_all(
    plan: AskingPlan,
    journal: Journal,
    account: AwsAccount,
    console: Console,
    on_first: Callable[[str, str], None],
) -> Counts:
    """Ask about every photo of the journal that has no answer yet.

    Args:
        on_first: see `submission.Submission`.

    Raises:
        NeverWokeError, RuntimeRefusedError, EndpointError: as their descriptions say. The endpoint
            goes in every case.
    """
    counts = journal.counts()
    if counts.done == counts.total:
        if journal.has_made() and not plan.keep:
            _delete_left_over(plan, journal, account, console)
        return counts
    with ExitStack() as closing:
        facts = closing.enter_context(_endpoint(plan, journal, account, console))
        new = journal.meet(facts.incarnation)
        hear: Callable[[], list[Notice]] = list
        if facts.topics:
            clients = account.client("sqs"), account.client("sns")
            name = f"fewclick-{plan.run}"
            hear = closing.enter_context(listening(*clients, facts.topics, name, console.print))
        on_progress = closing.enter_context(_bar(console))
        submission = Submission(
            journal,
            _runtime(plan, facts, account),
            plan.run,
            SubmissionBounds(
                in_flight=QUEUED_PER_WORKER * facts.concurrency * _instances(plan, facts),
                attempts=plan.attempts,
                patience_seconds=plan.patience_seconds,
                seconds_between_looks=plan.seconds_between_looks,
            ),
            notices=hear,
            diagnose=EndpointDiagnosis(account, facts.name).sentences,
            on_progress=on_progress,
            on_first=on_first,
        )
        return submission.follow(new_endpoint=new)


def scaling_of(plan: AskingPlan) -> ScalingRequests:
    """The requests that let the endpoint sleep and wake."""
    assert plan.parts is not None, "one that is there scales as its owner wants"
    return ScalingRequests(plan.parts.name, plan.max_instances)


@contextmanager
def _endpoint(
    plan: AskingPlan, journal: Journal, account: AwsAccount, console: Console
) -> Iterator[EndpointFacts]:
    if plan.parts is None:
        assert plan.model.facts is not None
        yield plan.model.facts
        return
    if plan.model.archive is not None:
        address, archive = plan.model.archive
        S3Objects(account.client("s3")).write(address, archive, "application/gzip")
    hosted = _hosted(plan, account, console)
    console.print(f"Endpoint {hosted.name}; Ctrl-C deletes it.", soft_wrap=True)
    journal.note_made(True)
    try:
        with hosted:
            yield existing_endpoint(account, hosted.name)
    finally:
        if not hosted.left:
            journal.note_made(False)
    _refuse_left(hosted)
    if plan.keep:
        console.print(
            f"The endpoint {hosted.name} stays, and sleeps when it has nothing to do. Use it "
            f"again with --model endpoint:{hosted.name}.",
            soft_wrap=True,
        )


def _hosted(plan: AskingPlan, account: AwsAccount, console: Console) -> HostedEndpoint:
    assert plan.parts is not None, "one that is there is not made"
    autoscaling = account.client("application-autoscaling")
    requests = scaling_of(plan)
    return HostedEndpoint(
        account.client("sagemaker"),
        plan.parts,
        partial(console.print, soft_wrap=True, highlight=False),
        attachments=(
            ScalableTarget(autoscaling, requests),
            WakingAlarm(autoscaling, account.client("cloudwatch"), requests),
        ),
        adopt=True,
        keep=plan.keep,
    )


def _delete_left_over(
    plan: AskingPlan, journal: Journal, account: AwsAccount, console: Console
) -> None:
    """What a run left that was killed after its last answer."""
    hosted = _hosted(plan, account, console)
    hosted.delete_left_over()
    _refuse_left(hosted)
    journal.note_made(False)


def _refuse_left(hosted: HostedEndpoint) -> None:
    if hosted.left:
        raise FewclickError(f"not deleted: {', '.join(hosted.left)}.")


def _instances(plan: AskingPlan, facts: EndpointFacts) -> int:
    """That may come to run: more requests than one can do are what brings the second."""
    return facts.instances if plan.parts is None else plan.max_instances


def _runtime(plan: AskingPlan, facts: EndpointFacts, account: AwsAccount) -> ModelRuntime:
    runtime, s3 = account.client("sagemaker-runtime"), account.client("s3")
    if facts.output_path is None:
        return RealTimeRuntime(
            runtime, s3, facts.name, plan.run, plan.answers_uri, plan.content_type, plan.accept
        )
    return AsyncRuntime(
        runtime, s3, facts.name, plan.run, facts.output_path, plan.content_type, plan.accept
    )


@contextmanager
def _bar(console: Console) -> Iterator[Callable[[Counts], None]]:
    """A bar of the photos that are done."""
    columns = (
        TextColumn("asking the model"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[said]}"),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        bar = bars.add_task("", total=None, said="")

        def show(counts: Counts) -> None:
            failed = f", {counts.given_up} without an answer" if counts.given_up else ""
            bars.update(
                bar,
                total=counts.total,
                completed=counts.done,
                said=f"{counts.in_flight} in flight{failed}",
            )

        yield show
