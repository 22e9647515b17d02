"""Chunks, segments, pages and pyramids: what comes out is what went in, whatever it is."""

import math
import random
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.points import DTYPE_OF_TYPE, Points
from services.core.values import Value, ValueType
from services.series.chunks import MAX_CHUNK_POINTS, decode_chunk, encode_chunk
from services.series.grouping import PAGE, Grouped
from services.series.pages import add_points, decode_page, empty_page, encode_page
from services.series.pyramid import decode_pyramid, encode_pyramid, join_pyramids
from services.series.segments import NO_FRAME, SegmentEncoding, decode_frame, decode_segment, encode_segment
from services.series.settle import cut_chunks

pytestmark = pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")

_NUMERIC = [ValueType.FLOAT, ValueType.INT, ValueType.BOOL]
_ODD = [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -5e-324, 1.7976931348623157e308, -1.7e308, 0.1]


def _values(rng: random.Random, value_type: ValueType, n: int) -> Any:
    if value_type is ValueType.STR:
        return [rng.choice(["", "a", "ü\n", "\x00", "x" * 300]) for _ in range(n)]
    if value_type is ValueType.BOOL:
        return np.array([rng.random() < 0.5 for _ in range(n)], DTYPE_OF_TYPE[value_type])
    if value_type is ValueType.INT:
        odd = [2**63 - 1, -(2**63), 2**53 + 1, 0, -1]
        raw = [rng.choice(odd) if rng.random() < 0.3 else rng.getrandbits(20) for _ in range(n)]
        return np.array(raw, np.int64)
    # Any bits at all: every NaN there is must survive.
    bits = [rng.getrandbits(64) if rng.random() < 0.3 else _bits(rng.choice(_ODD)) for _ in range(n)]
    return np.array(bits, np.uint64).view(np.float64)


def _bits(value: float) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def _points(rng: random.Random, value_type: ValueType, n: int, axis: str) -> Points:
    times = np.array([rng.choice([1e9 + i * 0.1, float(i), rng.uniform(-1e300, 1e300)]) for i in range(n)])
    match axis:
        case "none":
            steps = np.full(n, np.nan)
        case "all":
            steps = np.arange(n, dtype=np.float64)
        case _:
            steps = np.array([rng.choice([math.nan, 0.5, -0.0, 2.0**53 + 2, float(i)]) for i in range(n)])
    return Points(value_type, _values(rng, value_type, n), times, steps)


def _check_same(found: Points, expected: Points) -> None:
    assert found.type is expected.type
    if isinstance(expected.values, list):
        assert found.values == expected.values
    else:
        assert np.asarray(found.values).dtype == expected.values.dtype
        assert np.asarray(found.values).tobytes() == expected.values.tobytes()
    assert found.times.tobytes() == expected.times.tobytes()
    assert found.steps.tobytes() == expected.steps.tobytes()


@settings(max_examples=80)
@given(
    st.integers(0, 2**32),
    st.sampled_from(list(ValueType)),
    st.sampled_from([1, 2, 7, 8, 9, 63, 64, 65, 200]),
    st.sampled_from(["none", "all", "some"]),
)
def test_chunks(seed: int, value_type: ValueType, n: int, axis: str) -> None:
    points = _points(random.Random(seed), value_type, n, axis)
    _check_same(decode_chunk(value_type, *encode_chunk(points)), points)


@pytest.mark.parametrize("n", [1, MAX_CHUNK_POINTS, MAX_CHUNK_POINTS + 1, 3 * MAX_CHUNK_POINTS - 1])
def test_chunks_are_cut_without_a_gap(n: int) -> None:
    times = np.random.default_rng(n).permutation(n).astype(np.float64)
    made = cut_chunks(3, 1000, [Points(ValueType.FLOAT, times * 2, times, times)])
    assert [c.first_index for c in made] == [1000 + sum(len(c.points) for c in made[:i]) for i in range(len(made))]
    assert all(0 < len(c.points) <= MAX_CHUNK_POINTS for c in made)
    assert np.concatenate([c.points.times for c in made]).tolist() == list(range(n))
    assert np.concatenate([np.asarray(c.points.values) for c in made]).tolist() == list(range(0, 2 * n, 2))


def _group(rng: random.Random, n_leaves: int, shape: str, value_type: ValueType) -> list[tuple[int, Points]]:
    leaf_ids = sorted(rng.sample(range(512, 512 + PAGE), n_leaves))
    if shape == "shared":
        axis = _points(rng, ValueType.BOOL, rng.choice([1, 3, 40]), rng.choice(["none", "all", "some"]))
        return [
            (leaf_id, Points(value_type, _values(rng, value_type, len(axis)), axis.times, axis.steps))
            for leaf_id in leaf_ids
        ]
    counts = [1 if rng.random() < 0.8 else rng.choice([2, 100, 4095]) for _ in leaf_ids]
    if shape == "large":
        # Each in a frame of its own, as far as there are names for frames.
        counts = [rng.choice([4095, 4096, 4097]) for _ in leaf_ids]
    kind = rng.choice(["none", "all", "some"])
    return [(i, _points(rng, value_type, n, kind)) for i, n in zip(leaf_ids, counts, strict=True)]


@pytest.mark.parametrize("value_type", _NUMERIC)
@pytest.mark.parametrize("shape", ["shared", "uneven"])
@pytest.mark.parametrize("n_leaves", [1, 2, 17, 255, 256])
def test_segments(n_leaves: int, shape: str, value_type: ValueType) -> None:
    _check_segment(_group(random.Random(n_leaves), n_leaves, shape, value_type))


def test_a_segment_of_more_frames_than_there_are_names() -> None:
    axis = np.arange(8192.0)
    series = [(i, Points(ValueType.INT, np.arange(8192) + i, axis + i, axis)) for i in range(PAGE)]
    assert _check_segment(series) == NO_FRAME


def _check_segment(series: list[tuple[int, Points]]) -> int:
    value_type = series[0][1].type
    segment = encode_segment(Grouped.of(series))
    assert segment.n_points == sum(len(points) for _, points in series)
    frames = decode_segment(value_type, SegmentEncoding.SHUFFLED_ZSTD, segment.offsets, segment.data)
    found = [item for frame in frames for item in frame.items()]
    assert [leaf_id for leaf_id, _ in found] == [leaf_id for leaf_id, _ in series]
    for (_, one), (_, other) in zip(found, series, strict=True):
        _check_same(one, other)
    # Each leaf is found through the names of the frames, and only there.
    of_leaf = dict(series)
    for place, name in enumerate(segment.frame_of):
        leaf_id = next((one for one in of_leaf if one % PAGE == place), None)
        assert (name == NO_FRAME) == (leaf_id is None)
        if leaf_id is None:
            continue
        part = segment.data[segment.offsets[name] : segment.offsets[name + 1]]
        if name < 2 or name == len(frames) - 1:
            frame = decode_frame(value_type, SegmentEncoding.SHUFFLED_ZSTD, part)
            _check_same(dict(frame.items())[leaf_id], of_leaf[leaf_id])
    return len(frames)


@pytest.mark.parametrize("seed", range(20))
def test_pages_know_what_was_added(seed: int) -> None:
    rng = random.Random(seed)
    page, first_leaf = empty_page(), 3 * PAGE
    n_points: dict[int, int] = {}
    newest: dict[int, tuple[Value, float, float]] = {}
    for _ in range(12):
        value_type = rng.choice(list(ValueType))
        leaf_ids = sorted(rng.sample(range(first_leaf, first_leaf + PAGE), rng.choice([1, 3, PAGE])))
        series = []
        for leaf_id in leaf_ids:
            n = rng.randint(1, 4)
            # Below zero too: the time of a series that is not there must not count.
            times = np.array([float(rng.randint(-9, 3)) for _ in range(n)])
            steps = np.array([rng.choice([math.nan, float(i)]) for i in range(n)])
            points = Points(value_type, _values(rng, value_type, n), times, steps)
            series.append((leaf_id, points))
            n_points[leaf_id] = n_points.get(leaf_id, 0) + n
            for at in range(n):
                if leaf_id not in newest or times[at] >= newest[leaf_id][1]:
                    newest[leaf_id] = points.value_at(at), float(times[at]), float(steps[at])
        add_points(page, first_leaf, Grouped.of(series))
        page = decode_page(encode_page(page))
        for place in range(PAGE):
            leaf_id = first_leaf + place
            assert page.n_points[place] == n_points.get(leaf_id, 0)
            if leaf_id not in newest:
                continue
            value, time, step = newest[leaf_id]
            found = page.last_value(place)
            assert type(found) is type(value)
            if isinstance(found, float) and isinstance(value, float):
                assert _bits(found) == _bits(value) or (math.isnan(found) and math.isnan(value))
            else:
                assert found == value
            assert (float(page.last_time[place])) == time
            np.testing.assert_equal(float(page.last_step[place]), step)
        assert set(page.texts) == {leaf_id - first_leaf for leaf_id, one in newest.items() if isinstance(one[0], str)}


@settings(max_examples=80)
@given(
    st.integers(0, 2**32),
    st.sampled_from(_NUMERIC),
    st.lists(st.sampled_from([1, 2, 63, 64, 65, 128, 200]), min_size=1, max_size=3),
    st.sampled_from(["none", "all", "some"]),
)
def test_pyramids(seed: int, value_type: ValueType, sizes: list[int], axis: str) -> None:
    rng = random.Random(seed)
    parts = [_points(rng, value_type, n, axis) for n in sizes]
    stored = join_pyramids([decode_pyramid(encode_pyramid(part)) for part in parts])
    at = 0
    for part in parts:
        for start in range(0, len(part), 64):
            places = range(start, min(start + 64, len(part)))
            numbers = [float(part.value_at(place)) for place in places]
            finite = [number for number in numbers if math.isfinite(number)]
            assert stored.count[at] == len(numbers)
            assert stored.blocks.n_finite[at] == len(finite)
            np.testing.assert_equal(float(stored.first[at]), numbers[0])
            np.testing.assert_equal(float(stored.last[at]), numbers[-1])
            assert stored.time_first[at].tobytes() == part.times[start].tobytes()
            assert stored.step_first[at].tobytes() == part.steps[start].tobytes()
            np.testing.assert_equal(float(stored.blocks.min[at]), min(finite, default=math.nan))
            np.testing.assert_equal(float(stored.blocks.max[at]), max(finite, default=math.nan))
            if finite:
                low = start + numbers.index(min(finite))
                high = start + numbers.index(max(finite))
                assert (start + stored.blocks.min_at[at], start + stored.blocks.max_at[at]) == (low, high)
                assert stored.time_of_min[at] == part.times[low]
                assert stored.time_of_max[at] == part.times[high]
                assert stored.step_of_min[at].tobytes() == part.steps[low].tobytes()
                assert stored.step_of_max[at].tobytes() == part.steps[high].tobytes()
            at += 1
    assert at == len(stored.count)
