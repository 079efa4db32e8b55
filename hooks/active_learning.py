"""Active learning: people label a little, a model learns, it labels what it is sure of; again.

One step of the state machine `active_learning.asl.json` each time it is invoked:

    {"step": "start_labeling", "run": "s3://<bucket>/active-learning/<name>/",
     "wait_seconds": 300, "phase": "training", "round": 0}

The answer is the state machine's data from then on, its `next` what comes. Steps record what they
decide in the run's folder before they answer, and answer from the record when they are asked again.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from hooks import aws_loop
from hooks.core.active_learning.loop_state import LoopState, Step, step_of
from hooks.loop_ends import finish, split_photos
from hooks.loop_judging import judge
from hooks.loop_labeling import check_labeling, start_labeling
from hooks.loop_labels import auto_label
from hooks.loop_training import check_training, start_training

logger = Logger(service="active-learning")
metrics = Metrics(namespace="fewclick", service="active-learning")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point for the state machine. Whatever it raises ends the execution, but for
    AwsBusyError, after which it is asked again."""
    metrics.add_metric("Steps", MetricUnit.Count, 1)
    step = step_of(event)
    state = LoopState.from_event(event)
    logger.append_keys(run=state.folder.address, step=step, phase=state.phase, round=state.round)
    try:
        after = _take(step, state, context)
    except Exception as error:
        if aws_loop.is_busy(error):
            raise aws_loop.AwsBusyError(str(error)) from error
        raise
    logger.info("done", extra={"next": after.next})
    return after.to_json()


def _take(step: Step, state: LoopState, context: LambdaContext) -> LoopState:
    if step is Step.JUDGE:
        return judge(state, lambda: context.get_remaining_time_in_millis() / 1000)
    take = {
        Step.SPLIT: split_photos,
        Step.START_LABELING: start_labeling,
        Step.CHECK_LABELING: check_labeling,
        Step.START_TRAINING: start_training,
        Step.CHECK_TRAINING: check_training,
        Step.AUTO_LABEL: auto_label,
        Step.FINISH: finish,
    }
    return take[step](state)
