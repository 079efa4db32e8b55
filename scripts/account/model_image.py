"""The click model's container image: named after what goes into it, so that it is built once.

    <repository>:cpu-0.1.0-3f2a9c41d0be

The name changes when a file changes that the image holds, or the kind of instance it is for.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from scripts.account.aws_account import AwsAccount
from scripts.account.aws_errors import code_of
from scripts.account.outside_program import run_program

REPOSITORY = Path(__file__).parent.parent.parent
DOCKERFILE = Path("model_endpoint/Dockerfile")
WITH_GRAPHICS_CARD = re.compile(r"ml\.(g|p)\d")
"""Instance types that have one."""
PLATFORM = "linux/amd64"


@dataclass(frozen=True, slots=True)
class ModelImage:
    """What `docker build` is asked for. `gpu`: it is for a graphics card, and has PyTorch."""

    tag: str
    gpu: bool
    build_arguments: tuple[str, ...]

    def build_command(self, docker: str, repository_uri: str) -> list[str]:
        return [
            docker,
            "build",
            "--platform",
            PLATFORM,
            "--file",
            str(DOCKERFILE),
            "--tag",
            f"{repository_uri}:{self.tag}",
            *self.build_arguments,
            ".",
        ]


def image_for(instance_type: str) -> ModelImage:
    """The image for instances of a type: with PyTorch where there is a graphics card."""
    gpu = WITH_GRAPHICS_CARD.match(instance_type) is not None
    arguments = () if gpu else ("--build-arg", "TORCH=")
    digest = hashlib.sha256("\0".join(arguments).encode())
    for path in _sources():
        digest.update(f"{path.relative_to(REPOSITORY).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    kind = "gpu" if gpu else "cpu"
    tag = f"{kind}-{version('fewclick')}-{digest.hexdigest()[:12]}"
    return ModelImage(tag, gpu, arguments)


def _sources() -> list[Path]:
    """The files that the Dockerfile copies, and itself."""
    text = (REPOSITORY / DOCKERFILE).read_text(encoding="utf-8")
    names = [
        name
        for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    found = {REPOSITORY / DOCKERFILE}
    for name in names:
        path = REPOSITORY / name
        files = path.rglob("*") if path.is_dir() else [path]
        found.update(file for file in files if file.is_file() and file.suffix != ".pyc")
    return sorted(found)


def pushed_digest(account: AwsAccount, repository_uri: str, tag: str) -> str | None:
    """The digest of an image that the repository has; None if it has not."""
    name = repository_uri.partition("/")[2]
    try:
        answer = account.client("ecr").describe_images(
            repositoryName=name, imageIds=[{"imageTag": tag}]
        )
    except ClientError as error:
        if code_of(error) in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return None
        raise
    digest: str = answer["imageDetails"][0]["imageDigest"]
    return digest


def build_and_push(
    account: AwsAccount,
    image: ModelImage,
    repository_uri: str,
    docker: str,
    say: Callable[[str], None],
) -> str:
    """Build the image and push it, unless the repository has it; its digest."""
    digest = pushed_digest(account, repository_uri, image.tag)
    if digest is not None:
        say(f"The image {image.tag} is in the repository already.")
        return digest
    say(f"Building the image {image.tag}.")
    run_program(image.build_command(docker, repository_uri), cwd=REPOSITORY)
    say("Pushing it to ECR.")
    _log_in(account, repository_uri, docker)
    run_program([docker, "push", f"{repository_uri}:{image.tag}"])
    digest = pushed_digest(account, repository_uri, image.tag)
    if digest is None:
        raise LookupError(f"{repository_uri} has no image {image.tag} after it was pushed.")
    return digest


def _log_in(account: AwsAccount, repository_uri: str, docker: str) -> None:
    data: Any = account.client("ecr").get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    registry = repository_uri.partition("/")[0]
    command = [docker, "login", "--username", user, "--password-stdin", registry]
    run_program(command, secret_input=password)
