"""The probability format, read from records that protobuf itself wrote."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.segmentation.record_io import MAGIC, RecordError, read_probabilities


def record_class() -> Any:
    """`aialgs.data.Record` as far as the endpoint uses it, built from its description."""
    descriptor_pb2 = pytest.importorskip("google.protobuf.descriptor_pb2")
    from google.protobuf import descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="record.proto", package="t", syntax="proto2")
    label, kind = descriptor_pb2.FieldDescriptorProto, descriptor_pb2.FieldDescriptorProto

    def message(name: str, *fields: tuple[str, int, int, int, str]) -> Any:
        found = file.message_type.add(name=name)
        for field_name, number, repeated, field_type, type_name in fields:
            field = found.field.add(name=field_name, number=number, label=repeated, type=field_type)
            if type_name:
                field.type_name = type_name
            if repeated == label.LABEL_REPEATED and field_type != kind.TYPE_MESSAGE:
                field.options.packed = True
        return found

    many, one = label.LABEL_REPEATED, label.LABEL_OPTIONAL
    message("Float32Tensor", ("values", 1, many, kind.TYPE_FLOAT, ""))
    message("Int32Tensor", ("values", 1, many, kind.TYPE_INT32, ""))
    message(
        "Value",
        ("float32_tensor", 2, one, kind.TYPE_MESSAGE, ".t.Float32Tensor"),
        ("int32_tensor", 7, one, kind.TYPE_MESSAGE, ".t.Int32Tensor"),
    )
    record = message("Record", ("features", 1, many, kind.TYPE_MESSAGE, ".t.Record.FeaturesEntry"))
    entry = record.nested_type.add(name="FeaturesEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=one, type=kind.TYPE_STRING)
    entry.field.add(name="value", number=2, label=one, type=kind.TYPE_MESSAGE, type_name=".t.Value")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Record"))


def body_of(shares: np.ndarray[Any, np.dtype[np.float32]]) -> bytes:
    record = record_class()()
    record.features["target"].float32_tensor.values.extend(shares.ravel().tolist())
    record.features["shape"].int32_tensor.values.extend((1, *shares.shape))
    return bytes(record.SerializeToString())


def framed(body: bytes, flag: int = 0) -> bytes:
    return struct.pack("<II", MAGIC, flag << 29 | len(body)) + body + b"\0" * (-len(body) % 4)


def shares_of(seed: int, classes: int = 3, height: int = 4, width: int = 5) -> Any:
    drawn = np.random.default_rng(seed).random((classes, height, width)).astype(np.float32)
    return drawn / drawn.sum(0)


@given(st.integers(0, 99), st.integers(1, 4), st.integers(1, 20), st.integers(1, 300))
def test_what_protobuf_wrote_is_read(seed: int, classes: int, height: int, width: int) -> None:
    shares = shares_of(seed, classes, height, width)
    assert (read_probabilities(framed(body_of(shares))) == shares).all()


def test_a_record_that_holds_the_magic_comes_in_pieces() -> None:
    shares = shares_of(1)
    shares[0, 1, 1] = np.frombuffer(struct.pack("<I", MAGIC), np.float32)[0]
    first, last = body_of(shares).split(struct.pack("<I", MAGIC))
    body = framed(first, 1) + framed(last, 3)
    assert (read_probabilities(body) == shares).all()


def test_what_is_no_record_is_told() -> None:
    whole = framed(body_of(shares_of(2)))
    for body in (b"", b"\x89PNG....", whole[:50], framed(b"\x0a\x03abc"), framed(b"\xff" * 12)):
        with pytest.raises(RecordError, match="no record of probabilities"):
            read_probabilities(body)
