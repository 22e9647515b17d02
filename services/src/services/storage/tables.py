"""All tables, grouped by noun.

Every table that grows with logged data has `track_id` first in its primary key and is joined only on it, so that it can
be distributed as it stands. Ids are made by the application; nothing here needs a sequence or a trigger.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

_Time = DateTime(timezone=True)
# Names and keys compare by bytes: the order of lists and cursors then never depends on a server's locale.
_Key = Text(collation="C")


def _now() -> Column[object]:
    return Column("created_at", _Time, nullable=False, server_default=text("now()"))


# --- accounts -------------------------------------------------------------------------------------------------------

users = Table(
    "users",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("name", _Key, nullable=False, unique=True),
    Column("password_hash", Text),
    Column("is_admin", Boolean, nullable=False, server_default=text("false")),
    _now(),
)
sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("link_hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", _Time, nullable=False),
    _now(),
)
sessions = Table(
    "sessions",
    metadata,
    Column("session_hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", _Time, nullable=False),
    _now(),
)
api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("track_id", Uuid),
    Column("expires_at", _Time),
    Column("revoked_at", _Time),
    Column("last_used_at", _Time),
    _now(),
)
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    _now(),
)

# --- projects -------------------------------------------------------------------------------------------------------

projects = Table(
    "projects",
    metadata,
    Column("project_id", Uuid, primary_key=True),
    Column("name", _Key, nullable=False, unique=True),
    Column("description", Text, nullable=False, server_default=""),
    Column("next_track_number", Integer, nullable=False, server_default="1"),
    _now(),
)
project_members = Table(
    "project_members",
    metadata,
    Column("project_id", Uuid, ForeignKey("projects.project_id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True),
    Column("role", Text, nullable=False),
)

# Ways of looking at the tracks of a project that its members have kept under a name.
views = Table(
    "views",
    metadata,
    Column("view_id", Uuid, primary_key=True),
    Column("project_id", Uuid, ForeignKey("projects.project_id", ondelete="CASCADE"), nullable=False),
    Column("name", _Key, nullable=False),
    Column("definition", JSONB, nullable=False),
    Column("created_by", Text, nullable=False),
    _now(),
    UniqueConstraint("project_id", "name"),
)

# --- tracks ---------------------------------------------------------------------------------------------------------

tracks = Table(
    "tracks",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("project_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", _Key, nullable=False),
    Column("status", Text, nullable=False, server_default="created"),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("notes", Text, nullable=False, server_default=""),
    Column("origin", Text, nullable=False, server_default="client"),
    Column("created_by", Text, nullable=False),
    Column("updated_at", _Time, nullable=False, server_default=text("now()")),
    Column("started_at", _Time),
    Column("last_seen_at", _Time),
    Column("ended_at", _Time),
    # In the trash from then on: what it holds stays until it is purged.
    Column("deleted_at", _Time),
    Column("deleted_by", Text),
    Column("purged_at", _Time),
    Column("next_leaf_id", Integer, nullable=False, server_default="1"),
    # Grows when leaves are deleted: what a process remembers of them then no longer holds.
    Column("leaves_version", Integer, nullable=False, server_default="1"),
    # False for what holds the output of a pipeline run that makes no track of its own: no list shows it.
    Column("is_listed", Boolean, nullable=False, server_default=text("true")),
    _now(),
    Index("ix_tracks_list", "project_id", "created_at", "track_id", postgresql_where=text("deleted_at IS NULL")),
    # Whoever holds a project's table in memory asks what changed.
    Index("ix_tracks_changed", "project_id", "updated_at"),
    Index("ix_tracks_trash", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL AND purged_at IS NULL")),
)
# Every leaf of a track's tree, whatever its kind: the tree is one scan, and a key holds one kind.
leaves = Table(
    "leaves",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("leaf_id", Integer, primary_key=True),
    Column("key", _Key, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    _now(),
    UniqueConstraint("track_id", "key"),
)

# --- ingest ---------------------------------------------------------------------------------------------------------

writers = Table(
    "writers",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("writer", Uuid, primary_key=True),
    Column("acked_through", BigInteger, nullable=False),
    # The answer to the newest batch, so that a resend of it gets the same one.
    Column("last_rejects", JSONB, nullable=False, server_default=text("'[]'")),
    Column("updated_at", _Time, nullable=False, server_default=text("now()")),
)
batch_log = Table(
    "batch_log",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("writer", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    # The moment of writing, not of the transaction's start: a writer's later batch must never seem the earlier one.
    Column("received_at", _Time, nullable=False, server_default=text("clock_timestamp()")),
    Column("n_points", Integer, nullable=False),
    # Running index of series in the body that were refused and must not be read.
    Column("refused", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    Column("encoding", SmallInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
loss_marks = Table(
    "loss_marks",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("writer", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("key", _Key, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("first_at", Float(53), nullable=False),
    Column("last_at", Float(53), nullable=False),
    Column("reason", Text, nullable=False),
)

# --- series ---------------------------------------------------------------------------------------------------------

# How long the series of 256 neighbouring leaves are and where each stands, in one row: with a row a series, the ten
# thousand series of a large model would be written anew each time some of their points are moved.
series_pages = Table(
    "series_pages",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("page", Integer, primary_key=True),
    # Grows with every change of the page, its segments and the chunks of its series.
    Column("version", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
# Points of the series of one page that are too few for chunks of their own.
segments = Table(
    "segments",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("type", SmallInteger, primary_key=True),
    Column("n_points", Integer, nullable=False),
    # The frame of each of the 256 leaves (255: none), and where in data each frame starts.
    Column("frame_of", LargeBinary, nullable=False),
    Column("offsets", ARRAY(Integer), nullable=False),
    Column("encoding", SmallInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
chunks = Table(
    "chunks",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("leaf_id", Integer, primary_key=True),
    # Points of the series before this chunk, in the order they were transposed.
    Column("first_index", BigInteger, primary_key=True),
    Column("n_points", Integer, nullable=False),
    Column("type", SmallInteger, nullable=False),
    Column("time_min", Float(53), nullable=False),
    Column("time_max", Float(53), nullable=False),
    Column("step_min", Float(53)),
    Column("step_max", Float(53)),
    # Points with a step; whether that is every one, and each step larger than the one before.
    Column("n_steps", Integer, nullable=False),
    Column("has_rising_steps", Boolean, nullable=False),
    Column("encoding", SmallInteger, nullable=False),
    Column("pyramid", LargeBinary),
    Column("data", LargeBinary, nullable=False),
)

# --- configs, console, files ----------------------------------------------------------------------------------------

config_values = Table(
    "config_values",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("leaf_id", Integer, primary_key=True),
    Column("type", SmallInteger, nullable=False),
    # Exact text of the value: repr of a number ("nan" and "inf" included), "true"/"false", or the string itself.
    Column("value", Text, nullable=False),
    Column("set_at", Float(53), nullable=False),
)
console_streams = Table(
    "console_streams",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("leaf_id", Integer, primary_key=True),
    Column("n_lines", BigInteger, nullable=False),
    Column("n_bytes", BigInteger, nullable=False),
    Column("last_at", Float(53), nullable=False),
)
console_blocks = Table(
    "console_blocks",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("leaf_id", Integer, primary_key=True),
    Column("first_line", BigInteger, primary_key=True),
    Column("n_lines", Integer, nullable=False),
    Column("encoding", SmallInteger, nullable=False),
    Column("times", LargeBinary, nullable=False),
    Column("lines", LargeBinary, nullable=False),
)
files = Table(
    "files",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("leaf_id", Integer, primary_key=True),
    Column("blob_id", Uuid, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("uploaded_at", _Time, nullable=False, server_default=text("now()")),
)
uploads = Table(
    "uploads",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("upload_id", Uuid, primary_key=True),
    Column("key", _Key, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("part_bytes", BigInteger, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("sha256", LargeBinary),
    _now(),
)
upload_parts = Table(
    "upload_parts",
    metadata,
    Column("track_id", Uuid, primary_key=True),
    Column("upload_id", Uuid, primary_key=True),
    Column("part_number", Integer, primary_key=True),
    Column("blob_id", Uuid, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
)

# --- labs, pipelines, jobs -------------------------------------------------------------------------------

labs = Table(
    "labs",
    metadata,
    Column("lab_id", Uuid, primary_key=True),
    Column("project_id", Uuid, ForeignKey("projects.project_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", _Key, nullable=False),
    Column("definition", JSONB, nullable=False),
    Column("hyperparameters", JSONB, nullable=False, server_default=text("'{}'")),
    Column("next_submission_number", Integer, nullable=False, server_default="1"),
    Column("created_by", Text, nullable=False),
    _now(),
    UniqueConstraint("project_id", "name"),
)
pipelines = Table(
    "pipelines",
    metadata,
    Column("pipeline_id", Uuid, primary_key=True),
    Column("project_id", Uuid, ForeignKey("projects.project_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", _Key, nullable=False),
    Column("definition", JSONB, nullable=False),
    Column("next_run_number", Integer, nullable=False, server_default="1"),
    Column("created_by", Text, nullable=False),
    _now(),
    UniqueConstraint("project_id", "name"),
)
pipeline_runs = Table(
    "pipeline_runs",
    metadata,
    Column("pipeline_id", Uuid, ForeignKey("pipelines.pipeline_id", ondelete="CASCADE"), primary_key=True),
    Column("run_number", Integer, primary_key=True),
    Column("job_id", Uuid, nullable=False),
    Column("comment", Text, nullable=False),
    Column("uses_track", Boolean, nullable=False),
    Column("created_by", Text, nullable=False),
    _now(),
)
# Code that was uploaded for labs and is fetched by their jobs.
archives = Table(
    "archives",
    metadata,
    Column("archive_id", Uuid, primary_key=True),
    Column("project_id", Uuid, ForeignKey("projects.project_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("blob_id", Uuid, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("created_by", Text, nullable=False),
    _now(),
)
# Apart from what they belong to, so that nothing that shows a lab can show them.
secrets = Table(
    "secrets",
    metadata,
    Column("owner_id", Uuid, primary_key=True),
    Column("name", _Key, primary_key=True),
    Column("value", Text, nullable=False),
    _now(),
)
submissions = Table(
    "submissions",
    metadata,
    Column("submission_id", Uuid, primary_key=True),
    Column("lab_id", Uuid, ForeignKey("labs.lab_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("n_jobs", Integer, nullable=False),
    Column("created_by", Text, nullable=False),
    _now(),
)
# A submission whose combinations are chosen while it runs; its trials are the submission's jobs.
searches = Table(
    "searches",
    metadata,
    Column("submission_id", Uuid, ForeignKey("submissions.submission_id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False),
    Column("plan", JSONB, nullable=False),
    # The lab's as it was when it was submitted.
    Column("hyperparameters", JSONB, nullable=False),
    Column("definition", JSONB, nullable=False),
    Column("ended_at", _Time),
    Column("ending", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Index("ix_searches_unfinished", "submission_id", postgresql_where=text("ended_at IS NULL")),
)
jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Uuid, primary_key=True),
    Column("project_id", Uuid, ForeignKey("projects.project_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("track_id", Uuid, nullable=False, index=True),
    Column("submission_id", Uuid, index=True),
    Column("user_id", Uuid, ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False),
    Column("state", Text, nullable=False),
    # Whose secrets it gets when it starts.
    Column("owner_id", Uuid, nullable=False),
    Column("spec", JSONB, nullable=False),
    Column("token_id", Uuid),
    Column("runner_id", Uuid),
    Column("stop_asked_at", _Time),
    Column("stop_asked_by", Text),
    Column("exit_code", Integer),
    # The last signal that was sent because somebody asked it to stop.
    Column("signal", Text, nullable=False, server_default=""),
    Column("cause", Text, nullable=False, server_default=""),
    Column("queued_at", _Time, nullable=False, server_default=text("clock_timestamp()")),
    Column("started_at", _Time),
    Column("ended_at", _Time),
    Index("ix_jobs_unfinished", "state", postgresql_where=text("ended_at IS NULL")),
)
job_history = Table(
    "job_history",
    metadata,
    Column("job_id", Uuid, ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("at", _Time, nullable=False, server_default=text("clock_timestamp()")),
    Column("cause", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("actor", Text, nullable=False),
)
runners = Table(
    "runners",
    metadata,
    Column("runner_id", Uuid, primary_key=True),
    Column("host", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default=""),
    Column("max_jobs", Integer, nullable=False, server_default="0"),
    # What a person should know before they trust jobs to it.
    Column("warning", Text, nullable=False, server_default=""),
    Column("can_search", Boolean, nullable=False, server_default=text("false")),
    Column("seen_at", _Time, nullable=False, server_default=text("clock_timestamp()")),
)

# What is deleted with a track; `tracks` itself keeps a tombstone so that late writers learn why.
# Writers first: a batch that is being written holds its writer's row, and whoever deletes waits there for it.
TABLES_OF_A_TRACK = (
    writers, batch_log, loss_marks, chunks, segments, series_pages, config_values, console_blocks, console_streams,
    upload_parts, uploads, files, leaves,
)  # fmt: skip
