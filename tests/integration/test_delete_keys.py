"""Deleting keys while they are written: what was there is gone for good, what comes after starts anew, others stay."""

import pytest
from sqlalchemy import func, select
from support.apps import Apps, running_apps
from support.batches import checked, config, console, floats, new_writer
from support.ingest import make_place

from services.ingest.group_writer import GroupWriter
from services.ingest.transposer import Transposer
from services.series.load import load_points
from services.storage.database import Database
from services.storage.tables import batch_log, chunks, segments


async def _values(database: Database, apps: Apps, track_id: object, key: str) -> list[float]:
    answer = (await apps.reader.get(f"/api/v3/tracks/{track_id}/series", params={"key": key, "buckets": 10_000})).json()
    return [value for series in answer["series"] for value in series["points"]["value"]]


@pytest.mark.parametrize("rests_in", ["batch log", "segments", "chunks"])
async def test_a_deleted_series_is_gone_wherever_it_rests(
    database: Database, service_environment: dict[str, str], rests_in: str
) -> None:
    place = await make_place(database)
    writer, who = GroupWriter(database), new_writer()
    n = 5_000 if rests_in == "chunks" else 10
    transposer = Transposer(database, rested_s=0)

    async def send(seq: int, value: float) -> None:
        series = [floats(key, [value] * n, first_time=seq * 1e4) for key in ("a/x", "a/y", "b")]
        await writer.write(checked(place.track_id, place.project_id, who, seq, series=series))

    async with running_apps(database) as apps:
        await send(1, 1.0)
        if rests_in != "batch log":
            await transposer.run_once()
        assert await _values(database, apps, place.track_id, "a/x") == [1.0] * n
        tree = f"/api/v3/tracks/{place.track_id}/tree"
        assert (await apps.reader.delete(tree, params={"path": "a/x"})).status_code == 204
        assert (await apps.reader.delete(tree, params={"path": "a/x"})).status_code == 404
        for _ in range(2):
            assert await _values(database, apps, place.track_id, "a/x") == []
            assert await _values(database, apps, place.track_id, "a/y") == [1.0] * n
            names = [entry["name"] for entry in (await apps.reader.get(tree, params={"path": "a"})).json()["entries"]]
            assert names == ["y"]
            await transposer.run_once()
        # The same writer goes on, with a list of keys that it was known for.
        await send(2, 2.0)
        for _ in range(2):
            assert await _values(database, apps, place.track_id, "a/x") == [2.0] * n
            assert await _values(database, apps, place.track_id, "b") == [1.0] * n + [2.0] * n
            await transposer.run_once()
        assert (await apps.reader.delete(tree, params={"path": "a"})).status_code == 204
        assert (await apps.reader.delete(tree, params={"path": "b"})).status_code == 204
        assert (await apps.reader.get(tree)).json()["entries"] == []
    async with database.read() as session:
        for table in (batch_log, chunks, segments):
            assert await session.scalar(select(func.count()).select_from(table)) == 0, table.name


async def test_a_folder_of_all_kinds_goes_with_its_blobs(
    database: Database, service_environment: dict[str, str]
) -> None:
    place = await make_place(database)
    writer, who = GroupWriter(database), new_writer()
    await writer.write(
        checked(
            place.track_id, place.project_id, who, 1, series=[floats("f/loss", [1.0])], configs=[config("f/lr", 0.1)],
            console=[console("stdout", ["x"])],
        )
    )  # fmt: skip
    async with running_apps(database) as apps:
        file = f"/api/v3/tracks/{place.track_id}/files/f/report"
        assert (await apps.writer.put(file, content=b"text")).status_code in {200, 201}
        tree = f"/api/v3/tracks/{place.track_id}/tree"
        assert (await apps.reader.delete(tree, params={"path": "f"})).status_code == 204
        assert (await apps.reader.delete(tree, params={"path": "console/stdout"})).status_code == 204
        assert (await apps.reader.get(tree)).json()["entries"] == []
        assert (await apps.reader.get(f"/api/v3/tracks/{place.track_id}/files/f/report")).status_code == 404
        assert (await apps.reader.delete(tree, params={"path": ""})).status_code == 422
    async with database.read() as session:
        assert await load_points(session, place.track_id, ["f/loss"]) == {}
