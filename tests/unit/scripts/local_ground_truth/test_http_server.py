"""Addresses: remembered ones if they are free, loopback names alone, and a quiet end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from werkzeug.wrappers import Request, Response

from scripts.local_ground_truth import http_server
from scripts.local_ground_truth.http_server import AddressError, LocalServer, host_name


@Request.application
def slow(request: Request) -> Response:
    time.sleep(0.4)
    return Response(request.host)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    server = LocalServer()
    server.start(slow)
    yield server
    server.stop()


def test_a_port_is_taken_again_and_another_if_it_is_not_free(server: LocalServer) -> None:
    other = LocalServer(port=server.port)
    assert other.port != server.port
    other.stop()
    again = LocalServer(port=other.port)
    assert again.port == other.port
    again.stop()


def test_requests_in_progress_are_answered_before_the_end() -> None:
    server = LocalServer()
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
def test_other_names_are_turned_away(server: LocalServer, host: str) -> None:
    assert httpx.get(server.url, headers={"Host": host}).status_code == 421


def test_a_server_with_a_name_answers_to_that_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    here = (socket.AF_INET, "127.0.0.1")
    monkeypatch.setattr(http_server, "_resolve", lambda host: here)
    server = LocalServer(host="labels.test")
    server.start(slow)
    assert server.url == f"http://labels.test:{server.port}"
    address = f"http://127.0.0.1:{server.port}"
    assert httpx.get(address).status_code == 421
    assert httpx.get(address, headers={"Host": "localhost"}).status_code == 421
    assert httpx.get(address, headers={"Host": "LABELS.test:80"}).status_code == 200
    server.stop()


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("0.0.0.0", "name the one under which the others reach this machine"),
        ("::", "name the one under which"),
        ("no such host", "no address or name that this machine knows"),
        ("192.0.2.200", "cannot be served at"),
    ],
)
def test_a_host_that_cannot_be_served_at_is_named(host: str, problem: str) -> None:
    with pytest.raises(AddressError, match=problem):
        LocalServer(host=host)


def test_who_says_nothing_keeps_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server.QuietRequestHandler, "timeout", 0.2)
    server = LocalServer()
    server.start(slow)
    with socket.create_connection(("127.0.0.1", server.port)) as silent:
        silent.settimeout(20)
        assert silent.recv(1) == b""  # the server has hung up
    server.stop()
