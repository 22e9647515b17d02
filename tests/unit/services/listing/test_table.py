"""The table in memory: cells of every type, rows that come and go, bounds."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.core.errors import BadQuery
from services.core.ids import new_id
from services.listing import table as table_module
from services.listing.conditions import Field
from services.listing.match import groups_of, order_of, parse_sorts
from services.listing.query import parse_query
from services.listing.table import Table
from services.tracks.model import Track, TrackStatus

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LR = Field("p", "lr")


def _track(number: int, name: str = "") -> Track:
    created = NOW - timedelta(hours=100 - number)
    return Track(
        track_id=new_id(), project_id=UUID(int=1), project_name="p", number=number, name=name or f"t{number}",
        status=TrackStatus.FINISHED, tags=(), notes="", origin="client", created_by="ann", created_at=created,
        updated_at=created, started_at=created, last_seen_at=created, ended_at=created + timedelta(seconds=number),
        deleted_at=None, deleted_by=None, job_state=None,
    )  # fmt: skip


def _numbers(table: Table, query: str = "", sort: str = "number") -> list[int]:
    rows = order_of(table, parse_query(query, NOW), parse_sorts(sort), NOW)
    return [track.number for row in rows.tolist() if (track := table.tracks[row]) is not None]


def test_cells_come_back_as_they_were() -> None:
    table, track = Table(), _track(1)
    table.put_track(track)
    values = {"f": 0.5, "nan": math.nan, "inf": math.inf, "i": -3, "big": 2**63 - 1, "b": True, "s": "x" * 600}
    table.put_values(track.track_id, [(Field("p", key), value) for key, value in values.items()])
    cells = {key: table.columns[Field("p", key)].cell(0) for key in values}
    assert cells == values | {"nan": "NaN", "inf": "Infinity", "s": "x" * 500}
    assert type(cells["b"]) is bool
    assert type(cells["i"]) is int
    # What is there no more is gone, and what was a text can be a number.
    table.put_values(track.track_id, [(Field("p", "s"), 7)])
    assert [table.columns[Field("p", key)].cell(0) for key in ("f", "big", "s")] == [None, None, 7]


def test_rows_come_and_go() -> None:
    table = Table()
    tracks = [_track(number) for number in range(1, 201)]
    for track in tracks:
        table.put_track(track)
        table.put_values(track.track_id, [(LR, track.number / 10)])
    assert _numbers(table, "p.lr>19.85") == [199, 200]
    for track in tracks[:150]:
        table.drop_track(track.track_id)
    assert _numbers(table, "p.lr<15.3") == [151, 152]
    table.drop_track(tracks[0].track_id)
    late = _track(300)
    table.put_track(late)
    assert table.n_rows == 200, "a dead row is used again"
    assert _numbers(table, "-has:p.lr") == [300], "nothing of the dead track is left in it"
    version = table.version
    table.put_track(late)
    assert table.version == version, "the same track again is no change"
    table.put_track(replace(late, name="new"))
    assert _numbers(table, "new") == [300]


def test_a_project_with_ever_more_keys_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_module, "MAX_COLUMNS", 3)
    table = Table()
    for number in range(1, 6):
        track = _track(number)
        table.put_track(track)
        table.put_values(track.track_id, [(Field("p", f"key{number}"), number)])
    assert len(table.columns) == 3
    assert table.n_left_out == 2


def test_what_has_no_value_stands_at_the_end_and_is_a_group_of_its_own() -> None:
    table = Table()
    for number, value in enumerate((2, "b", 1, "a", None), 1):
        track = _track(number)
        table.put_track(track)
        table.put_values(track.track_id, [] if value is None else [(LR, value)])
    assert _numbers(table, sort="p.lr") == [3, 1, 4, 2, 5]
    assert _numbers(table, sort="-p.lr") == [2, 4, 1, 3, 5]
    rows = order_of(table, parse_query("", NOW), parse_sorts("p.lr"), NOW)
    assert [(g.value, g.n_tracks) for g in groups_of(table, rows, LR, NOW)] == [
        (1, 1), (2, 1), ("a", 1), ("b", 1), (None, 1),
    ]  # fmt: skip
    assert groups_of(table, rows[:0], LR, NOW) == []


def test_sorts() -> None:
    assert [str(sort.field) for sort in parse_sorts(r"-p.a\,b,name")] == ["p.a,b", "name"]
    for bad in ("p", "name," * 6, "-"):
        with pytest.raises(BadQuery):
            parse_sorts(bad)
