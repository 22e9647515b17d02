"""Projects, tracks and leaves on a real database."""

import asyncio
from datetime import UTC, datetime

import pytest

from services.accounts.access import Principal
from services.accounts.actions import ensure_administrator
from services.core.clock import SystemClock
from services.core.errors import BadValue, NameTaken, ProjectNotFound, TrackDeleted, TrackIdTaken
from services.core.ids import new_id
from services.core.values import LeafKind
from services.projects.model import Project
from services.projects.store import create_project, get_project, list_projects
from services.storage.database import Database
from services.tracks.actions import change_track, create_track, delete_track, report_status
from services.tracks.leaves import ensure_leaves, list_leaves
from services.tracks.model import Track, TrackStatus
from services.tracks.store import get_track


async def _project(database: Database) -> tuple[Principal, Project]:
    async with database.transaction() as session:
        principal = await ensure_administrator(session)
        return principal, await create_project(session, principal, "demo", "a project")


async def _track(database: Database, project: Project, **options: object) -> Track:
    async with database.transaction() as session:
        return await create_track(session, project.project_id, created_by="admin", **options)  # type: ignore[arg-type]


async def test_projects_are_found_by_name_and_id(database: Database) -> None:
    principal, project = await _project(database)
    async with database.read() as session:
        assert (await get_project(session, principal, "demo")) == project
        assert (await get_project(session, principal, str(project.project_id))) == project
        assert [p.name for p in await list_projects(session, principal, search="DEM")] == ["demo"]
        assert await list_projects(session, principal, search="%") == []
        for missing in ("nothing", "a\x00b", ""):
            with pytest.raises(ProjectNotFound):
                await get_project(session, principal, missing)
    with pytest.raises(NameTaken):
        async with database.transaction() as session:
            await create_project(session, principal, "demo")
    for bad in ("", "a/b", "-x", "ü", "a" * 101, str(project.project_id)):
        with pytest.raises(BadValue):
            async with database.transaction() as session:
                await create_project(session, principal, bad)


async def test_tracks_made_at_once_get_numbers_of_their_own(database: Database) -> None:
    _, project = await _project(database)
    made = await asyncio.gather(*(_track(database, project) for _ in range(8)))
    assert sorted(track.number for track in made) == list(range(1, 9))
    assert all(track.name.endswith(f"-{track.number}") for track in made)


async def test_status_follows_the_reports(database: Database) -> None:
    _, project = await _project(database)
    track = await _track(database, project)

    async def report(status: TrackStatus) -> Track:
        async with database.transaction() as session:
            await report_status(session, track.track_id, status, SystemClock())
            return await get_track(session, track.track_id)

    running = await report(TrackStatus.RUNNING)
    assert running.status is TrackStatus.RUNNING
    assert running.has_signal(datetime.now(UTC))
    ended = await report(TrackStatus.FAILED)
    assert ended.ended_at is not None
    resumed = await report(TrackStatus.RUNNING)
    assert resumed.ended_at is None
    assert resumed.started_at == running.started_at


async def test_bad_names_tags_and_notes_are_refused(database: Database) -> None:
    _, project = await _project(database)
    track = await _track(database, project)
    for change in ({"name": " "}, {"name": "a\x00"}, {"tags": [""]}, {"tags": ["x" * 101]}, {"notes": "\x00"}):
        with pytest.raises(BadValue):
            async with database.transaction() as session:
                await change_track(session, track.track_id, **change)  # type: ignore[arg-type]
    async with database.transaction() as session:
        changed = await change_track(session, track.track_id, name=" new ", tags=["b", "a", "b"])
    assert (changed.name, changed.tags) == ("new", ("b", "a"))


async def test_leaves_keep_their_number_and_kind(database: Database) -> None:
    _, project = await _project(database)
    track = await _track(database, project)

    async def ensure(kinds: dict[str, LeafKind]) -> dict[str, int]:
        async with database.transaction() as session:
            found = await ensure_leaves(session, track.track_id, kinds)
            return {key: leaf.leaf_id for key, leaf in found.items()}

    many = {f"k/{i}": LeafKind.SERIES for i in range(200)}
    first, *others = await asyncio.gather(*(ensure(many) for _ in range(4)))
    assert all(other == first for other in others)
    assert len(set(first.values())) == 200
    async with database.transaction() as session:
        clash = await ensure_leaves(session, track.track_id, {"k/1": LeafKind.CONFIG, "k": LeafKind.CONFIG})
        assert clash["k/1"].kind is LeafKind.SERIES
        assert clash["k"].kind is LeafKind.CONFIG
        await ensure_leaves(session, track.track_id, {"k-1": LeafKind.CONFIG, "k0": LeafKind.CONFIG})
        below = await list_leaves(session, track.track_id, "k")
        assert len(below) == 201
        assert {leaf.key for leaf in below if leaf.kind is LeafKind.CONFIG} == {"k"}


async def test_a_deleted_track_is_gone_and_says_so(database: Database) -> None:
    _, project = await _project(database)
    track = await _track(database, project)
    async with database.transaction() as session:
        await delete_track(session, track.track_id)
    async with database.read() as session:
        with pytest.raises(TrackDeleted):
            await get_track(session, track.track_id)


async def test_a_track_with_an_id_of_its_clients_is_made_once(database: Database) -> None:
    principal, project = await _project(database)
    wanted = new_id()
    made = await asyncio.gather(*(_track(database, project, track_id=wanted, name="mine") for _ in range(4)))
    assert {(track.track_id, track.number, track.name) for track in made} == {(wanted, 1, "mine")}
    assert (await _track(database, project)).number == 2, "asking again takes no number"
    async with database.transaction() as session:
        other = await create_project(session, principal, "other")
    with pytest.raises(TrackIdTaken):
        await _track(database, other, track_id=wanted)
    async with database.transaction() as session:
        await delete_track(session, wanted)
    with pytest.raises(TrackDeleted):
        await _track(database, project, track_id=wanted)


async def test_one_id_in_two_projects_at_once_is_one_track(database: Database) -> None:
    principal, project = await _project(database)
    async with database.transaction() as session:
        other = await create_project(session, principal, "other")
    wanted = new_id()
    made = await asyncio.gather(
        *(_track(database, one, track_id=wanted) for one in (project, other)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in made) == ["Track", "TrackIdTaken"]
