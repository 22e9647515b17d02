"""Batches through the real app into a real PostgreSQL, and what it says to bodies that are not batches."""

import os
from collections.abc import AsyncIterator

import httpx2
import msgspec
import numpy as np
import pytest
from backports import zstd
from support.ingest import MSGPACK, WRITER, Place, batch, hostile, make_place, running_app

from services.core.values import ValueType, WireType
from services.series.load import load_points, load_summaries
from services.storage.batch_body import WireBatch, WireConfig, encode_body, encode_series
from services.storage.database import Database
from services.tracks.actions import delete_track


@pytest.fixture
async def place(database: Database) -> Place:
    return await make_place(database)


@pytest.fixture
async def client(place: Place, service_environment: dict[str, str]) -> AsyncIterator[httpx2.AsyncClient]:
    async with running_app(place.token) as opened:
        yield opened


async def test_a_batch_is_visible_as_soon_as_it_is_acknowledged(
    client: httpx2.AsyncClient, place: Place, database: Database
) -> None:
    for body, headers in (
        (batch(1), MSGPACK),
        (zstd.compress(batch(2)), MSGPACK | {"content-encoding": "zstd"}),
        (
            msgspec.json.encode(
                {"writer": WRITER, "seq": 3, "series": [{"key": "loss", "values": [3.0], "steps": [7]}]}
            ),
            {"content-type": "application/json"},
        ),
    ):
        answer = await client.post(place.batches, content=body, headers=headers)
        assert answer.status_code == 200, answer.text
    assert answer.json()["acked_through"] == 3
    assert answer.json()["rejects"] == []
    assert answer.json()["is_duplicate"] is False
    async with database.read() as session:
        parts = (await load_points(session, place.track_id, ["loss", "nothing"]))["loss"]
        summaries = await load_summaries(session, place.track_id)
    assert [value for part in parts for value in np.asarray(part.values).tolist()] == [1.0, 2.0, 3.0]
    assert parts[-1].steps.tolist() == [7.0]
    assert summaries["loss"].n_points == 3


async def test_json_keeps_types_and_special_numbers(
    client: httpx2.AsyncClient, place: Place, database: Database
) -> None:
    body = {
        "writer": WRITER,
        "seq": 1,
        "series": [
            {"key": "f", "values": [1, "NaN", "-Infinity"], "times": [1, 2, 3]},
            {"key": "i", "values": [2**63 - 1, -(2**63)]},
            {"key": "b", "values": [True, False]},
            {"key": "s", "values": ["NaN", "x\x00y"]},
            {"keys": ["x", "y"], "values": [1.5, 2.5, 3.5, 4.5], "times": [1, 2]},
        ],
        "configs": [{"key": "c", "value": "v"}],
        "console": [{"stream": "stdout", "lines": ["one", "tw\x00o"]}],
        "losses": [{"key": "f", "count": 3, "first_at": 1, "last_at": 2, "reason": "spool_full"}],
    }
    answer = await client.post(place.batches, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["rejects"] == []
    async with database.read() as session:
        found = await load_points(session, place.track_id, ["f", "i", "b", "s", "x", "y"])
    assert repr(found["f"][0].values.tolist()) == "[1.0, nan, -inf]"  # type: ignore[union-attr]
    assert found["i"][0].type is ValueType.INT
    assert np.asarray(found["i"][0].values).tolist() == [2**63 - 1, -(2**63)]
    assert np.asarray(found["b"][0].values).tolist() == [True, False]
    assert found["s"][0].values == ["NaN", "x\x00y"]
    assert np.asarray(found["y"][0].values).tolist() == [3.5, 4.5]


async def test_bad_entries_are_refused_and_their_neighbours_stored(
    client: httpx2.AsyncClient, place: Place, database: Database
) -> None:
    one = np.ones(1)
    series = [
        encode_series(["good", "bad//key"], WireType.F64, np.ones(2), np.ones(2), counts=[1, 1]),
        encode_series(["when"], WireType.F64, one, np.array([np.inf]), counts=[1]),
        encode_series(["step"], WireType.F64, one, one, counts=[1], steps=np.array([np.inf])),
        encode_series(["taken"], WireType.F64, one, one, counts=[1]),
    ]
    first = encode_body(WireBatch(v=1, writer=WRITER, seq=1, configs=[WireConfig("taken", 1, 0.0)]))
    assert (await client.post(place.batches, content=first, headers=MSGPACK)).status_code == 200
    configs = [WireConfig("nul", "a\x00b", 0.0), WireConfig("big", 2**63, 0.0), WireConfig("good", 1, 0.0)]
    second = encode_body(WireBatch(v=1, writer=WRITER, seq=2, series=series, configs=configs))
    answer = await client.post(place.batches, content=second, headers=MSGPACK)
    assert answer.status_code == 200, answer.text
    rejects = {(r["entry"], r["index"]): r["reason"] for r in answer.json()["rejects"]}
    assert rejects == {
        ("series", 1): "bad_key",
        ("series", 2): "bad_time",
        ("series", 3): "bad_step",
        ("series", 4): "kind_mismatch",
        ("config", 0): "bad_value",
        ("config", 1): "bad_value",
        ("config", 2): "kind_mismatch",
    }
    again = await client.post(place.batches, content=second, headers=MSGPACK)
    assert again.json()["is_duplicate"] is True
    assert again.json()["rejects"] == answer.json()["rejects"]
    async with database.read() as session:
        assert set(await load_summaries(session, place.track_id)) == {"good"}


_BOMB = zstd.compress(bytes(200 << 20))


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 400, "malformed_batch"),
        (b"\xc1garbage", {}, 400, "malformed_batch"),
        (b"\x91" * 100_000, {}, 400, "malformed_batch"),
        (batch(1)[:-3], {}, 400, "malformed_batch"),
        (batch(1) + b"x", {}, 400, "malformed_batch"),
        (hostile(values=b"1234567"), {}, 400, "malformed_batch"),
        (hostile(values=b""), {}, 400, "malformed_batch"),
        (hostile(counts=[-1]), {}, 400, "malformed_batch"),
        (hostile(counts=[2**40]), {}, 400, "malformed_batch"),
        (hostile(counts=[1, 1]), {}, 400, "malformed_batch"),
        (hostile(keys=1), {}, 400, "malformed_batch"),
        (hostile(keys=[1]), {}, 400, "malformed_batch"),
        (hostile(type="f32"), {}, 400, "malformed_batch"),
        (hostile(type="bool", values=b"\x07"), {}, 400, "malformed_batch"),
        (hostile(type="str"), {}, 400, "malformed_batch"),
        (hostile(steps=b""), {}, 400, "malformed_batch"),
        (hostile(counts=None, times=b""), {}, 400, "malformed_batch"),
        (batch(0), {}, 400, "malformed_batch"),
        (batch(1, writer="zz"), {}, 400, "malformed_batch"),
        (bytes(9 << 20), {}, 413, "batch_too_large"),
        (_BOMB, {"content-encoding": "zstd"}, 413, "batch_too_large"),
        (zstd.compress(batch(1))[:-1], {"content-encoding": "zstd"}, 400, "malformed_batch"),
        (zstd.compress(batch(1)) + b"x", {"content-encoding": "zstd"}, 400, "malformed_batch"),
        (b"not zstd", {"content-encoding": "zstd"}, 400, "malformed_batch"),
        (batch(1), {"content-encoding": "gzip"}, 415, "unsupported_media_type"),
        (batch(1), {"content-type": "text/plain"}, 415, "unsupported_media_type"),
        (b"{", {"content-type": "application/json"}, 400, "malformed_batch"),
        (b"[" * 100_000, {"content-type": "application/json"}, 400, "malformed_batch"),
        (b'{"writer":"\xff","seq":1}', {"content-type": "application/json"}, 400, "malformed_batch"),
    ],
)
async def test_what_is_not_a_batch_is_told_so(  # noqa: PLR0917 (parameters come from the table above)
    client: httpx2.AsyncClient, place: Place, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await client.post(place.batches, content=body, headers=MSGPACK | headers)
    assert (answer.status_code, answer.json()["error"]) == (status, code), answer.text
    assert answer.json()["detail"]
    # The writer is where it was.
    assert (await client.post(place.batches, content=batch(1), headers=MSGPACK)).json()["acked_through"] == 1


async def test_mangled_batches_never_break_the_server(client: httpx2.AsyncClient, place: Place) -> None:
    generator = np.random.default_rng(7)
    whole = bytearray(hostile(keys=["a", "b"], counts=[1, 0]))
    for _ in range(300):
        mangled = bytearray(whole)
        for _ in range(int(generator.integers(1, 4))):
            mangled[int(generator.integers(len(mangled)))] = int(generator.integers(256))
        answer = await client.post(place.batches, content=bytes(mangled), headers=MSGPACK)
        assert answer.status_code in {200, 400, 409}, answer.text


async def test_strangers_unknown_and_deleted_tracks(
    client: httpx2.AsyncClient, place: Place, database: Database, service_environment: dict[str, str]
) -> None:
    unknown = place.batches.replace(str(place.track_id), "00000000-0000-7000-8000-000000000000")
    assert (await client.post(unknown, content=batch(1), headers=MSGPACK)).status_code == 404
    stranger = await client.post(place.batches, content=batch(1), headers=MSGPACK | {"authorization": "Bearer x"})
    assert stranger.status_code == 401
    status = f"/api/v3/ingest/tracks/{place.track_id}/status"
    assert (await client.post(status, json={"status": "running"})).status_code == 204
    assert (await client.post(status, json={"status": "created"})).status_code == 422
    assert (await client.post(status, content=b'{"status":"' + b"x" * 100_000)).status_code == 413
    async with database.transaction() as session:
        await delete_track(session, place.track_id)
    # The right was proven a moment ago and is remembered; the writer still learns that the track is gone.
    gone = await client.post(place.batches, content=batch(1), headers=MSGPACK)
    assert (gone.status_code, gone.json()["error"]) == (410, "track_deleted")


async def test_garbage_is_garbage(client: httpx2.AsyncClient, place: Place) -> None:
    for _ in range(50):
        answer = await client.post(place.batches, content=os.urandom(200), headers=MSGPACK)
        assert answer.status_code == 400
