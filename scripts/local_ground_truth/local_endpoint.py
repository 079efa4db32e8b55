"""The model endpoint: its host, and behind it a container unless one runs already."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from scripts.local_ground_truth.endpoint_host import EndpointHost
from scripts.local_ground_truth.http_server import LocalServer
from scripts.local_ground_truth.model_server import ModelServer


def start_endpoint(
    name: str,
    server: LocalServer,
    closing: ExitStack,
    *,
    account: str,
    region: str,
    model_url: str | None,
    model_dir: Path | None,
    machine: Mapping[str, str],
    logs: Path,
) -> ModelServer | None:
    """Start what invocations of the endpoint need; the container, if one was started.

    Args:
        model_url: of a container that runs already.
        model_dir, machine, logs: for one that is started: see `ModelServer`.
    """
    model = None
    if model_url is None:
        model = ModelServer(model_dir, machine, logs / f"{name}.log")
        closing.callback(model.stop)
    url = model_url if model is None else model.url
    assert url is not None, "there is a container in either case"
    endpoint = EndpointHost(name, url.rstrip("/"), account=account, region=region)
    closing.callback(endpoint.close)
    closing.callback(server.stop)
    server.start(endpoint)
    return model
