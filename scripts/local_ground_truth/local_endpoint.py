"""The runtime of all endpoints, and the click endpoint's container unless one runs already."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from scripts.local_ground_truth.endpoint_host import EndpointHost
from scripts.local_ground_truth.hosted_models import HostedModels
from scripts.local_ground_truth.http_server import LocalServer
from scripts.local_ground_truth.model_server import ModelServer
from scripts.local_ground_truth.runtime_host import RuntimeHost


def start_endpoint(
    name: str,
    server: LocalServer,
    models: HostedModels,
    closing: ExitStack,
    *,
    account: str,
    region: str,
    model_url: str | None,
    model_dir: Path | None,
    machine: Mapping[str, str],
    logs: Path,
) -> ModelServer | None:
    """Start what invocations need; the click endpoint's container, if one was started.

    Args:
        name: of the click endpoint; "" for none.
        models: the endpoints beside it.
        model_url: of a container that runs already.
        model_dir, machine, logs: for one that is started: see `ModelServer`.
    """
    model, clicks = None, None
    if name:
        if model_url is None:
            model = ModelServer(model_dir, machine, logs / f"{name}.log")
            closing.callback(model.stop)
        url = model_url if model is None else model.url
        assert url is not None, "there is a container in either case"
        clicks = EndpointHost(name, url.rstrip("/"), account=account, region=region)
    runtime = RuntimeHost(clicks, models)
    closing.callback(runtime.close)
    closing.callback(server.stop)
    server.start(runtime)
    return model
