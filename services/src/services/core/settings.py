"""Settings shared by the services; each process adds its own class in its settings.py.

Read once at start from MLSTEAM_* variables; a process that cannot start says all that is wrong at once.
"""

import sys
from pathlib import Path
from typing import TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every service reads."""

    model_config = SettingsConfigDict(env_prefix="MLSTEAM_", extra="ignore", frozen=True)

    database_url: SecretStr = Field(description="PostgreSQL 15 or newer: postgresql://user:password@host/database")
    database_pool_size: int = Field(default=10, ge=1, le=200, description="Connections each process keeps at most")
    blob_url: str = Field(
        default=f"file://{Path.cwd() / '.run' / 'data' / 'blobs'}",
        description="Where files rest: file:///folder or s3://bucket/prefix",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8080",
        description="The address people and clients use; written into API tokens",
    )
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level logged")
    log_format: str = Field(default="json", pattern="^(json|text)$", description="json for machines, text for people")
    session_days: float = Field(default=14, gt=0, le=365, description="How long a sign-in lasts, in days")
    trash_days: float = Field(
        default=30, ge=0, le=3650, description="How long a deleted track can be restored, in days"
    )


class CodeSettings(ServiceSettings):
    """Where the code of jobs may come from; read by whoever takes a definition, and by whoever fetches the code."""

    code_roots: str = Field(
        default="", description="Folders that labs may take code from, and what is below them; separated by ':'"
    )
    git_hosts: str = Field(
        default="", description="Hosts of your own network that labs may clone from; separated by commas"
    )


SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def load_settings(cls: type[SettingsT]) -> SettingsT:
    """Read settings from the environment, or end the process with a list of every problem."""
    try:
        return cls()
    except ValidationError as error:
        prefix = cls.model_config.get("env_prefix", "")
        for problem in error.errors():
            name = (prefix + "_".join(str(part) for part in problem["loc"])).upper()
            sys.stderr.write(f"{name}: {problem['msg']}\n")
        sys.exit(2)
