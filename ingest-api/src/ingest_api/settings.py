"""What ingest-api reads from the environment, beside what every service reads."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.core.settings import ServiceSettings


class IngestApiSettings(ServiceSettings):
    """Settings of ingest-api."""

    model_config = SettingsConfigDict(populate_by_name=True)

    host: str = Field(
        default="127.0.0.1", validation_alias="MLSTEAM_INGEST_API_HOST", description="Address to listen on"
    )
    port: int = Field(
        default=8081, ge=1, le=65535, validation_alias="MLSTEAM_INGEST_API_PORT", description="Port to listen on"
    )
    max_queue_bytes: int = Field(
        default=256 << 20,
        ge=1 << 20,
        validation_alias="MLSTEAM_INGEST_API_MAX_QUEUE_BYTES",
        description="Bytes of batches on their way in or waiting for a commit; past it, requests are answered 503",
    )
    max_project_queue_bytes: int = Field(
        default=64 << 20,
        ge=1 << 20,
        validation_alias="MLSTEAM_INGEST_API_MAX_PROJECT_QUEUE_BYTES",
        description="Of these, bytes of one project; past it, its requests are answered 429",
    )
    access_cache_s: float = Field(
        default=10.0,
        ge=0,
        le=60,
        validation_alias="MLSTEAM_INGEST_API_ACCESS_CACHE_S",
        description="Seconds a proven token is trusted without asking the database; a revoked one works so long",
    )


class TransposerSettings(ServiceSettings):
    """Settings of the transposer."""

    transposer_host: str = Field(default="127.0.0.1", description="Address to answer probes on")
    transposer_port: int = Field(default=8085, ge=1, le=65535, description="Port to answer probes on")
    transposer_rested_s: float = Field(
        default=10.0, ge=0, le=3600, description="Seconds a batch rests in the batch log before its points are moved"
    )
