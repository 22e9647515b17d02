"""What a launcher's report means for a job's state. Pure.

Called by runner.py. Guarantees that a job is called stopped only when somebody asked for it and something was done for
it, and failed only when it is known to have failed.
"""

from services.jobs.launchers.launcher import Phase, Report
from services.jobs.model import Job, JobState

# A job that was being started when its runner was restarted, and of which nothing is there: it can begin anew.
_UNBEGUN = frozenset({"NotFound", "JobGone"})


def next_state(job: Job, report: Report) -> JobState | None:
    """Return the state that follows; None when the report only adds to the history."""
    if report.phase is Phase.STARTING:
        return None
    if report.phase is Phase.RUNNING:
        return JobState.RUNNING if job.state in {JobState.STARTING, JobState.LOST} else None
    if report.phase is Phase.LOST:
        if report.reason not in _UNBEGUN:
            return JobState.LOST
        after = {JobState.STARTING: JobState.QUEUED, JobState.STOPPING: JobState.STOPPED}
        return after.get(job.state, JobState.LOST)
    was_asked = job.stop_asked_at is not None
    if was_asked and (report.signal or report.exit_code is None):
        return JobState.STOPPED
    return JobState.SUCCEEDED if report.exit_code == 0 else JobState.FAILED
