"""The PNGs that workers submit, in every form that PNG allows and in many that it does not."""

from __future__ import annotations

import base64
import io
import struct
import tracemalloc
import zlib
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, PngImagePlugin

from hooks.core.drawn_png import LabelImage, read_instance_image, read_label_image
from hooks.core.errors import AnswerError
from hooks.core.geometry import Size
from hooks.core.masks import VOID
from tests.grid import label_grid

ORANGE, BLUE, WHITE = (0xE6, 0x9F, 0x00), (0x56, 0xB4, 0xE9), (255, 255, 255)
CLASSES = {ORANGE: 1, BLUE: 2}
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}


def chunk(name: bytes, data: bytes) -> bytes:
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def header(width: int, height: int, depth: int, color: int, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace))


def file_of(*chunks: bytes) -> str:
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()


def png(
    rows: Sequence[bytes], width: int, depth: int, color: int, *extra: bytes, interlace: int = 0
) -> str:
    """A PNG byte by byte: forms that Pillow reads but does not write."""
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    begin = header(width, len(rows), depth, color, interlace)
    return file_of(begin, *extra, chunk(b"IDAT", data), chunk(b"IEND", b""))


def written(image: Image.Image, **options: object) -> str:
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return base64.b64encode(stream.getvalue()).decode()


def wide(*colors: Sequence[int]) -> bytes:
    """Channels of 8 bits as ones of 16."""
    return b"".join(struct.pack(">H", channel * 257) for color in colors for channel in color)


def read(
    data: object, size: Size, classes: dict[tuple[int, int, int], int] = CLASSES
) -> LabelImage:
    return read_label_image(data, size, classes)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(
            png([bytes([*ORANGE, 255, *BLUE, 255, *ORANGE, 0])], 3, 8, RGBA), "12.", id="RGBA"
        ),
        pytest.param(
            png([bytes([*ORANGE, 127, *ORANGE, 128, *BLUE, 1])], 3, 8, RGBA),
            ".1.",
            id="less than half opaque is nothing",
        ),
        pytest.param(png([wide(ORANGE, BLUE, WHITE)], 3, 16, RGB), "12.", id="16-bit RGB"),
        pytest.param(
            png([wide((*ORANGE, 255), (*BLUE, 255), (*BLUE, 0))], 3, 16, RGBA),
            "12.",
            id="16-bit RGBA",
        ),
        pytest.param(
            png([b"\x1b"], 4, 2, PALETTE, chunk(b"PLTE", bytes([*WHITE, *ORANGE, *BLUE, 9, 9, 9]))),
            ".12.",
            id="2-bit palette",
        ),
        pytest.param(
            png(
                [bytes([0, 1, 2])],
                3,
                8,
                PALETTE,
                chunk(b"PLTE", bytes([*BLUE, *ORANGE, *BLUE])),
                chunk(b"tRNS", bytes([0, 255, 100])),
            ),
            ".1.",
            id="palette with transparency for each colour",
        ),
        pytest.param(
            png([bytes([0, 1, 2])], 3, 8, PALETTE, chunk(b"PLTE", bytes([*BLUE, *ORANGE]))),
            "21.",
            id="a value beyond the palette",
        ),
        pytest.param(
            png(
                [bytes([*ORANGE, *BLUE, *ORANGE])],
                3,
                8,
                RGB,
                chunk(b"tRNS", struct.pack(">3H", *BLUE)),
            ),
            "1.1",
            id="RGB with one colour transparent",
        ),
        pytest.param(
            png([bytes([*ORANGE]), bytes([*BLUE])], 1, 8, RGB), "1/2", id="one column of pixels"
        ),
        pytest.param(
            written(Image.new("RGB", (2, 1), ORANGE), save_all=True), "11", id="an animation"
        ),
        pytest.param("data:image/png;base64," + png([bytes(BLUE)], 1, 8, RGB), "2", id="data URL"),
    ],
)
def test_every_form_of_png_is_read_by_colour(data: str, expected: str) -> None:
    wanted = label_grid(expected)
    found = read(data, Size(wanted.shape[1], wanted.shape[0]))
    assert np.array_equal(found.label_map, wanted)
    assert found.label_map.flags.c_contiguous


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("color", [GREY, GREY_ALPHA])
def test_greys_of_every_depth_are_colours(depth: int, color: int) -> None:
    if color == GREY_ALPHA and depth < 8:
        pytest.skip("PNG has no such form")
    row = b"\xff" * (depth * 8 // 8) * CHANNELS[color]  # eight white pixels
    found = read(png([row], 8, depth, color), Size(8, 1), {WHITE: 3})
    assert found.label_map.tolist() == [[3] * 8]


@pytest.mark.parametrize("color", [ORANGE, BLUE, (90, 10, 90)])
def test_a_one_pixel_photo_has_a_label_or_none(color: tuple[int, int, int]) -> None:
    found = read(png([bytes(color)], 1, 8, RGB), Size(1, 1))
    assert found.label_map.tolist() == [[CLASSES.get(color, VOID)]]


def test_a_smoothed_outline_abstains_where_it_is_nobodys_colour() -> None:
    """Between orange and blue lie colours of neither; nothing is guessed, and it is said."""
    image = Image.new("RGB", (400, 300), ORANGE)
    ImageDraw.Draw(image).ellipse((100, 50, 300, 250), fill=BLUE)
    image = image.resize((200, 150), Image.Resampling.BILINEAR)
    found = read(written(image), Size(400, 300))
    assert set(np.unique(found.label_map).tolist()) == {1, 2, VOID}
    assert np.count_nonzero(found.label_map == VOID) < 0.05 * found.label_map.size
    assert found.label_map[150, 200] == 2
    assert "it was scaled" in found.warnings[-1]


def test_two_hundred_and_fifty_four_labels_keep_apart() -> None:
    colors = [(number, 255 - number, (number * 37) % 256) for number in range(1, 255)]
    image = Image.fromarray(np.array([colors], dtype=np.uint8))
    found = read(written(image), Size(254, 1), {color: i for i, color in enumerate(colors, 1)})
    assert found.label_map.tolist() == [list(range(1, 255))]
    assert found.warnings == ()


def test_strips_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours are looked up a strip at a time; what comes out does not show it."""
    wanted = np.random.default_rng(3).integers(0, 3, (23, 7)).astype(np.uint8)
    picture = np.array([WHITE, ORANGE, BLUE], dtype=np.uint8)[wanted]
    data = written(Image.fromarray(picture))
    for rows in (1, 5, 23, 256):
        monkeypatch.setattr("hooks.core.drawn_png._STRIP_ROWS", rows)
        assert np.array_equal(read(data, Size(7, 23)).label_map, wanted)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(None, "missing", id="nothing"),
        pytest.param(5, "missing", id="a number"),
        pytest.param("", "not a PNG", id="empty"),
        pytest.param("é", "cannot be opened", id="not even ASCII"),
        pytest.param(file_of(), "not a PNG", id="signature only"),
        pytest.param(file_of(header(4, 3, 8, RGB)), "not a PNG", id="header only"),
        pytest.param(file_of(header(0, 3, 8, RGB)), "not a PNG", id="no width"),
        pytest.param(
            file_of(header(40_000, 30_000, 8, RGBA), chunk(b"IDAT", zlib.compress(b""))),
            "cannot be opened|40000 x 30000",
            id="a gigapixel",
        ),
        pytest.param(
            file_of(header(2**31 - 1, 2**31 - 1, 16, RGBA), chunk(b"IDAT", b"")),
            "cannot be opened|2147483647",
            id="as large as a header can say",
        ),
        pytest.param(png([bytes(12)] * 4, 4, 8, RGB), "4 x 4 pixels, the photo 4 x 3", id="square"),
        pytest.param(png([bytes(5)] * 3, 4, 8, RGB), "damaged", id="rows too short"),
        pytest.param(
            file_of(header(4, 3, 8, RGB), chunk(b"IDAT", b"not deflated"), chunk(b"IEND", b"")),
            "damaged",
            id="not deflated",
        ),
        pytest.param(png([bytes(12)] * 3, 4, 3, RGB), "not a PNG|cannot", id="three bits"),
        pytest.param(png([bytes(12)] * 3, 4, 8, 5), "not a PNG|cannot", id="no such colour type"),
    ],
)
def test_what_is_no_drawing_of_the_photo_is_refused(data: object, reason: str) -> None:
    with pytest.raises(AnswerError, match=reason):
        read(data, Size(4, 3))


@pytest.mark.parametrize("size", [Size(4, 3), Size(40_000, 30_000)], ids=["small", "as large"])
def test_no_pixel_of_a_gigapixel_is_decoded(size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(self: PngImagePlugin.PngImageFile) -> None:
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    data = file_of(header(80_000, 60_000, 1, GREY), chunk(b"IDAT", zlib.compress(bytes(99))))
    with pytest.raises(AnswerError, match=r"80000|exceeds limit"):
        read(data, size)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16"])
def test_memory_stays_within_a_few_bytes_a_pixel(mode: str) -> None:
    """What numpy takes; Pillow's own 1 to 4 bytes a pixel come on top."""
    size = Size(2000, 1500)
    image = Image.new("L", size)
    ImageDraw.Draw(image).ellipse((300, 300, 1400, 1200), fill=200)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    data = written(image if mode == "I;16" else image.convert(mode))
    tracemalloc.start()
    try:
        read(data, size, {(200, 200, 200): 1})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * size.pixels + 64 * 256 * size.width  # the label map, and a strip's work


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(png([bytes([0, 7, 255])], 3, 8, GREY), [[0, 7, 255]], id="8-bit"),
        pytest.param(
            png([struct.pack(">3H", 0, 300, 65535)], 3, 16, GREY), [[0, 300, 65535]], id="16-bit"
        ),
    ],
)
def test_object_ids_are_values(data: str, expected: list[list[int]]) -> None:
    assert read_instance_image(data, Size(3, 1)).tolist() == expected


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(png([b"\x1b"], 3, 2, GREY), id="2 bits, which Pillow would stretch"),
        pytest.param(png([b"\x12\x30"], 3, 4, GREY), id="4 bits"),
        pytest.param(png([b"\xa0"], 3, 1, GREY), id="1 bit"),
        pytest.param(png([bytes(9)], 3, 8, RGB), id="colours"),
        pytest.param(png([bytes(6)], 3, 8, GREY_ALPHA), id="transparency"),
        pytest.param(png([bytes(6)] * 2, 6, 8, GREY), id="scaled"),
        pytest.param(None, id="nothing"),
    ],
)
def test_what_holds_no_object_ids_is_refused(data: object) -> None:
    with pytest.raises(AnswerError):
        read_instance_image(data, Size(3, 1))


def read_both(data: str, size: Size) -> None:
    """Whatever it is: a map of the photo's size or an AnswerError, and nothing else."""
    with suppress(AnswerError):
        label_map = read(data, size).label_map
        assert label_map.shape == size.shape
        assert label_map.dtype == np.uint8
        assert set(np.unique(label_map).tolist()) <= {0, 1, 2, VOID}
    with suppress(AnswerError):
        assert read_instance_image(data, size).shape == size.shape


@given(
    st.text(max_size=50) | st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode())
)
def test_any_text_is_refused_or_read(data: str) -> None:
    read_both(data, Size(4, 3))


@given(st.binary(max_size=200))
def test_anything_behind_a_signature_is_refused_or_read(rest: bytes) -> None:
    read_both(file_of(rest), Size(4, 3))


extras = st.one_of(
    st.binary(max_size=40).map(lambda data: chunk(b"PLTE", data)),
    st.binary(min_size=768, max_size=768).map(lambda data: chunk(b"PLTE", data)),
    st.binary(max_size=12).map(lambda data: chunk(b"tRNS", data)),
    st.tuples(
        st.sampled_from([b"iCCP", b"zTXt", b"iTXt", b"eXIf", b"gAMA", b"pHYs", b"acTL", b"fcTL",
                         b"fdAT", b"IHDR", b"IEND", b"CgBI", b"cHRM", b"sRGB"]),
        st.binary(max_size=40),
    ).map(lambda pair: chunk(*pair)),
)  # fmt: skip


@given(
    size=st.sampled_from([Size(4, 3), Size(8, 6), Size(1, 1)]),
    depth=st.sampled_from([1, 2, 4, 8, 16]) | st.integers(0, 255),
    color=st.sampled_from(list(CHANNELS)) | st.integers(0, 255),
    interlace=st.integers(0, 2),
    before=st.lists(extras, max_size=3),
    after=st.lists(extras, max_size=2),
    pixels=st.binary(max_size=600),
    filled=st.booleans(),
)
def test_well_formed_chunks_of_nonsense_are_refused_or_read(
    size: Size,
    depth: int,
    color: int,
    interlace: int,
    before: list[bytes],
    after: list[bytes],
    pixels: bytes,
    filled: bool,
) -> None:
    """Right checksums let nonsense through to the decoder, which wrong ones would not."""
    data = zlib.compress((pixels + bytes(600)) if filled else pixels)
    begin = header(size.width, size.height, depth, color, interlace)
    text = file_of(begin, *before, chunk(b"IDAT", data), *after, chunk(b"IEND", b""))
    read_both(text, Size(4, 3) if size != Size(1, 1) else size)


def _sound() -> list[bytes]:
    image = Image.fromarray(np.array([[0, 1, 2, 1]] * 3, dtype=np.uint8))
    image.putpalette([*WHITE, *ORANGE, *BLUE])
    color = image.convert("RGB")
    forms = [image, color, color.convert("RGBA"), color.convert("LA"), color.convert("1")]
    return [base64.b64decode(written(form)) for form in forms]


SOUND = _sound()


@given(st.sampled_from(SOUND), st.data())
def test_a_file_cut_anywhere_is_refused_or_read(whole: bytes, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(whole)))
    read_both(base64.b64encode(whole[:length]).decode(), Size(4, 3))


pixel_arrays = st.integers(1, 40).flatmap(
    lambda width: st.integers(1, 30).flatmap(
        lambda height: st.binary(min_size=width * height, max_size=width * height).map(
            lambda raw: np.frombuffer(raw, dtype=np.uint8).reshape(height, width) % 3
        )
    )
)


@given(pixel_arrays, st.sampled_from(["P", "RGB", "RGBA"]))
def test_any_drawing_is_the_same_in_every_form(wanted: npt.NDArray[np.uint8], mode: str) -> None:
    image = Image.fromarray(wanted)
    image.putpalette([*WHITE, *ORANGE, *BLUE])
    height, width = wanted.shape
    found = read(written(image if mode == "P" else image.convert(mode)), Size(width, height))
    assert np.array_equal(found.label_map, wanted)
    assert found.warnings == ()
