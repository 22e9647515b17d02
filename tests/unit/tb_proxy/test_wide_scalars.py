"""Scalars that are no float32, found in event files as they grow; and what is not one is left alone."""

import os
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.data.provider import ScalarDatum
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.util.tensor_util import make_tensor_proto

from tb_proxy.board.wide_scalars import WideScalars

NAMED = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))


def record(content: bytes) -> bytes:
    return struct.pack("<QI", len(content), 0) + content + bytes(4)


def scalar(tag: str, step: int, tensor: Any, metadata: SummaryMetadata | None = NAMED) -> bytes:
    value = Summary.Value(tag=tag, tensor=tensor, metadata=metadata)
    return record(Event(step=step, wall_time=step / 2, summary=Summary(value=[value])).SerializeToString())


def double(tag: str, step: int, value: float, metadata: SummaryMetadata | None = NAMED) -> bytes:
    return scalar(tag, step, TensorProto(double_val=[value], dtype="DT_DOUBLE"), metadata)


def read(folder: Path) -> dict[str, dict[str, list[Any]]]:
    wide = WideScalars(folder)
    wide.look()
    return wide.points(None)


@pytest.mark.parametrize(
    ("tensor", "value"),
    [
        (TensorProto(double_val=[1 / 3], dtype="DT_DOUBLE"), 1 / 3),
        (make_tensor_proto(np.float64(1 / 3)), 1 / 3),
        (TensorProto(dtype="DT_DOUBLE", tensor_content=struct.pack("<d", -2.5)), -2.5),
        (make_tensor_proto(np.float16(0.5)), 0.5),
        (TensorProto(dtype="DT_HALF", tensor_content=b"\x00\x38"), 0.5),
        (TensorProto(dtype="DT_BFLOAT16", half_val=[0x3FC0]), 1.5),
        (TensorProto(dtype="DT_BFLOAT16", tensor_content=b"\xc0\x3f"), 1.5),
        (make_tensor_proto(np.int64(-(2**40))), -float(2**40)),
        (make_tensor_proto(np.int32(7)), 7.0),
        (make_tensor_proto(np.uint8(200)), 200.0),
        (make_tensor_proto(True), 1.0),
    ],
)
def test_each_type_is_read_as_it_was_written(tmp_path: Path, tensor: Any, value: float) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "a.tfevents.1").write_bytes(scalar("loss", 3, tensor))
    assert read(tmp_path) == {"run": {"loss": [ScalarDatum(3, 1.5, value)]}}


def test_files_are_followed_record_by_record(tmp_path: Path) -> None:
    path = tmp_path / "tfevents"
    # Nothing of it at first; then a record of which half is there; a record longer than is looked into is passed over.
    path.write_bytes(record(histogram_pb("weights", np.arange(50.0)).SerializeToString()))
    wide = WideScalars(tmp_path)
    wide.look()
    assert wide.points(None) == {}
    more = double("a", 1, 0.1) + record(os.urandom(3 << 20)) + double("a", 2, 0.2, None)
    for part in (more[:-30], more[-30:]):
        with path.open("ab") as file:
            file.write(part)
        wide.look()
    assert [point.value for point in wide.points(None)["."]["a"]] == [0.1, 0.2]
    with path.open("ab") as file:
        file.write(double("a", 2, 0.3) + double("b", 9, 1.0))
    wide.look()
    assert [point.value for point in wide.points(None)["."]["a"]] == [0.1, 0.3]
    assert wide.lasts(SimpleNamespace(runs=None, tags={"b"})) == {".": {"b": ScalarDatum(9, 4.5, 1.0)}}
    assert wide.points(SimpleNamespace(runs={"other"}, tags=None)) == {}


def test_a_spike_among_many_points_is_kept(tmp_path: Path) -> None:
    points = [double("a", step, 1e9 if step == 5_432 else 0.0) for step in range(12_000)]
    (tmp_path / "tfevents").write_bytes(b"".join(points))
    found = read(tmp_path)["."]["a"]
    assert len(found) < 6_000
    assert (found[0].step, found[-1].step, max(point.value for point in found)) == (0, 11_999, 1e9)


def test_what_is_no_such_scalar_is_left_alone(tmp_path: Path) -> None:
    other = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="mine"))
    float32 = TensorProto(float_val=[1.0], dtype="DT_FLOAT")
    vector = make_tensor_proto(np.array([1.0, 2.0]))
    broken = [double("c", 1, 1.0, other), scalar("d", 1, float32), scalar("e", 1, vector), double("f", 1, 1.0, None)]
    empty = scalar("g", 1, TensorProto(dtype="DT_DOUBLE"))
    noise = record(b"\x42\x0c\x08\x02" * 9)
    (tmp_path / "tfevents.1").write_bytes(b"".join(broken) + empty + noise + double("h", 1, 2.0))
    (tmp_path / "tfevents.2").write_bytes(double("i", 1, 1.0) + struct.pack("<Q", 1 << 62) + double("j", 1, 1.0))
    (tmp_path / "other").write_bytes(double("k", 1, 1.0))
    assert set(read(tmp_path)["."]) == {"h", "i"}
