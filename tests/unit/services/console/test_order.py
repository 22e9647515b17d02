"""Streams in the order of their times: what a slow merge finds, however lines arrive."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.console.order import Order

_TIMES = st.lists(st.integers(0, 12).map(float), max_size=8)
# What each of two streams says, batch after batch.
_BATCHES = st.lists(st.tuples(_TIMES, _TIMES), max_size=6)


def _slow(streams: tuple[list[float], list[float]]) -> list[tuple[int, int]]:
    """Take the line with the smaller time from the two heads, again and again."""
    heads, taken = [0, 0], []
    while True:
        left = [stream for stream in (0, 1) if heads[stream] < len(streams[stream])]
        if not left:
            return taken
        # A line that is earlier than the one above it is held back by that one.
        at = min(left, key=lambda stream: max(streams[stream][: heads[stream] + 1]))
        taken.append((at, heads[at]))
        heads[at] += 1


@given(_BATCHES)
def test_lines_stand_where_a_slow_merge_puts_them(batches: list[tuple[list[float], list[float]]]) -> None:
    order, streams = Order.empty(2), ([], [])
    for batch in batches:
        order = order.extended([np.array(times) for times in batch])
        for stream, times in zip(streams, batch, strict=True):
            stream.extend(times)
    expected = _slow(streams)
    assert order.of.tolist() == [stream for stream, _ in expected]
    assert order.lengths == (len(streams[0]), len(streams[1]))
    for place, (stream, number) in enumerate(expected):
        assert order.place_of(stream, number) == place
        cuts = order.cuts_at(place)
        assert cuts[stream] == number
        assert order.following(cuts, 3) == [one for one, _ in expected[place : place + 3]]
    assert order.place_of(0, len(streams[0])) == len(expected)


@given(_BATCHES, st.data())
def test_a_cursor_goes_on_where_it_was_whatever_comes(
    batches: list[tuple[list[float], list[float]]], data: st.DataObject
) -> None:
    order = Order.empty(2)
    for batch in batches:
        order = order.extended([np.array(times) for times in batch])
    place = data.draw(st.integers(0, len(order.of)))
    seen = order.cuts_at(place)
    grown = order.extended([np.array(data.draw(_TIMES)), np.array(data.draw(_TIMES))])
    rest = grown.following(seen, len(grown.of))
    assert [seen[s] + rest.count(s) for s in (0, 1)] == list(grown.lengths), "every line is seen once"
    known = [s for s in (0, 1) for _ in range(order.lengths[s] - seen[s])]
    assert sorted(rest) == sorted(known + [s for s in (0, 1) for _ in range(grown.lengths[s] - order.lengths[s])])
    assert grown.until(order.lengths).of.tolist() == order.of.tolist()
