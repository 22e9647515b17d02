"""From what a supervisor wrote down to a report, with the end in words. Pure. Called by local.py."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.jobs.launchers.launcher import Phase, Report
from services.jobs.model import exit_in_words


def report_of(job_id: UUID, event: dict[str, Any]) -> Report:
    """Return the report of one event."""
    phase, at = Phase(event["phase"]), datetime.fromtimestamp(event["at"], UTC)
    reason, cause = event.get("reason", ""), event["cause"]
    if phase is not Phase.ENDED:
        return Report(job_id, phase, at, cause, reason)
    code, sent = event.get("exit_code"), event.get("signal", "")
    if not cause and code is not None:
        cause = exit_in_words(code, was_sent=bool(sent))
    if said := event.get("said"):
        cause = f"{cause}: {said}"
    if sent:
        cause = f"{'SIGTERM, then SIGKILL were sent' if sent == 'SIGKILL' else 'SIGTERM was sent'}; {cause}"
    if n_left := event.get("n_left"):
        cause = f"{cause}; {n_left} processes that it left running were ended"
    return Report(job_id, phase, at, cause, reason, exit_code=code, signal=sent)
