"""Probabilities as SageMaker's segmentation endpoint answers them: RecordIO round a protobuf.

RecordIO (MXNet, "Efficient Data Loaders", data format): each piece is the little-endian 32-bit
magic 0xced7230a, a 32-bit word with a 3-bit flag on top of a 29-bit length, and the data, filled up
to four bytes. Flag 0 is a whole record; 1, 2 and 3 are the first, middle and last piece of one that
held the magic, which stands between the pieces.

The record (developer guide, "Common Data Formats for Training", `aialgs.data.Record`) is a map,
field 1, of names to values; a value is one of `float32_tensor` (field 2), `float64_tensor` (3),
`int32_tensor` (7), whose values are field 1. The endpoint gives two: `target`, the probabilities,
and `shape`, (1, classes, height, width).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from hooks.core.errors import FewclickError

MAGIC = 0xCED7230A
_LENGTH = (1 << 29) - 1
_WHOLE, _FIRST, _LAST = 0, 1, 3
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FEATURES = 1
_KEY, _VALUE = 1, 2
_FLOAT32, _FLOAT64, _INT32 = 2, 3, 7
_VALUES = 1


class RecordError(FewclickError):
    """Bytes that are not a record of probabilities."""


def read_probabilities(body: bytes) -> npt.NDArray[np.float32]:
    """(classes, height, width) of an endpoint's answer.

    Raises:
        RecordError: it is not what the module's description says.
    """
    try:
        record = b"".join(_first_record(body))
        features = dict(_features(record))
        target: npt.NDArray[np.float32] = features["target"].astype(np.float32)
        batch, classes, height, width = (int(side) for side in features["shape"])
        whole = target.reshape(batch, classes, height, width)
    except (KeyError, IndexError, ValueError, struct.error) as error:
        raise RecordError(f"the answer is no record of probabilities ({error}).") from error
    first: npt.NDArray[np.float32] = whole[0]
    return first


def _first_record(body: bytes) -> Iterator[bytes]:
    """The pieces of the first record, the magic between them restored."""
    start = 0
    while True:
        magic, word = struct.unpack_from("<II", body, start)
        if magic != MAGIC:
            raise ValueError(f"there is no RecordIO at byte {start}")
        flag, length = word >> 29, word & _LENGTH
        piece = body[start + 8 : start + 8 + length]
        if len(piece) != length:
            raise ValueError(f"the record is cut off after {len(body)} bytes")
        yield piece
        if flag in (_WHOLE, _LAST):
            return
        yield struct.pack("<I", MAGIC)
        start += 8 + length + -length % 4


def _features(record: bytes) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    for number, value in _fields(record):
        if number == _FEATURES and isinstance(value, bytes):
            entry = dict(_fields(value))
            name, tensor = entry[_KEY], entry[_VALUE]
            if isinstance(name, bytes) and isinstance(tensor, bytes):
                yield name.decode(), _tensor(tensor)


def _tensor(value: bytes) -> npt.NDArray[Any]:
    for number, tensor in _fields(value):
        if number in (_FLOAT32, _FLOAT64, _INT32) and isinstance(tensor, bytes):
            parts = [part for place, part in _fields(tensor) if place == _VALUES]
            if number == _INT32:
                return np.array([one for part in parts for one in _whole_numbers(part)], np.int64)
            kind = "<f4" if number == _FLOAT32 else "<f8"
            return np.frombuffer(b"".join(part for part in parts if isinstance(part, bytes)), kind)
    raise ValueError("a value is none of the known tensors")


def _whole_numbers(part: bytes | int) -> Iterator[int]:
    """Packed, or one by one: both are allowed."""
    if isinstance(part, int):
        yield part
        return
    start = 0
    while start < len(part):
        number, start = _varint(part, start)
        yield number


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """(field number, value) of a protobuf message; fixed-size values stay bytes."""
    start = 0
    while start < len(message):
        tag, start = _varint(message, start)
        kind = tag & 7
        value: bytes | int
        if kind == _VARINT:
            value, start = _varint(message, start)
        else:
            if kind == _BYTES:
                length, start = _varint(message, start)
            elif kind in (_FIXED64, _FIXED32):
                length = 8 if kind == _FIXED64 else 4
            else:
                raise ValueError(f"a field has the unknown wire type {kind}")
            value = message[start : start + length]
            if len(value) != length:
                raise ValueError("a field is cut off")
            start += length
        yield tag >> 3, value


def _varint(data: bytes, start: int) -> tuple[int, int]:
    """A whole number in groups of seven bits, the low group first; and where it ends."""
    value = shift = 0
    while True:
        byte = data[start]
        start += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, start
        shift += 7
        if shift > 63:
            raise ValueError("a number is longer than 64 bits")
