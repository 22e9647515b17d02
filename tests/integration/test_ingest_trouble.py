"""What nobody is to blame for never costs a batch: cancelled statements, unreadable rows, lost tails of a body."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from support.ingest import MSGPACK, another_track, batch, make_place, running_app

from services.core.errors import ServerBusy
from services.ingest.accept import accept
from services.ingest.batch import Batch
from services.ingest.group_writer import GroupWriter
from services.ingest.transposer import Transposer
from services.series.load import load_summaries
from services.storage.batch_body import decode_body
from services.storage.database import Database
from services.storage.tables import batch_log, tracks


def _batch(track_id: UUID, project_id: UUID, seq: int) -> Batch:
    raw = batch(seq)
    return accept(decode_body(raw), track_id=track_id, project_id=project_id, encoding=0, stored=raw)


async def _cancel_waiting(database: Database) -> int:
    async with database.transaction() as session:
        cancelled = await session.execute(
            text(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )
        return len(cancelled.all())


async def test_a_cancelled_statement_is_busy_and_not_the_fault_of_a_batch(database: Database) -> None:
    place = await make_place(database)
    writer = GroupWriter(database)
    async with database.transaction() as session:
        await session.execute(select(tracks).where(tracks.c.track_id == place.track_id).with_for_update())
        waiting = asyncio.create_task(writer.write(_batch(place.track_id, place.project_id, 1)))
        while not await _cancel_waiting(database):  # noqa: ASYNC110 (the event is in PostgreSQL)
            await asyncio.sleep(0.02)
        with pytest.raises(ServerBusy):
            await waiting
    assert (await writer.write(_batch(place.track_id, place.project_id, 1))).is_duplicate is False


async def test_a_row_that_cannot_be_read_holds_up_its_own_track_only(database: Database) -> None:
    place = await make_place(database)
    other = await another_track(database, place)
    writer = GroupWriter(database)
    for track_id in (place.track_id, other):
        await writer.write(_batch(track_id, place.project_id, 1))
    async with database.transaction() as session:
        await session.execute(update(batch_log).where(batch_log.c.track_id == place.track_id).values(body=b"\xc1"))
    assert await Transposer(database, rested_s=0).run_once() == 1
    async with database.read() as session:
        left = (await session.scalars(select(batch_log.c.track_id))).all()
        assert left == [place.track_id]
        assert (await load_summaries(session, other))["loss"].n_points == 1


async def test_many_clients_resending_at_once_store_each_batch_once(
    database: Database, service_environment: dict[str, str]
) -> None:
    place = await make_place(database)
    async with running_app(place.token) as client:
        for seq in (1, 2, 3):
            answers = await asyncio.gather(
                *(client.post(place.batches, content=batch(seq), headers=MSGPACK) for _ in range(20))
            )
            assert {answer.status_code for answer in answers} == {200}
            assert [answer.json()["is_duplicate"] for answer in answers].count(False) == 1
        gap = await client.post(place.batches, content=batch(9), headers=MSGPACK)
        assert (gap.status_code, gap.json()["context"]) == (409, {"expected": 4})
        async with database.read() as session:
            assert (await load_summaries(session, place.track_id))["loss"].n_points == 3


async def test_a_queue_that_is_full_says_when_to_come_back(
    database: Database, service_environment: dict[str, str]
) -> None:
    place = await make_place(database)
    async with (
        running_app(place.token, max_project_queue_bytes=1 << 20, database_pool_size=4) as client,
        database.transaction() as session,
    ):
        await session.execute(select(tracks).where(tracks.c.track_id == place.track_id).with_for_update())
        bodies = [batch(1, writer=f"{n:032x}", values=[0.5] * 20_000) for n in range(12)]
        sent = [asyncio.create_task(client.post(place.batches, content=b, headers=MSGPACK)) for b in bodies]
        done, _ = await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
        refused = done.pop().result()
        assert (refused.status_code, refused.json()["error"]) == (429, "write_queue_full")
        assert int(refused.headers["retry-after"]) >= 1
        await session.rollback()
        statuses = [answer.status_code for answer in await asyncio.gather(*sent)]
        assert set(statuses) == {200, 429}
