"""Tracks to write to, a token to do so, and the count of what has arrived.

Used by the sections. `check_counts` is what makes a run worth believing: it asks track-api, as a user would, and raises
when a point that was acknowledged is not there, or one that was not is.
"""

import asyncio
import time
import uuid
from dataclasses import dataclass
from typing import Any

from harness.driver import BenchFailed, send
from harness.http import Caller
from harness.loads import Load, Outcome, Plan
from harness.stack import Bench, Services
from services.accounts.actions import ensure_administrator
from services.accounts.tokens import issue_token
from services.core.clock import SystemClock
from services.projects.store import create_project
from services.storage.database import Database
from services.tracks.actions import create_track


@dataclass(frozen=True, slots=True)
class Place:
    """Tracks of one project and the right to use them."""

    token: str
    tracks: list[str]
    project: str


async def make_place(database_url: str, n_tracks: int, *, api_address: str = "http://127.0.0.1") -> Place:
    """Make a project with so many tracks, and a token."""
    database = Database(database_url, pool_size=2)
    try:
        async with database.transaction() as session:
            principal = await ensure_administrator(session)
            made = await create_project(session, principal, f"bench-{uuid.uuid4().hex[:8]}")
            tracks = [await create_track(session, made.project_id, created_by="bench") for _ in range(n_tracks)]
            _, token = await issue_token(
                session, principal, name="bench", api_address=api_address, now=SystemClock().now()
            )
        return Place(token, [str(track.track_id) for track in tracks], made.name)
    finally:
        await database.close()


def _leaves(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for entry in entries:
        found += [entry["leaf"]] if entry["leaf"] else []
        found += _leaves(entry["children"] or [])
    return found


def count_points(reader: Caller, track: str) -> int:
    """Return how many points of a track track-api counts. Raises: BenchFailed."""
    answer = reader.call(f"/api/v3/tracks/{track}/tree?depth=0")
    if answer.status != 200:
        raise BenchFailed(f"the points of a track could not be counted: {answer.status} {answer.body[:300]!r}")
    return sum(leaf["n_points"] or 0 for leaf in _leaves(answer.json()["entries"]))


def _check_counts(services: Services, place: Place, load: Load, outcome: Outcome) -> None:
    reader = Caller(services.track_port, place.token)
    for track, batches in zip(place.tracks, outcome.acked_batches, strict=True):
        if not batches:
            continue
        answer = reader.call(f"/api/v3/tracks/{track}/tree?depth=0")
        if answer.status != 200:
            raise BenchFailed(f"the points of a track could not be counted: {answer.status} {answer.body[:300]!r}")
        counts = [leaf["n_points"] for leaf in _leaves(answer.json()["entries"])]
        if counts != [batches * load.points] * load.keys:
            raise BenchFailed(
                f"{load.name}: {batches * load.batch_points:,} points of {load.keys} keys were acknowledged,"
                f" track-api counts {sum(counts):,} of {len(counts)}"
            )
    reader.close()


async def check_counts(services: Services, place: Place, load: Load, outcome: Outcome) -> None:
    """Compare what was acknowledged with what track-api counts. Raises: BenchFailed when they differ."""
    await asyncio.to_thread(_check_counts, services, place, load, outcome)


async def wait_transposed(bench: Bench, services: Services, *, at_most_s: float = 1800.0) -> float:
    """Return the seconds until the batch log was empty. Raises: BenchFailed when it does not become so."""
    began = time.monotonic()
    while await bench.execute("SELECT count(*) FROM batch_log", url=services.database_url):
        if time.monotonic() - began > at_most_s:
            raise BenchFailed(f"the batch log is not empty after {at_most_s:.0f} s")
        await asyncio.sleep(0.25)
    return time.monotonic() - began


async def fill(services: Services, load: Load, batches: int) -> tuple[Place, Outcome]:
    """Send so many batches of a load to tracks made for it. Raises: BenchFailed."""
    place = await make_place(services.database_url, load.clients)
    plan = Plan(load, services.ingest_port, place.token, place.tracks, 0.0, 0.0, batches)
    outcome = await send(plan)
    return place, outcome


async def table_bytes(bench: Bench, database_url: str) -> int:
    """Return the bytes of all tables with their indexes and long values, after a VACUUM."""
    sizes = (
        "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return int(await bench.execute("VACUUM", sizes, url=database_url))
