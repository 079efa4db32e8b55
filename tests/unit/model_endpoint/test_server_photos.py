"""Odd photos over HTTP: converted where that can be, refused in words where it cannot."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

from hooks.core.geometry import Size
from hooks.core.wire import SegmentResponse
from tests.unit.model_endpoint.test_server import REQUEST, service, serving

SIZE = (160, 120)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serving(service()) as opened:
        yield opened


def ask(client: httpx.Client, photo: bytes) -> Any:
    fields = {name: value for name, value in REQUEST.items() if name != "image"}
    fields["image_bytes"] = base64.b64encode(photo).decode()
    return client.post("/invocations", content=json.dumps(fields))


def saved(image: Image.Image, kind: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def noise() -> Image.Image:
    values = np.random.default_rng(1).integers(0, 255, (SIZE[1], SIZE[0], 3))
    return Image.fromarray(values.astype(np.uint8))


def deep() -> Image.Image:
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    return Image.fromarray((rows * 300 + columns).astype(np.uint16))


def claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims so many pixels."""
    photo = bytearray(saved(Image.new("L", (8, 8)), "PNG"))
    photo[16:24] = struct.pack(">II", width, height)
    photo[29:33] = struct.pack(">I", zlib.crc32(photo[12:29]))
    return bytes(photo)


@pytest.mark.parametrize(
    "photo",
    [
        pytest.param(saved(Image.new("CMYK", SIZE, (10, 60, 90, 0)), "JPEG"), id="CMYK"),
        pytest.param(saved(deep(), "PNG"), id="16 bits"),
        pytest.param(saved(deep(), "TIFF"), id="16-bit TIFF"),
        pytest.param(saved(noise().convert("L"), "JPEG"), id="grey"),
        pytest.param(saved(noise().convert("RGBA"), "PNG"), id="transparent"),
        pytest.param(saved(noise().convert("P"), "PNG"), id="palette"),
    ],
)
def test_odd_photos_are_converted(client: httpx.Client, photo: bytes) -> None:
    reply = ask(client, photo)
    assert reply.status_code == 200, reply.text
    assert SegmentResponse.from_json(reply.content).mask.to_mask(Size(*SIZE)).any()


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        pytest.param(saved(noise(), "JPEG")[:2000], "cannot be read", id="cut off"),
        pytest.param(saved(noise(), "JPEG")[:40], "photo", id="header only"),
        pytest.param(b"\xff\xd8\xff\xe0" + bytes(500), "photo", id="corrupt JPEG"),
        pytest.param(claiming(20_000, 10_000), "million", id="200 megapixels"),
        pytest.param(claiming(60_000, 60_000), "million", id="3600 megapixels"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(
    client: httpx.Client, photo: bytes, words: str
) -> None:
    before = psutil.Process().memory_info().rss
    reply = ask(client, photo)
    assert (reply.status_code, reply.json()["error"]) == (415, "not-a-photo")
    assert words in reply.json()["message"]
    assert reply.json()["retryable"] is False
    assert psutil.Process().memory_info().rss - before < 50e6  # nothing of it was decoded
    assert ask(client, saved(noise(), "PNG")).status_code == 200


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(client: httpx.Client, number: str) -> None:
    click = json.dumps(REQUEST | {"clicks": [{"x": 50, "y": 50, "kind": "inside"}]})
    for body in (
        click.replace('"x": 50', f'"x": {number}'),
        click.replace("[80, 20]", f"[{number}, 20]"),
    ):
        reply = client.post("/invocations", content=body)
        assert 400 <= reply.status_code < 500
        assert reply.json()["message"]
