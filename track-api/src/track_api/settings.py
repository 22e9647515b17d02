"""Settings of track-api, read once at its start."""

from pathlib import Path

from pydantic import Field

from services.core.settings import CodeSettings


class TrackApiSettings(CodeSettings):
    """The shared settings and track-api's own."""

    track_api_host: str = Field(default="127.0.0.1", description="Address to listen on")
    track_api_port: int = Field(default=8082, ge=1, le=65535, description="Port to listen on")
    track_api_static_dir: Path = Field(
        default=Path("frontend/dist"), description="Folder of the built page; without it only the API is served"
    )
    track_api_access_cache_s: float = Field(
        default=5.0,
        ge=0,
        le=60,
        description="Seconds a proven sign-in or token is trusted; one revoked by another replica works so long",
    )
    track_api_cache_bytes: int = Field(
        default=512 << 20, ge=0, description="Memory for series that were read, so that the next zoom needs no disk"
    )
    ingest_address: str | None = Field(
        default=None, description="Address of ingest-api for clients that reach it without the gateway"
    )
    track_api_heartbeat_s: float = Field(
        default=15,
        gt=0,
        le=15,
        description="Longest silence of an event stream in seconds; rights are checked again within twice as long",
    )
