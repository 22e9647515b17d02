"""What a file of a track is, and the limits on one. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.core.errors import BadValue

# Five gibibytes: a large checkpoint, and the most that one object of any S3 takes in a single copy.
MAX_FILE_BYTES = 5 << 30
# A broken line costs at most one of these; every part but the last has exactly this size.
PART_BYTES = 8 << 20
DEFAULT_CONTENT_TYPE = "application/octet-stream"
_CONTENT_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(?:\s*;[\x20-\x7e]{0,200})?")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class TrackFile:
    """One file of a track."""

    key: str
    blob_id: UUID
    size_bytes: int
    content_type: str
    sha256: str
    uploaded_at: datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that arrives in parts."""

    track_id: UUID
    upload_id: UUID
    key: str
    size_bytes: int
    part_bytes: int
    content_type: str
    sha256: str | None

    @property
    def n_parts(self) -> int:
        """Return how many parts make the file."""
        return -(-self.size_bytes // self.part_bytes)

    def size_of_part(self, number: int) -> int:
        """Return how many bytes a part must have. Raises: BadValue when there is no such part."""
        if not 0 <= number < self.n_parts:
            raise BadValue(f"This upload has {self.n_parts} parts, numbered from 0.", part=number)
        return min(self.part_bytes, self.size_bytes - number * self.part_bytes)


def clean_content_type(content_type: str | None) -> str:
    """Return a content type that can be sent back in a header. Raises: BadValue."""
    if not content_type:
        return DEFAULT_CONTENT_TYPE
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise BadValue("The content type must look like text/plain.", field="content_type")
    return content_type


def clean_sha256(sha256: str | None) -> str | None:
    """Return a checksum in lower case. Raises: BadValue."""
    if sha256 is None:
        return None
    if not _SHA256.fullmatch(sha256):
        raise BadValue("A SHA-256 has 64 hexadecimal digits.", field="sha256")
    return sha256.lower()
