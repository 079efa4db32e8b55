"""The addresses of all servers of a local Ground Truth, and who can reach each of them.

    cloud       S3 and the rest of AWS    this machine: it believes signatures in headers
    endpoint    the model's invocations   this machine: it asks for no signature at all
    portal      workers and requester     the host: sessions
    click-api   pages' clicks             the host: task tokens
    links       photos and masks          the host: presigned links, for reading

The host is this machine too, unless it was given an address in the local network.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

from scripts.local_ground_truth.cloud import cloud_request_handler
from scripts.local_ground_truth.durable_file import write_durably
from scripts.local_ground_truth.http_server import LOOPBACK, LocalServer, QuietRequestHandler

ON_THIS_MACHINE = ("cloud", "endpoint")
AT_THE_HOST = ("portal", "click-api", "links")
SPEAKING_AWS = ("cloud", "links")


def bind_servers(root: Path, host: str, closing: ExitStack) -> dict[str, LocalServer]:
    """All servers by name, stopped by `closing`.

    If possible they have the ports of the folder's last run: pages open since stay good.

    Raises:
        AddressError: the host is no address that could be served at.
    """
    file = root / "ports.json"
    ports: dict[str, int] = json.loads(file.read_bytes()) if file.exists() else {}
    servers: dict[str, LocalServer] = {}
    for name in (*ON_THIS_MACHINE, *AT_THE_HOST):
        servers[name] = LocalServer(
            host=host if name in AT_THE_HOST else LOOPBACK,
            port=ports.get(name, 0),
            handler=cloud_request_handler() if name in SPEAKING_AWS else QuietRequestHandler,
        )
        closing.callback(servers[name].stop)
    bound = {name: server.port for name, server in servers.items()}
    write_durably(file, json.dumps(bound).encode(), incoming=root / ".incoming")
    return servers
