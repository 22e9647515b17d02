"""What a launcher's reports make of a job, in every state it may be in."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.jobs.launchers.launcher import Phase, Report
from services.jobs.model import Job, JobState, Runner, Step, may_follow, why_waiting
from services.runner.endings import next_state

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _job(state: JobState, *, was_asked: bool = False) -> Job:
    return Job(
        job_id=uuid4(), project_id=uuid4(), track_id=uuid4(), submission_id=None, user_id=uuid4(), owner_id=uuid4(),
        state=state, spec={}, token_id=None, runner_id=None,
        stop_asked_at=NOW if was_asked else None, stop_asked_by="ann" if was_asked else None, exit_code=None, signal="",
        cause="", queued_at=NOW, started_at=None, ended_at=None,
    )  # fmt: skip


def _report(phase: Phase, *, reason: str = "", code: int | None = None, sent: str = "") -> Report:
    return Report(uuid4(), phase, NOW, "c", reason, exit_code=code, signal=sent)


@pytest.mark.parametrize(
    ("state", "was_asked", "report", "after"),
    [
        (JobState.RUNNING, False, _report(Phase.ENDED, code=0), JobState.SUCCEEDED),
        (JobState.RUNNING, False, _report(Phase.ENDED, code=137), JobState.FAILED),
        (JobState.STARTING, False, _report(Phase.ENDED), JobState.FAILED),
        (JobState.STOPPING, True, _report(Phase.ENDED, code=143, sent="SIGTERM"), JobState.STOPPED),
        (JobState.STOPPING, True, _report(Phase.ENDED, code=0, sent="SIGTERM"), JobState.STOPPED),
        # It ended by itself before anything was done: that somebody asked changes nothing.
        (JobState.STOPPING, True, _report(Phase.ENDED, code=0), JobState.SUCCEEDED),
        (JobState.STOPPING, True, _report(Phase.ENDED, code=3), JobState.FAILED),
        (JobState.STOPPING, True, _report(Phase.ENDED), JobState.STOPPED),
        # A signal that nobody asked for through us: the system's own.
        (JobState.RUNNING, False, _report(Phase.ENDED, code=143, sent="SIGTERM"), JobState.FAILED),
        (JobState.STARTING, False, _report(Phase.RUNNING), JobState.RUNNING),
        (JobState.LOST, False, _report(Phase.RUNNING), JobState.RUNNING),
        (JobState.STOPPING, True, _report(Phase.RUNNING), None),
        (JobState.RUNNING, False, _report(Phase.STARTING), None),
        (JobState.RUNNING, False, _report(Phase.LOST, reason="SupervisorGone"), JobState.LOST),
        (JobState.RUNNING, False, _report(Phase.LOST, reason="NotFound"), JobState.LOST),
        (JobState.STARTING, False, _report(Phase.LOST, reason="NotFound"), JobState.QUEUED),
        (JobState.STARTING, False, _report(Phase.LOST, reason="SupervisorGone"), JobState.LOST),
        (JobState.STOPPING, True, _report(Phase.LOST, reason="NotFound"), JobState.STOPPED),
        (JobState.LOST, False, _report(Phase.ENDED, code=0), JobState.SUCCEEDED),
    ],
)
def test_what_follows(state: JobState, was_asked: bool, report: Report, after: JobState | None) -> None:
    job = _job(state, was_asked=was_asked)
    assert next_state(job, report) is after
    assert after is None or may_follow(state, after)


def test_why_a_job_waits() -> None:
    runner = Runner(uuid4(), "host", "local", 2, "", can_search=False, seen_at=NOW)
    late = NOW.replace(minute=5)
    assert why_waiting(1, [], 0, None, NOW).reason == "no_runner"
    assert why_waiting(1, [runner], 0, None, late).reason == "no_runner"
    assert why_waiting(1, [runner], 1, None, NOW).reason == "next"
    assert "2 of 2 places" in why_waiting(3, [runner], 2, None, NOW).sentence
    step = Step(JobState.QUEUED, NOW, "The disk is full.", "no_room", "job runner")
    assert why_waiting(1, [runner], 0, step, NOW).sentence == "The disk is full."
