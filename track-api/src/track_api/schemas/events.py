"""What an event says, as OpenAPI shows it; written by services.live."""

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.live.model import ChangeKind


class ChangedOut(BaseModel):
    """The data of a `changed` event; `keys` is null when they are many or all, empty when no data changed."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    track_id: UUID
    project_id: UUID
    keys: list[str] | None
    kinds: list[ChangeKind]
