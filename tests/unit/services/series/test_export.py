"""Exports: exact numbers, order, kinds of values; text as Python writes it, binary forms read back."""

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.points import Points
from services.core.values import ValueType, type_of
from services.series.export import ExportFormat, export_pieces

_DTYPES = {ValueType.FLOAT: np.float64, ValueType.INT: np.int64, ValueType.BOOL: np.bool_}
_FLOATS = st.floats() | st.floats(-1e-3, 1e-3) | st.integers(-(2**60), 2**60).map(float) | st.floats(1e14, 1e18)
_INTS = st.integers(-(2**63), 2**63 - 1)
_WORDS = st.text(st.characters() | st.sampled_from(',"\n\r\ud800')) | st.sampled_from(["", "a,b", '"', "\udc80"])
_VALUES = _FLOATS | _INTS | st.booleans() | _WORDS


def _part(values: Sequence[Any], times: Sequence[float], steps: Sequence[float] | None = None) -> Points:
    kind = type_of(values[0])
    column = list(values) if kind is ValueType.STR else np.array(values, _DTYPES[kind])
    return Points(kind, column, np.array(times, float), np.array(steps or [math.nan] * len(values), float))


def _export(parts: list[Points], form: ExportFormat) -> bytes:
    return b"".join(export_pieces(parts, form))


def _table(parts: list[Points], form: ExportFormat = ExportFormat.ARROW) -> Any:
    data = _export(parts, form)
    return pa.ipc.open_stream(data).read_all() if form is ExportFormat.ARROW else pq.read_table(pa.BufferReader(data))


def _plain(value: object) -> str:
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return text.encode(errors="replace").decode()


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and repr(one) == repr(other)


@given(st.lists(_FLOATS, min_size=1, max_size=50), st.data())
def test_text_has_every_number_as_python_writes_it(values: list[float], data: st.DataObject) -> None:
    times = sorted(data.draw(st.lists(st.floats(0, 1e11), min_size=len(values), max_size=len(values))))
    text = _export([_part(values, times)], ExportFormat.TEXT).decode()
    assert text == "".join(f"{time!r},{value!r}\n" for time, value in zip(times, values, strict=True))


@pytest.mark.parametrize("exponent", range(-12, 20))
def test_text_is_the_same_around_every_power_of_ten(exponent: int) -> None:
    ten = float(f"1e{exponent}")
    near = [ten, math.nextafter(ten, 0), math.nextafter(ten, math.inf), 3 * ten, 1.25 * ten, -7.3 * ten]
    lines = _export([_part(near, range(len(near)))], ExportFormat.TEXT).decode().splitlines()
    assert [line.partition(",")[2] for line in lines] == [repr(value) for value in near]


@given(st.lists(st.tuples(_VALUES, st.integers(0, 3), st.none() | _FLOATS), min_size=1, max_size=40))
def test_every_form_has_all_points_in_order_whatever_they_mix(points: list[tuple[Any, int, float | None]]) -> None:
    parts = [_part([value], [time], [math.nan if step is None else step]) for value, time, step in points]
    inorder = sorted(points, key=lambda point: point[1])  # stable: ties stay in order of arrival
    text = "".join(f"{float(time)!r},{_plain(value)}\n" for value, time, _ in inorder)
    assert _export(parts, ExportFormat.TEXT) == text.encode()

    header, *rows = csv.reader(io.StringIO(_export(parts, ExportFormat.CSV).decode(), newline=""))
    kinds = [type(value).__name__ for value, *_ in inorder]
    is_mixed = len(set(kinds)) > 1
    assert header == ["timestamp", "step", "value", "type"][: 4 if is_mixed else 3]
    assert [(row[0], row[2]) for row in rows] == [(repr(float(t)), _plain(v)) for v, t, _ in inorder]
    assert [row[3] for row in rows] == kinds if is_mixed else all(len(row) == 3 for row in rows)
    steps = [math.nan if step is None else step for *_, step in inorder]
    assert all(_same(float(found or "nan"), step) for (_, found, *_), step in zip(rows, steps, strict=True))

    for form in (ExportFormat.ARROW, ExportFormat.PARQUET):
        table = _table(parts, form)
        assert table.schema.types[:2] == [pa.float64(), pa.float64()]
        assert table["time"].to_pylist() == [float(time) for _, time, _ in inorder]
        assert all(
            found is None if math.isnan(step) else _same(found, step)
            for found, step in zip(table["step"].to_pylist(), steps, strict=True)
        )
        values = [value for value, *_ in inorder]
        if table["value"].type == pa.string():
            assert table["value"].to_pylist() == [_plain(value) for value in values]
        elif table["value"].type == pa.float64():
            assert all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
            assert all(
                _same(found, float(value)) and (math.isnan(value) or found == value)
                for found, value in zip(table["value"].to_pylist(), values, strict=True)
            )
        else:
            assert all(_same(*pair) for pair in zip(table["value"].to_pylist(), values, strict=True))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[1.0, math.nan]], pa.float64()),
        ([[1, 2**63 - 1]], pa.int64()),
        ([[True], [False]], pa.bool_()),
        ([["a"]], pa.string()),
        ([[1], [0.5]], pa.float64()),
        ([[2**60], [0.5]], pa.float64()),
        ([[2**53 + 1], [0.5]], pa.string()),
        ([[2**63 - 1], [0.5]], pa.string()),
        ([[1], [True]], pa.string()),
        ([[1.0], ["a"]], pa.string()),
    ],
)
def test_the_type_of_the_value_column(values: list[list[Any]], expected: Any) -> None:
    parts = [_part(some, range(len(some))) for some in values]
    assert _table(parts).schema.field("value").type == expected
    assert _table(parts, ExportFormat.PARQUET).schema.field("value").type == expected


def test_csv_writes_whole_steps_without_a_point_and_leaves_absent_ones_out() -> None:
    part = _part(["x", "a,b", "", 'say "hi"\n'], [1, 2, 3, 4], [1, math.nan, 2.5, 1e20])
    assert _export([part], ExportFormat.CSV).decode() == (
        'timestamp,step,value\n1.0,1,x\n2.0,,"a,b"\n3.0,2.5,\n4.0,1e+20,"say ""hi""\n"\n'
    )


@pytest.mark.parametrize("is_sorted", [True, False])
def test_a_long_series_comes_in_many_pieces_and_whole(is_sorted: bool) -> None:
    count = 600_000
    times = np.arange(count) / 8
    if not is_sorted:
        np.random.default_rng(1).shuffle(times)
    parts = [
        Points(ValueType.FLOAT, times[some] / 3, times[some], times[some] * 8)
        for some in (slice(0, 400_000), slice(400_000, count))
    ]
    for form in ExportFormat:
        pieces = list(export_pieces(parts, form))
        assert len(pieces) > 2, form
        assert max(map(len, pieces)) < 16_000_000, form
    for form in (ExportFormat.ARROW, ExportFormat.PARQUET):
        table = _table(parts, form)
        assert table["time"].to_numpy().tolist() == (np.arange(count) / 8).tolist()
        assert np.array_equal(table["value"].to_numpy(), np.arange(count) / 8 / 3)
        assert np.array_equal(table["step"].to_numpy(), np.arange(count))
    assert pq.read_metadata(pa.BufferReader(_export(parts, ExportFormat.PARQUET))).num_row_groups == 3


def test_long_strings_fit() -> None:
    parts = [_part(["x" * 65_536] * 3_000, range(3_000))]
    assert max(map(len, export_pieces(parts, ExportFormat.TEXT))) < 70_000_000
    assert _table(parts)["value"].nbytes > 190_000_000
