"""What travels, for the routes that are not hot and for the document of those that are."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.core.errors import RejectReason
from services.files.model import TrackFile


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RejectOut(BaseModel):
    """One entry that was refused while its neighbours were stored."""

    entry: Literal["series", "config", "console", "loss"]
    index: int
    key: str
    reason: RejectReason
    detail: str


class BatchOut(BaseModel):
    """The answer to a batch: everything up to `acked_through` is committed."""

    acked_through: int
    rejects: list[RejectOut]
    is_duplicate: bool
    server_time: float
    commands: list[str]


class StatusIn(_In):
    """What a writer says of its training."""

    status: Literal["running", "finished", "failed", "stopped"]
    writer: str | None = Field(default=None, max_length=64)


class UploadIn(_In):
    """A file that will arrive in parts."""

    key: str
    size_bytes: int = Field(ge=0, le=2**62)
    content_type: str | None = None
    sha256: str | None = None


class UploadOut(BaseModel):
    """An upload that takes parts."""

    upload_id: UUID
    part_bytes: int


class UploadStateOut(BaseModel):
    """What of an upload has arrived."""

    upload_id: UUID
    key: str
    size_bytes: int
    part_bytes: int
    parts: list[int]


class FileOut(BaseModel):
    """A stored file."""

    key: str
    size_bytes: int
    content_type: str
    sha256: str
    uploaded_at: datetime

    @classmethod
    def of(cls, file: TrackFile) -> "FileOut":
        """Make the answer for a file."""
        return cls(
            key=file.key,
            size_bytes=file.size_bytes,
            content_type=file.content_type,
            sha256=file.sha256,
            uploaded_at=file.uploaded_at,
        )


_number = {"type": "number"}
_value = {"anyOf": [{"type": "boolean"}, {"type": "integer"}, _number, {"type": "string"}]}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _map(required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


_BATCH_JSON = _map(
    ["writer", "seq"],
    v={"const": 1},
    writer={"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "Random, one per process that logs"},
    seq={"type": "integer", "minimum": 1, "description": "1, 2, 3, ... within (track, writer)"},
    sent_at=_number,
    series=_list(
        _map(
            ["values"],
            key={"type": "string"},
            keys=_list({"type": "string"}) | {"description": "Columns of several series, in place of `key`"},
            counts=_list({"type": "integer", "minimum": 0})
            | {"description": "Values of each key; without it the keys share `times` and `steps`"},
            type={"enum": ["f64", "i64", "bool", "str"], "description": "Inferred when left out"},
            values=_list(_value)
            | {"description": 'Key by key, of one type; among numbers "NaN", "Infinity" and "-Infinity" are numbers'},
            times=_list(_number) | {"description": "Unix seconds; the time of arrival when left out"},
            steps=_list({"type": ["number", "null"]}),
        )
    ),
    configs=_list(_map(["key", "value"], key={"type": "string"}, value=_value, time=_number)),
    console=_list(
        _map(
            ["stream", "lines"],
            stream={"type": "string", "pattern": "^[a-z0-9_-]{1,64}$"},
            lines=_list({"type": "string"}),
            times=_list(_number),
        )
    ),
    losses=_list(
        _map(
            ["key", "count", "first_at", "last_at", "reason"],
            key={"type": "string"},
            count={"type": "integer", "minimum": 0},
            first_at=_number,
            last_at=_number,
            reason={"type": "string"},
        )
    ),
)

MSGPACK_TYPE = "application/vnd.mlsteam.batch+msgpack"
BATCH_REQUEST = {
    "required": True,
    "description": "One batch, as it is or with `Content-Encoding: zstd`; at most 8 MiB sent and "
    "64 MiB decoded (JSON: 16 MiB).",
    "content": {
        "application/json": {"schema": _BATCH_JSON},
        MSGPACK_TYPE: {
            "schema": {
                "type": "string",
                "format": "binary",
                "description": "A msgpack map like the JSON form; numbers are raw little-endian columns: `values` f64 "
                "or i64 (bool: a byte each, str: an array), `times` and `steps` f64, where NaN is no step.",
            }
        },
    },
}
BYTES_REQUEST = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
