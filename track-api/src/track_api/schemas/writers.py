"""Who logged to a track."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from track_api.schemas.series import LossOut


class WriterOut(BaseModel):
    """One process that logged to a track: how many batches came from it, and when the newest one did."""

    model_config = ConfigDict(from_attributes=True)

    writer: UUID
    n_batches: int
    last_at: datetime


class WritersOut(BaseModel):
    """Who logged to a track, and what is known not to have arrived; the first thousand of each."""

    writers: list[WriterOut]
    losses: list[LossOut]
