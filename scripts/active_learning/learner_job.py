"""The learner as a SageMaker Processing job: the request that a run keeps, and the code it needs.

The request lies in the run's folder until a round begins; then the job's name and the address of
`round.json` are filled in (`hooks.core.active_learning.learner_request`). Pure, but for reading
this installation's files.
"""

from __future__ import annotations

from typing import Any

from hooks.core.active_learning.learner_request import ROUND
from scripts.active_learning.learner import LearnerSettings
from scripts.local_ground_truth.processing_jobs import LEARNER, LEARNER_IMAGE
from scripts.processing_job import (
    CODE_FILE,
    START_FILE,
    Machines,
    pack_code,
    processing_input,
    processing_request,
    start_script,
)

CODE_PACKAGES = ("hooks", "model_endpoint", "scripts")
CODE_FILES = (
    "model_endpoint/weights/small/config.json",
    "model_endpoint/weights/small/weights.safetensors",
)
"""The click model whose encoder the learner starts from."""
PACKAGES = ("pillow>=11", "opencv-python-headless>=4.10", "safetensors>=0.5")
"""What AWS's PyTorch image may lack."""
GIGABYTES = 30


def learning_request(
    name: str, settings: LearnerSettings, machines: Machines, code_uri: str
) -> dict[str, Any]:
    """CreateProcessingJob's parameters for fewclick's learner, with a place for the round.

    Args:
        name: of the run; rounds' jobs are called after it.
        code_uri: `s3://` prefix below which `learner_files` lie.
    """
    return processing_request(
        name, machines, [ROUND, *arguments_of(settings)], [processing_input("code", code_uri)]
    )


def own_learning_request(name: str, machines: Machines) -> dict[str, Any]:
    """The same for a container of the user's own, which gets nothing but the round's address."""
    request = processing_request(name, machines, [ROUND], ())
    del request["AppSpecification"]["ContainerEntrypoint"]  # the image's own
    del request["ProcessingInputs"]
    return request


def local_learning_request(name: str, settings: LearnerSettings, role_arn: str) -> dict[str, Any]:
    """The same for the local Ground Truth, which runs the learner itself."""
    machines = Machines(LEARNER_IMAGE, role_arn, "ml.m5.xlarge", gigabytes=GIGABYTES)
    request = own_learning_request(name, machines)
    request["AppSpecification"]["ContainerArguments"] += arguments_of(settings)
    return request


def arguments_of(settings: LearnerSettings) -> list[str]:
    """Of the learner's command, after the round's address."""
    arguments = ["--size", str(settings.size), "--device", settings.device]
    return arguments if settings.epochs is None else [*arguments, "--epochs", str(settings.epochs)]


def learner_files() -> dict[str, bytes]:
    """What a Processing job needs of this installation, by file name."""
    return {
        CODE_FILE: pack_code(CODE_PACKAGES, CODE_FILES),
        START_FILE: start_script(LEARNER, PACKAGES).encode(),
    }
