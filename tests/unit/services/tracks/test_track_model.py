"""Tracks: a running track that was not heard of has no signal; names are readable and numbered."""

from datetime import UTC, datetime, timedelta

from services.core.ids import new_id
from services.tracks.model import SIGNAL_LOST_AFTER, Track, TrackStatus
from services.tracks.names import readable_name

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _track(status: TrackStatus, last_seen_at: datetime | None) -> Track:
    return Track(
        track_id=new_id(), project_id=new_id(), project_name="p", number=1, name="n", status=status, tags=(), notes="",
        origin="client", created_by="u", created_at=_NOW, updated_at=_NOW, started_at=None, last_seen_at=last_seen_at,
        ended_at=None, deleted_at=None, deleted_by=None, job_state=None,
    )  # fmt: skip


def test_signal() -> None:
    old = _NOW - SIGNAL_LOST_AFTER - timedelta(seconds=1)
    assert _track(TrackStatus.RUNNING, _NOW).has_signal(_NOW)
    assert not _track(TrackStatus.RUNNING, old).has_signal(_NOW)
    assert not _track(TrackStatus.RUNNING, None).has_signal(_NOW)
    assert _track(TrackStatus.FINISHED, old).has_signal(_NOW)


def test_names_end_with_the_number() -> None:
    adjective, noun, number = readable_name(12).split("-")
    assert adjective.isalpha()
    assert noun.isalpha()
    assert number == "12"
