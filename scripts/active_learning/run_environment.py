"""Where a run lives: its folder, and who carries it out, on AWS or on one machine."""

from __future__ import annotations

from dataclasses import dataclass

from hooks.core.active_learning.run_folder import RunFolder
from scripts.account.aws_account import AwsAccount
from scripts.jobs.job_environment import (
    JobEnvironment,
    describe_stack,
    find_environment,
)
from scripts.object_store import S3Objects
from scripts.refusal import RefusedError

STATE_MACHINE, FUNCTION, LEARNER_ROLE = (
    "ActiveLearningStateMachineArn",
    "ActiveLearningFunctionArn",
    "LearnerRoleArn",
)


@dataclass(frozen=True, slots=True)
class LoopEnvironment:
    """The stack's parts for active learning.

    Attributes:
        state_machine_arn: "" on one machine, where this package executes the definition.
    """

    jobs: JobEnvironment
    state_machine_arn: str
    function_arn: str
    learner_role_arn: str

    def folder(self, name: str) -> RunFolder:
        return RunFolder.of(self.jobs.bucket, name)


def find_loop_environment(
    account: AwsAccount, stack: str, role_arn: str | None = None
) -> LoopEnvironment:
    """The environment of an account.

    Args:
        role_arn: Ground Truth's execution role, in place of the stack's.

    Raises:
        RefusedError: there is no such stack, or it is from before active learning.
    """
    jobs = find_environment(account, stack, role_arn)
    if account.served is not None:
        function = account.served.active_learning_arn
        if not function:
            raise RefusedError(
                "the local Ground Truth has no function for active learning: start it again "
                "(`fewclick serve`) from this version."
            )
        return LoopEnvironment(jobs, "", function, account.served.role_arn)
    described = describe_stack(account, stack)
    outputs = {item["OutputKey"]: item["OutputValue"] for item in described.get("Outputs", [])}
    missing = [name for name in (STATE_MACHINE, FUNCTION, LEARNER_ROLE) if name not in outputs]
    if missing:
        raise RefusedError(
            f"the stack {stack} has no output {missing[0]}: it is of an earlier version. Deploy it "
            "again (`fewclick deploy`)."
        )
    return LoopEnvironment(jobs, outputs[STATE_MACHINE], outputs[FUNCTION], outputs[LEARNER_ROLE])


def store_of(account: AwsAccount) -> S3Objects:
    """The account's objects."""
    return S3Objects(account.client("s3"))
