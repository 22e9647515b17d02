"""Live events with real processes and a real PostgreSQL: who is told what, how soon, and when a stream ends."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx2
import psutil
import pytest
from sqlalchemy import delete, func, select, text, update
from support.apps import token_of
from support.events import listening, until_heard
from support.ingest import MSGPACK, Place, batch, make_place
from support.servers import ServerProcess

from services.accounts.store import insert_user
from services.storage.database import Database
from services.storage.tables import api_tokens, project_members
from track_api.schemas.events import ChangedOut


@dataclass
class Services:
    """Both services as processes, a track, and callers."""

    database: Database
    place: Place
    track_api: ServerProcess
    ingest_api: ServerProcess
    reader: httpx2.AsyncClient
    writer: httpx2.AsyncClient

    async def log(self, seq: int, key: str = "loss", **more: object) -> float:
        """Send a batch and return when it was acknowledged."""
        answer = await self.writer.post(self.place.batches, content=batch(seq, key=key, **more), headers=MSGPACK)
        assert answer.status_code == 200, answer.text
        return time.perf_counter()

    async def listeners(self) -> int:
        """Ask track-api how many streams are open."""
        lines = (await self.reader.get("/metrics")).text.splitlines()
        return int(float(next(line for line in lines if line.startswith("mlsteam_event_listeners ")).split()[1]))

    async def until_listeners(self, wanted: int) -> None:
        """Wait until so many streams are open."""
        async with asyncio.timeout(60):
            while await self.listeners() != wanted:  # noqa: ASYNC110 (another process has no event to wait for)
                await asyncio.sleep(0.05)


@pytest.fixture
def heartbeat_s() -> float:
    return 0.5


@pytest.fixture
def processes(service_environment: dict[str, str], heartbeat_s: float) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    track_api = ServerProcess("track_api", MLSTEAM_TRACK_API_HEARTBEAT_S=str(heartbeat_s))
    ingest_api = ServerProcess("ingest_api")
    yield track_api, ingest_api
    track_api.stop()
    ingest_api.stop()


@pytest.fixture
async def services(database: Database, processes: tuple[ServerProcess, ServerProcess]) -> AsyncIterator[Services]:
    place = await make_place(database)
    track_api, ingest_api = processes
    await asyncio.gather(track_api.wait_ready(), ingest_api.wait_ready(), until_heard(database))
    headers = {"authorization": f"Bearer {place.token}"}
    async with (
        httpx2.AsyncClient(base_url=track_api.url, headers=headers, timeout=60) as reader,
        httpx2.AsyncClient(base_url=ingest_api.url, headers=headers, timeout=60) as writer,
    ):
        yield Services(database, place, track_api, ingest_api, reader, writer)


def _track(services: Services) -> dict[str, str]:
    return {"track": str(services.place.track_id)}


async def test_a_committed_point_is_told_at_once(services: Services) -> None:
    place, waited = services.place, []
    async with listening(services.track_api.url, place.token, **_track(services)) as events:
        for seq in range(1, 21):
            acked = await services.log(seq)
            told = ChangedOut.model_validate(await events.changed())
            waited.append((time.perf_counter() - acked) * 1000)
            assert (told.track_id, told.project_id) == (place.track_id, place.project_id)
            assert (told.keys, told.kinds) == (["loss"], ["data"])
            await asyncio.sleep(0.25)
    waited.sort()
    print(f"\nacknowledged to told: median {waited[10]:.1f} ms, worst {waited[-1]:.1f} ms")  # noqa: T201 (a measure worth seeing)
    # The median: one moment in which the machine did something else says nothing about the services.
    assert waited[10] < 3000


async def test_a_project_hears_of_its_tracks_and_a_track_only_of_itself(services: Services) -> None:
    place = services.place
    async with (
        listening(services.track_api.url, place.token, project="demo") as of_project,
        listening(services.track_api.url, place.token, **_track(services)) as of_track,
    ):
        made = (await services.reader.post("/api/v3/projects/demo/tracks", json={})).json()
        told = await of_project.changed()
        assert (told["track_id"], told["keys"], told["kinds"]) == (made["track_id"], [], ["track"])
        await services.reader.patch(f"/api/v3/tracks/{place.track_id}", json={"name": "new name"})
        for events in (of_project, of_track):
            told = await events.changed()
            assert (told["track_id"], told["keys"], told["kinds"]) == (str(place.track_id), [], ["track"])
        await services.writer.post(f"/api/v3/ingest/tracks/{place.track_id}/status", json={"status": "finished"})
        assert (await of_track.changed())["kinds"] == ["track"]
        await services.writer.put(f"/api/v3/tracks/{place.track_id}/files/report/a.txt", content=b"hello")
        assert (await of_track.changed())["keys"] == ["report/a.txt"]
        await services.reader.delete(f"/api/v3/tracks/{place.track_id}")
        while (told := await of_project.changed())["keys"] is not None:
            assert told["track_id"] == str(place.track_id)
        assert told["kinds"] == ["data", "track"]
        assert (await of_track.rest())[-1] == ("resync", {}), "the stream of a deleted track ends"


async def test_much_is_told_seldom_and_many_keys_as_many(services: Services) -> None:
    async with listening(services.track_api.url, services.place.token, **_track(services)) as events:
        started = time.perf_counter()
        for seq in range(1, 151):
            await services.log(seq, key=f"k{seq % 7}")
        # Told in the order of logging: nothing of the others comes after this one.
        await services.log(151, key="last")
        told = await events.until_key("last")
        took = time.perf_counter() - started
        assert len(told) <= 5 * took + 3
        assert set().union(*(one["keys"] for one in told)) == {"last"} | {f"k{n}" for n in range(7)}
    async with listening(services.track_api.url, services.place.token, **_track(services)) as events:
        series = [{"key": f"many/{n}", "values": [1.0]} for n in range(101)]
        body = {"writer": "b" * 32, "seq": 1, "series": series}
        assert (await services.writer.post(services.place.batches, json=body)).status_code == 200
        assert (await events.changed())["keys"] is None
        series = [{"key": f"{'l' * 500}/{n}", "values": [1.0]} for n in range(50)]
        body = {"writer": "b" * 32, "seq": 2, "series": series}
        assert (await services.writer.post(services.place.batches, json=body)).status_code == 200
        keys: set[str] = set()
        while len(keys) < 50:
            keys |= set((await events.changed())["keys"])


async def test_what_cannot_be_listened_to_is_refused(services: Services) -> None:
    nobody = str(uuid4())
    for query, status, error in (
        ({}, 422, "bad_query"),
        ({"project": "demo", "track": nobody}, 422, "bad_query"),
        ({"track": nobody}, 404, "track_not_found"),
        ({"project": "nowhere"}, 404, "project_not_found"),
    ):
        answer = await services.reader.get("/api/v3/events", params=query)
        assert (answer.status_code, answer.json()["error"]) == (status, error), query


async def _viewer(services: Services, name: str) -> tuple[UUID, str]:
    async with services.database.transaction() as session:
        viewer = await insert_user(session, name)
        await session.execute(
            project_members.insert().values(project_id=services.place.project_id, user_id=viewer.user_id, role="viewer")
        )
    return viewer.user_id, await token_of(services.database, viewer)


async def test_who_loses_the_right_is_cut_off(services: Services) -> None:
    user_id, token = await _viewer(services, "without membership")
    revoked_id, revoked = await _viewer(services, "without token")
    async with AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(listening(services.track_api.url, proof, **asked))
            for proof in (token, revoked)
            for asked in (_track(services), {"project": "demo"})
        ]
        await services.log(1)
        for events in streams:
            assert (await events.changed())["keys"] == ["loss"]
        async with services.database.transaction() as session:
            await session.execute(delete(project_members).where(project_members.c.user_id == user_id))
            await session.execute(
                update(api_tokens).where(api_tokens.c.user_id == revoked_id).values(revoked_at=func.now())
            )
        for events in streams:
            assert await events.rest() == [("resync", {})]
    await services.until_listeners(0)


async def test_a_silent_stream_gives_signs_of_life(services: Services) -> None:
    async with listening(services.track_api.url, services.place.token, project="demo") as events:
        for _ in range(2):
            await events.sign_of_life()
        await services.log(1)
        await events.changed()
        assert events.comments >= 2
        headers = events.answer.headers
    assert headers["content-type"].startswith("text/event-stream")
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store, no-transform", "no")


async def test_after_a_lost_connection_everybody_loads_anew(services: Services) -> None:
    async with listening(services.track_api.url, services.place.token, project="demo") as events:
        async with services.database.transaction() as session:
            cut = await session.scalar(
                text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE application_name = 'mlsteam-events' AND datname = current_database()"
                )
            )
        assert cut == 1
        assert (await events.next())[0] == "resync"
        await services.log(1)
        assert (await events.changed())["keys"] == ["loss"]


async def _knock(services: Services) -> asyncio.StreamWriter:
    """Open a stream as cheaply as possible and return once it has begun."""
    host, port = services.track_api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET /api/v3/events?track={services.place.track_id} HTTP/1.1\r\nhost: x\r\n"
        f"authorization: Bearer {services.place.token}\r\n\r\n".encode()
    )
    await reader.readuntil(b"event: hello")
    return writer


@pytest.mark.slow
@pytest.mark.parametrize("heartbeat_s", [5])
async def test_500_idle_listeners_cost_little_and_no_connection(services: Services) -> None:
    process = psutil.Process(services.track_api.pid)
    connections = select(func.count()).select_from(text("pg_stat_activity")).where(text("datname = current_database()"))
    # What a process allocates once, for its first requests of this kind, is not a listener's.
    (await _knock(services)).close()
    before = process.memory_info().rss
    writers = [await _knock(services) for _ in range(500)]
    assert await services.listeners() >= 500
    # Until every one of them has had its rights checked again (after 9 s at most).
    process.cpu_percent()
    await asyncio.sleep(10)
    busy = process.cpu_percent()
    grown = (process.memory_info().rss - before) / 2**20
    async with services.database.read() as session:
        hearing = connections.where(text("application_name = 'mlsteam-events'"))
        assert await session.scalar(hearing) == 1
        # At most: the pools of both services and of this test (10, 10, 8), and the one that hears.
        total = await session.scalar(connections) or 0
    print(f"\n500 idle listeners: {grown:.1f} MiB, {total} connections, {busy:.0f} % of a core")  # noqa: T201 (a measure worth seeing)
    assert total <= 29
    assert grown < 100
    started = time.perf_counter()
    await services.log(1)
    async with listening(services.track_api.url, services.place.token, **_track(services)) as events:
        acked = await services.log(2)
        await events.changed()
        print(f"told beside 500 others after {(time.perf_counter() - acked) * 1000:.1f} ms")  # noqa: T201 (as above)
    assert time.perf_counter() - started < 60
    for writer in writers:
        writer.close()
    await services.until_listeners(0)


async def test_a_stopping_service_ends_its_streams_at_once(services: Services) -> None:
    async with (
        listening(services.track_api.url, services.place.token, project="demo") as one,
        listening(services.track_api.url, services.place.token, **_track(services)) as two,
    ):
        # A third that nobody reads.
        stuck = await _knock(services)
        await services.until_listeners(3)
        started = time.perf_counter()
        ending = asyncio.create_task(asyncio.to_thread(services.track_api.stop))
        assert await one.rest() == []
        assert await two.rest() == []
        await ending
        took = time.perf_counter() - started
        stuck.close()
    print(f"\nstopped with three open streams in {took * 1000:.0f} ms")  # noqa: T201 (a measure worth seeing)
    assert took < 20, "it waited for the streams as long as for requests (25 s)"
    services.track_api.start()
