"""Notes are told in few statements; what could not be told becomes "load everything anew"."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import pytest

from services.core.errors import DatabaseDown
from services.live.changes import ChangeNotes
from services.live.model import Change, ChangeKind
from services.live.wire import decode_payload
from services.storage.database import Database

TRACK, PROJECT = UUID(int=1), UUID(int=2)


class FlakyDatabase:
    """Keeps what it is told; away when asked to be."""

    def __init__(self) -> None:
        self.told: list[list[Change | None]] = []
        self.is_away = False
        self.is_told = asyncio.Event()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["FlakyDatabase"]:
        if self.is_away:
            raise DatabaseDown
        yield self

    async def execute(self, _statement: object, values: dict[str, Any]) -> None:
        self.told.append([decode_payload(payload) for payload in values["payloads"]])
        self.is_told.set()


def _notes(database: FlakyDatabase) -> ChangeNotes:
    return ChangeNotes(cast("Database", database))


async def test_many_notes_are_told_in_few_statements() -> None:
    database = FlakyDatabase()
    notes = _notes(database)
    running = asyncio.create_task(notes.run())
    notes.note(TRACK, PROJECT, ["first"])
    async with asyncio.timeout(30):
        await database.is_told.wait()
        database.is_told.clear()
        for number in range(1000):
            notes.note(TRACK, PROJECT, [f"k{number % 3}"])
        notes.note_track(TRACK, PROJECT)
        await database.is_told.wait()
    running.cancel()
    assert database.told == [
        [Change(TRACK, PROJECT, ["first"], [ChangeKind.DATA])],
        [Change(TRACK, PROJECT, ["k0", "k1", "k2"], [ChangeKind.DATA, ChangeKind.TRACK])],
    ]


async def test_what_could_not_be_told_is_told_as_everything() -> None:
    database = FlakyDatabase()
    notes = _notes(database)
    database.is_away = True
    notes.note(TRACK, PROJECT, ["lost"])
    with pytest.raises(DatabaseDown):
        await notes.flush()
    await notes.close()
    database.is_away = False
    notes.note(TRACK, PROJECT, ["later"])
    await notes.close()
    assert database.told == [[None]]
    await notes.close()
    assert len(database.told) == 1, "nothing new, nothing told"
