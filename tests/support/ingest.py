"""A running ingest-api in process, with a project, a track and a token; and batches to send."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import numpy as np

from ingest_api.main import create_app
from ingest_api.settings import IngestApiSettings
from services.accounts.access import Principal
from services.accounts.actions import ensure_administrator
from services.accounts.tokens import issue_token
from services.core.clock import SystemClock
from services.core.values import WireType
from services.projects.store import create_project
from services.storage.batch_body import WireBatch, encode_body, encode_series
from services.storage.database import Database
from services.tracks.actions import create_track

WRITER = "a" * 32
MSGPACK = {"content-type": "application/vnd.mlsteam.batch+msgpack"}


@dataclass(frozen=True, slots=True)
class Place:
    """A track and the right to write to it."""

    principal: Principal
    project_id: UUID
    track_id: UUID
    token: str

    @property
    def batches(self) -> str:
        """Return where batches go."""
        return f"/api/v3/ingest/tracks/{self.track_id}/batches"


async def make_place(database: Database, project: str = "demo") -> Place:
    """Make a project with a track, and a token."""
    async with database.transaction() as session:
        principal = await ensure_administrator(session)
        made = await create_project(session, principal, project)
        track = await create_track(session, made.project_id, created_by="admin")
        _, token = await issue_token(
            session, principal, name="test", api_address="http://127.0.0.1", now=SystemClock().now()
        )
    return Place(principal, made.project_id, track.track_id, token)


async def another_track(database: Database, place: Place) -> UUID:
    """Make one more track in the project."""
    async with database.transaction() as session:
        return (await create_track(session, place.project_id, created_by="admin")).track_id


@asynccontextmanager
async def running_app(token: str, **settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """Run ingest-api in this process and give a client that is signed in."""
    app = create_app(IngestApiSettings(**settings))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app),
            base_url="http://test",
            headers={"authorization": f"Bearer {token}"},
        ) as client,
    ):
        yield client


def batch(
    seq: int, *, writer: str = WRITER, key: str = "loss", values: list[float] | None = None, **more: Any
) -> bytes:
    """Encode a batch with one series of which every value is told apart by its sequence number."""
    numbers = np.array([float(seq)] if values is None else values, "<f8")
    times = np.arange(len(numbers), dtype="<f8") + seq
    series = [encode_series([key], WireType.F64, numbers, times, counts=[len(numbers)])]
    return encode_body(WireBatch(v=1, writer=writer, seq=seq, sent_at=0.0, series=more.pop("series", series), **more))


def hostile(**changes: Any) -> bytes:
    """Encode a batch of one series with some fields changed to whatever."""
    series = {
        "keys": ["a"],
        "counts": [1],
        "type": "f64",
        "values": np.ones(1).tobytes(),
        "times": np.ones(1).tobytes(),
        "steps": None,
    }
    return msgspec.msgpack.encode({"v": 1, "writer": WRITER, "seq": 1, "sent_at": 0.0, "series": [series | changes]})
