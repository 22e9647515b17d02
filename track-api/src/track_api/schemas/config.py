"""What a client must know before it signs in."""

from pydantic import BaseModel


class Limits(BaseModel):
    """Sizes that the server takes, in bytes."""

    max_batch_bytes: int
    max_batch_decoded_bytes: int
    max_key_bytes: int
    part_bytes: int
    max_file_bytes: int


class ConfigOut(BaseModel):
    """Version, limits, and the address of ingest-api where it can be reached directly."""

    version: str
    ingest_address: str | None
    is_set_up: bool
    limits: Limits
