"""The errors of the domain, grouped by what a caller can do about them.

ServiceError
├── NotFound            ProjectNotFound, TrackNotFound, LeafNotFound, UploadNotFound, TokenNotFound, JobNotFound,
│                       LabNotFound, SubmissionNotFound, PipelineNotFound, RunNotFound, ArchiveNotFound, SecretNotFound,
│                       ViewNotFound, UserNotFound, MemberNotFound
├── Gone                TrackDeleted
├── Conflict            NameTaken, TrackIdTaken, SequenceGap, UploadIncomplete, KindMismatch, JobsUnfinished, LastOwner,
│                       SearchUnavailable
├── Invalid             BadKey, BadCursor, BadQuery, BadValue, ChecksumMismatch
├── Malformed           MalformedBatch
├── TooLarge            BatchTooLarge, FileTooLarge
├── UnsupportedType     UnsupportedMediaType
├── Overloaded          WriteQueueFull
├── TooMany             TooManyTries
├── Unavailable         ServerBusy, DatabaseDown, BlobStoreDown, TensorboardNotReady
├── Unauthenticated     SignInFailed
└── Forbidden           MissingRight, CrossSiteRequest

The docstring of a class is its default sentence for people; `code` is stable and documented.
Only `services.web.problem` knows which status a kind has.
"""

import re
from enum import StrEnum
from typing import Any, ClassVar


class Kind(StrEnum):
    """What a caller can do about an error."""

    NOT_FOUND = "not_found"
    GONE = "gone"
    CONFLICT = "conflict"
    INVALID = "invalid"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNSUPPORTED_TYPE = "unsupported_type"
    OVERLOADED = "overloaded"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"


class RejectReason(StrEnum):
    """Why one entry of a batch was refused while its neighbours were stored."""

    BAD_KEY = "bad_key"  # empty segment, control character, too long
    KIND_MISMATCH = "kind_mismatch"  # the key already holds another kind of leaf
    NOT_NUMERIC = "not_numeric"  # a number was promised, something else came
    BAD_STEP = "bad_step"  # an infinite step
    BAD_TIME = "bad_time"  # a time that is not a finite number of seconds
    BAD_VALUE = "bad_value"  # a value outside the supported types
    TOO_LARGE = "too_large"  # a string value or console line past its limit
    TRACK_CLOSED = "track_closed"  # the track takes no more data
    UNKNOWN_KIND = "unknown_kind"  # an entry of a kind this server does not know


class ServiceError(Exception):
    """Something went wrong."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "error"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, detail: str | None = None, *, retry_after_s: float | None = None, **context: Any) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.context = context
        self.retry_after_s = retry_after_s
        super().__init__(self.detail)


class NotFound(ServiceError):
    """There is no such thing here, or you may not see it."""

    kind = Kind.NOT_FOUND


class ProjectNotFound(NotFound):
    """There is no such project, or you may not see it."""


class TrackNotFound(NotFound):
    """There is no such track, or you may not see it."""


class LeafNotFound(NotFound):
    """This track holds nothing of that kind under that key."""


class UploadNotFound(NotFound):
    """There is no such upload; it may have been finished or given up."""


class TokenNotFound(NotFound):
    """There is no such API token."""


class LabNotFound(NotFound):
    """There is no such lab, or you may not see it."""


class JobNotFound(NotFound):
    """No job belongs to this track: it was made by a client, and only the training itself can end it."""


class SubmissionNotFound(NotFound):
    """There is no such submission, or you may not see it."""


class PipelineNotFound(NotFound):
    """There is no such pipeline, or you may not see it."""


class RunNotFound(NotFound):
    """This pipeline has no run of that number."""


class ArchiveNotFound(NotFound):
    """There is no such archive in this project."""


class SecretNotFound(NotFound):
    """There is no secret of that name."""


class ViewNotFound(NotFound):
    """There is no such view in this project."""


class UserNotFound(NotFound):
    """There is no user of that name."""


class MemberNotFound(NotFound):
    """That user is no member of this project."""


class Gone(ServiceError):
    """It existed, and was deleted."""

    kind = Kind.GONE


class TrackDeleted(Gone):
    """The track was deleted."""


class Conflict(ServiceError):
    """The request does not fit the present state."""

    kind = Kind.CONFLICT


class NameTaken(Conflict):
    """The name is taken."""


class TrackIdTaken(Conflict):
    """The id belongs to another track."""


class SequenceGap(Conflict):
    """Batches are missing before this one; send from the expected sequence number."""


class UploadIncomplete(Conflict):
    """Parts of the upload are missing."""


class KindMismatch(Conflict):
    """The key already holds another kind of data in this track."""


class JobsUnfinished(Conflict):
    """Jobs of it have not ended; stop them first."""


class LastOwner(Conflict):
    """A project needs an owner: make somebody else one first."""


class SearchUnavailable(Conflict):
    """No job runner here can search: install Optuna beside it (`mlsteam-services[search]`), and start it again."""


class Invalid(ServiceError):
    """The request holds a value that cannot be used."""

    kind = Kind.INVALID


class BadKey(Invalid):
    """The key cannot be used."""


class BadCursor(Invalid):
    """The cursor was not made by this list; start again without it."""


class BadQuery(Invalid):
    """The query cannot be understood."""


class BadValue(Invalid):
    """The value cannot be used."""


class ChecksumMismatch(Invalid):
    """What arrived is not what the checksum promised; send it again."""


class Malformed(ServiceError):
    """The body cannot be read."""

    kind = Kind.MALFORMED


class MalformedBatch(Malformed):
    """The body is not a batch: it cannot be decoded, or its columns do not fit together."""


class TooLarge(ServiceError):
    """It is larger than the limit."""

    kind = Kind.TOO_LARGE


class BatchTooLarge(TooLarge):
    """The batch is larger than the limit; halve it and send both halves."""


class FileTooLarge(TooLarge):
    """The file is larger than the limit."""


class UnsupportedType(ServiceError):
    """The content type is not one this address takes."""

    kind = Kind.UNSUPPORTED_TYPE


class UnsupportedMediaType(UnsupportedType):
    """The content type or encoding is not one this address takes."""


class Overloaded(ServiceError):
    """Too much is waiting; try again later."""

    kind = Kind.OVERLOADED


class WriteQueueFull(Overloaded):
    """This project sends more than can be written now; try again after the given time."""


class TooMany(ServiceError):
    """Too many tries; wait before the next."""

    kind = Kind.TOO_MANY


class TooManyTries(TooMany):
    """Too many tries; wait before the next."""


class Unavailable(ServiceError):
    """A part that is needed does not answer; try again later."""

    kind = Kind.UNAVAILABLE


class ServerBusy(Unavailable):
    """The server has as much waiting as it can hold; try again after the given time."""


class DatabaseDown(Unavailable):
    """The database does not answer; try again later."""


class BlobStoreDown(Unavailable):
    """The file store does not answer; try again later."""


class TensorboardNotReady(Unavailable):
    """TensorBoard could not be started for this track."""


class Unauthenticated(ServiceError):
    """Sign in, or send a valid API token."""

    kind = Kind.UNAUTHENTICATED


class SignInFailed(Unauthenticated):
    """Name and password do not fit, or the link was used before or has expired."""


class Forbidden(ServiceError):
    """You may not do this."""

    kind = Kind.FORBIDDEN


class MissingRight(Forbidden):
    """You may not do this; ask the owner of the project."""


class CrossSiteRequest(Forbidden):
    """A browser request that changes something must come from Track's own page."""
