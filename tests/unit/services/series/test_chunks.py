"""Chunks: what comes out is bit for bit what went in."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.core.points import Points
from services.core.values import ValueType
from services.series.chunks import ChunkEncoding, decode_chunk, encode_chunk

_FLOATS = st.lists(st.tuples(st.floats(), st.floats(), st.floats()), min_size=1, max_size=100)


def _round_trip(points: Points) -> Points:
    return decode_chunk(points.type, *encode_chunk(points))


@given(_FLOATS)
def test_floats(rows: list[tuple[float, float, float]]) -> None:
    values, times, steps = (np.array(column, np.float64) for column in zip(*rows, strict=True))
    back = _round_trip(Points(ValueType.FLOAT, values, times, steps))
    assert np.asarray(back.values).tobytes() == values.tobytes()
    assert back.times.tobytes() == times.tobytes()
    assert np.array_equal(back.steps, steps, equal_nan=True)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=100))
def test_integers(values: list[int]) -> None:
    n = len(values)
    back = _round_trip(Points(ValueType.INT, np.array(values, np.int64), np.arange(n, dtype=float), np.full(n, np.nan)))
    assert np.asarray(back.values).tolist() == values


@given(st.lists(st.booleans(), min_size=1, max_size=50), st.lists(st.text(), min_size=1, max_size=50))
def test_booleans_and_strings(flags: list[bool], texts: list[str]) -> None:
    for value_type, values in ((ValueType.BOOL, np.array(flags)), (ValueType.STR, texts)):
        n = len(values)
        back = _round_trip(Points(value_type, values, np.arange(n, dtype=float), np.arange(n, dtype=float)))
        assert list(back.values) == list(values)


def test_a_noisy_loss_is_small() -> None:
    rng = np.random.default_rng(0)
    n = 65_536
    times = 1.7e9 + np.cumsum(rng.normal(0.1, 0.01, n))
    values = np.float32(1 / np.sqrt(np.arange(1, n + 1)) + rng.normal(0, 0.01, n)).astype(np.float64)
    size = len(encode_chunk(Points(ValueType.FLOAT, values, times, np.arange(n, dtype=float)))[1])
    assert size / n < 12


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=100), st.booleans())
def test_times_in_whole_microseconds(whole: list[int], is_now: bool) -> None:
    n = len(whole)
    # Around now they fit; far from it a float has no microseconds, and the bits are kept as they are.
    times = 1.8e9 + (np.array(whole) % 10**12) / 1e6 if is_now else np.array(whole) / 1e6
    times = np.round(times, 6)
    back = _round_trip(Points(ValueType.FLOAT, np.arange(n, dtype=float), times, np.full(n, np.nan)))
    assert back.times.tobytes() == times.tobytes()


def test_the_form_of_times_follows_from_whether_every_bit_comes_back() -> None:
    n = 1000
    clock = np.round(1.8e9 + np.random.default_rng(0).uniform(0, 1000, n), 6)
    for times, encoding in (
        (clock, ChunkEncoding.MICROSECONDS),
        (clock + 2**-22, ChunkEncoding.SHUFFLED_ZSTD),
        (np.append(clock[1:], -0.0), ChunkEncoding.SHUFFLED_ZSTD),
        (np.append(clock[1:], 1e300), ChunkEncoding.SHUFFLED_ZSTD),
    ):
        points = Points(ValueType.FLOAT, np.arange(n, dtype=float), times, np.full(n, np.nan))
        assert encode_chunk(points)[0] is encoding
        assert _round_trip(points).times.tobytes() == times.tobytes()
