"""Addresses: remembered ones if they are free, loopback names alone, and a quiet end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from werkzeug.wrappers import Request, Response

from scripts.local_ground_truth.http_server import LoopbackServer, host_name


@Request.application
def slow(request: Request) -> Response:
    time.sleep(0.4)
    return Response(request.host)


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    server = LoopbackServer()
    server.start(slow)
    yield server
    server.stop()


def test_a_port_is_taken_again_and_another_if_it_is_not_free(server: LoopbackServer) -> None:
    other = LoopbackServer(port=server.port)
    assert other.port != server.port
    other.stop()
    again = LoopbackServer(port=other.port)
    assert again.port == other.port
    again.stop()


def test_requests_in_progress_are_answered_before_the_end() -> None:
    server = LoopbackServer()
    server.start(slow)
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(httpx.get(server.url).status_code))
    asking.start()
    time.sleep(0.2)
    server.stop()
    asking.join()
    assert answers == [200]


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:80", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]:80", "[::1]"),
        ("LOCALHOST", "localhost"),
        ("127.0.0.1.evil.example:80", "127.0.0.1.evil.example"),
    ],
)
def test_a_host_header_has_a_name(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", ""])
def test_other_names_are_turned_away(server: LoopbackServer, host: str) -> None:
    assert httpx.get(server.url, headers={"Host": host}).status_code == 421
