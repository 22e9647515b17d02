"""Who may look at a TensorBoard: strangers to the track, members, and members who are none any more."""

from datetime import UTC, datetime, timedelta

from support.board import Board, opened_board

from services.accounts.access import Role
from services.accounts.store import insert_session, insert_user
from services.projects.members import put_member, remove_member
from services.storage.database import Database
from tb_proxy.processes.registry import State


async def test_losing_access_ends_what_nobody_else_looks_at(
    database: Database, service_environment: dict[str, str]
) -> None:
    async with opened_board(database, tb_proxy_access_cache_s=0) as board:
        async with database.transaction() as session:
            user = await insert_user(session, "eve")
            secret = await insert_session(session, user.user_id, datetime.now(UTC), timedelta(minutes=5))
        eve = {"cookie": f"mlsteam_session={secret}", "authorization": ""}
        board_id = (board.place.track_id,)

        async def look(path: str = "data/runs") -> int:
            return (await board.client.get(board.url(path), headers=eve)).status_code

        for path in ("", "data/runs", "index.js", "room"):
            assert await look(path) in {403, 404}
        assert board.registry.state_of(board_id) is State.STOPPED
        async with database.transaction() as session:
            await put_member(session, board.place.project_id, "eve", Role.VIEWER)
        assert await look() == 200
        assert board.registry.state_of(board_id) is State.READY
        async with database.transaction() as session:
            await remove_member(session, board.place.project_id, user.user_id)
        assert await look() in {403, 404}
        assert board.registry.state_of(board_id) is State.STOPPED
        # One who still may look keeps it open.
        assert len(await board.scalars()) == 3
        assert await look() in {403, 404}
        assert board.registry.state_of(board_id) is State.READY


async def test_the_track_of_a_published_client_shows(board: Board) -> None:
    params = {"bucket_name": str(board.place.track_id), "obj_path": "old/loss", "part_offset": "-1"}
    content = {"content-type": "application/octet-stream"}
    lines = b"1700000000.25, 1.5\n1700000000.5, 0.25\n"
    assert (
        await board.ingest.post("/api/v2/objects", params=params, content=lines, headers=content)
    ).status_code == 200
    points = await board.get("data/plugin/scalars/scalars", tag="old/loss", run=board.run)
    assert points == [[1700000000.25, 0, 1.5], [1700000000.5, 1, 0.25]]
