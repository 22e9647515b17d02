"""The table of each project in memory, kept like the database, and the questions put to it.

Called by track-api. Guarantees that an answer has everything that was told of before it was asked for and is never more
than REFRESH_S old, that a table is loaded once however many ask, and that a page of a list needs no values of other
tracks unless it is sorted or filtered by them.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import structlog
from numpy.typing import NDArray

from services.core.errors import BadQuery
from services.core.values import Value
from services.listing.conditions import Field
from services.listing.match import Group, groups_of, order_of
from services.listing.question import Question, needs_values
from services.listing.store import Changed, read_acked, read_changed, read_time, read_values
from services.listing.table import MAX_COLUMNS, Table
from services.series.tail import TailCache
from services.storage.database import Database, ReadSession
from services.tracks.model import Track

log = structlog.get_logger()

# Notices may be lost; asking costs ten milliseconds for ten thousand tracks.
REFRESH_S = 1.0
# A row dated before a moment may become visible after it: its transaction took so long at most.
_OVERLAP = timedelta(seconds=60)
# Other requests wait while so many are put into the table.
_AT_ONCE = 100
_MOST_BYTES = 512 << 20
_KEPT_ORDERS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A track with the values of the columns that were asked for, by the name of the column."""

    track: Track
    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of an ordered list, where they start in it, and how long it is."""

    rows: list[Row]
    start: int
    total: int


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """A parameter or metric that tracks of a project have. `n_distinct` counts up to 50; of metrics it is 0."""

    field: Field
    n_tracks: int
    n_distinct: int
    is_number: bool
    examples: list[Value]


class ProjectTable:
    """One project."""

    def __init__(self, database: Database, tails: TailCache, project_id: UUID) -> None:
        self._database, self._tails, self._project_id = database, tails, project_id
        self.table = Table()
        self._versions: dict[UUID, tuple[object, ...]] = {}
        self._seen_at: datetime | None = None
        self._refreshed = -np.inf
        self._is_outdated = False
        self._lock = asyncio.Lock()
        self._loading: asyncio.Task[None] | None = None
        # Changed while everything was being loaded, so perhaps read before they did.
        self._behind: dict[UUID, Changed] = {}
        self._orders: OrderedDict[object, NDArray[np.int64]] = OrderedDict()
        self._facts: dict[Field, tuple[int, int, ColumnFacts]] = {}

    @property
    def has_values(self) -> bool:
        """Say whether parameters and metrics are loaded."""
        loading = self._loading
        return loading is not None and loading.done() and not loading.cancelled() and not loading.exception()

    def outdate(self) -> None:
        """Ask the database again before the next answer."""
        self._is_outdated = True

    async def close(self) -> None:
        """End the loading, if it is under way."""
        if self._loading is not None and not self._loading.done():
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)

    async def refresh(self) -> None:
        """Take over what changed in the database since the last time, if that is not a moment ago."""
        async with self._lock:
            if time.monotonic() - self._refreshed < REFRESH_S and not self._is_outdated:
                return
            # What is told of from here on is asked for the next time.
            self._is_outdated = False
            async with self._database.read() as session:
                now = await read_time(session)
                since = self._seen_at - _OVERLAP if self._seen_at else None
                changed = await read_changed(session, self._project_id, since)
                self._take(changed)
                self._behind |= {one.track.track_id: one for one in changed}
                if self.has_values:
                    await self._load_changed(session, list(self._behind.values()))
                if self._loading is None or self._loading.done():
                    self._behind.clear()
            self._seen_at, self._refreshed = now, time.monotonic()

    def _take(self, changed: Sequence[Changed]) -> None:
        for one in changed:
            if one.track.deleted_at is None:
                self.table.put_track(one.track)
            else:
                self.table.drop_track(one.track.track_id)
                self._versions.pop(one.track.track_id, None)

    async def _load_changed(self, session: ReadSession, changed: Sequence[Changed]) -> None:
        alive = [one for one in changed if one.track.track_id in self.table.row_of]
        stale = {one.track.track_id: one.version for one in alive}
        stale = {track_id: version for track_id, version in stale.items() if self._versions.get(track_id) != version}
        for track_ids in _batches(list(stale)):
            await self._load(session, track_ids)
        self._versions |= stale

    async def _load(self, session: ReadSession, track_ids: Sequence[UUID]) -> None:
        for track_id, values in (await read_values(session, self._tails, track_ids)).items():
            self.table.put_values(track_id, values)

    def start_loading(self) -> asyncio.Task[None]:
        """Load parameters and metrics in the background, once."""
        if self._loading is None or (self._loading.done() and not self.has_values):
            self._loading = asyncio.create_task(self._load_all())
        return self._loading

    async def _load_all(self) -> None:
        started = time.perf_counter()
        # The newest first: they are looked at.
        wanted = sorted(self.table.row_of, key=lambda track_id: -self.table.created[self.table.row_of[track_id]])
        for track_ids in _batches(wanted):
            # A snapshot of its own for each part, so that none lives long.
            async with self._database.read() as session:
                acked = await read_acked(session, track_ids)
                await self._load(session, track_ids)
            self._versions |= {track_id: ("loaded", acked.get(track_id, 0)) for track_id in track_ids}
            await asyncio.sleep(0)
        log.info("table_loaded", project_id=str(self._project_id), n=len(wanted), took_s=time.perf_counter() - started)

    async def ensure_values(self) -> None:
        """Return when parameters and metrics are loaded."""
        if not self.has_values:
            await asyncio.shield(self.start_loading())
            # Tracks that came while it was loading.
            self.outdate()
            await self.refresh()

    async def order(self, question: Question, now: datetime) -> NDArray[np.int64]:
        """Return the rows that a question means, in order. Raises: BadQuery for a column that is left out."""
        await self.refresh()
        if needs_values(question.node) or any(sort.field.key for sort in question.sorts):
            await self.ensure_values()
        self._check_columns(question)
        name = (self.table.version, question.text, question.sorts)
        order = self._orders.get(name)
        if order is None:
            order = self._orders[name] = order_of(self.table, question.node, question.sorts, now)
            if len(self._orders) > _KEPT_ORDERS:
                self._orders.popitem(last=False)
        return order

    def _check_columns(self, question: Question) -> None:
        if not self.table.n_left_out:
            return
        missing = [s.field for s in question.sorts if s.field.key and self.table.find_column(s.field) is None]
        if missing:
            raise BadQuery(
                f"This project has more than {MAX_COLUMNS} parameters and metrics; {missing[0]} is not among those that"
                " can be sorted by.",
                column=str(missing[0]),
            )

    async def rows(self, places: NDArray[np.int64], columns: Sequence[Field]) -> list[Row]:
        """Return rows with their values."""
        tracks = [track for place in places.tolist() if (track := self.table.tracks[place]) is not None]
        if columns and not self.has_values:
            self.start_loading()
            async with self._database.read() as session:
                read = await read_values(session, self._tails, [track.track_id for track in tracks])
            peek = Table()
            for track in tracks:
                peek.put_track(track)
                peek.put_values(track.track_id, read[track.track_id])
            return [Row(track, _cells(peek, peek.row_of[track.track_id], columns)) for track in tracks]
        return [Row(track, _cells(self.table, self.table.row_of[track.track_id], columns)) for track in tracks]

    async def page(
        self, question: Question, now: datetime, *, start: int, limit: int, columns: Sequence[Field] = (),
        after: UUID | None = None,
    ) -> Page:  # fmt: skip
        """Return a page: from `start`, or behind a track where that is still in the list."""
        order = await self.order(question, now)
        if after is not None and (row := self.table.row_of.get(after)) is not None:
            places = np.flatnonzero(order == row)
            start = int(places[0]) + 1 if len(places) else start
        rows = await self.rows(order[start : start + limit], columns)
        return Page(rows, start, len(order))

    async def groups(self, question: Question, by: Field, now: datetime) -> list[Group]:
        """Return the groups of a list that is sorted by `by` first."""
        if by.key:
            await self.ensure_values()
        return groups_of(self.table, await self.order(question, now), by, now)

    async def column_facts(self) -> list[ColumnFacts]:
        """Return what can be shown, filtered and sorted by besides a track's own fields, the most common first."""
        await self.refresh()
        await self.ensure_values()
        facts = [self._facts_of(field) for field in self.table.columns]
        return sorted((f for f in facts if f.n_tracks), key=lambda f: (-f.n_tracks, f.field.name, f.field.key))

    def _facts_of(self, field: Field) -> ColumnFacts:
        column, n = self.table.columns[field], self.table.n_rows
        kept = self._facts.get(field)
        if kept is not None and kept[0] == column.version:
            return kept[2]
        rows = np.flatnonzero(column.types[:n])
        examples: list[Value] = []
        n_distinct = 0
        if field.name == "p":
            seen = {value for row in rows.tolist() if (value := column.cell(row)) is not None}
            n_distinct = min(50, len(seen))
            examples = sorted(seen, key=lambda value: (isinstance(value, str), value))[:20]
        is_number = len(column.texts) < len(rows)
        facts = ColumnFacts(field, len(rows), n_distinct, is_number, examples)
        self._facts[field] = (column.version, n, facts)
        return facts


def _cells(table: Table, row: int, columns: Sequence[Field]) -> dict[str, Value]:
    cells: dict[str, Value] = {}
    for name in columns:
        column = table.find_column(name)
        value = None if column is None else column.cell(row)
        if value is not None:
            cells[str(name)] = value
    return cells


def _batches(track_ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [track_ids[at : at + _AT_ONCE] for at in range(0, len(track_ids), _AT_ONCE)]


class ProjectTables:
    """The tables of the projects that were asked for lately, within so many bytes."""

    def __init__(self, database: Database, tails: TailCache, max_bytes: int = _MOST_BYTES) -> None:
        self._database, self._tails, self._max_bytes = database, tails, max_bytes
        self._tables: OrderedDict[UUID, ProjectTable] = OrderedDict()

    def of(self, project_id: UUID) -> ProjectTable:
        """Return the table of a project."""
        found = self._tables.get(project_id)
        if found is None:
            found = self._tables[project_id] = ProjectTable(self._database, self._tails, project_id)
        self._tables.move_to_end(project_id)
        while len(self._tables) > 1 and sum(one.table.size_bytes for one in self._tables.values()) > self._max_bytes:
            self._tables.popitem(last=False)
        return found

    def outdate(self, project_id: UUID | None) -> None:
        """Note that a project changed; None: that all may have."""
        for known, table in self._tables.items():
            if project_id is None or known == project_id:
                table.outdate()

    async def close(self) -> None:
        """End what is loading."""
        for table in self._tables.values():
            await table.close()
