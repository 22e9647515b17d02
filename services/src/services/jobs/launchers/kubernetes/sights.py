"""From what the cluster says of a job's Job, pods and events to reports. Pure.

Called by launcher.py. Guarantees that the same objects give the same reports, with the times that the cluster wrote:
so what was reported before a restart is known again after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from lightkube.models.core_v1 import ContainerStateTerminated, ContainerStatus
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Event, Pod

from services.jobs.launchers.kubernetes.objects import COMMAND_CONTAINER, STOP_ANNOTATION
from services.jobs.launchers.launcher import MAX_CAUSE_CHARS, Phase, Report
from services.jobs.model import exit_in_words

# Events that say something to whoever waits for a job; the rest is the cluster talking to itself.
_TOLD_EVENTS = frozenset(
    {
        "Scheduled",
        "Pulling",
        "Pulled",
        "FailedCreate",
        "FailedMount",
        "FailedAttachVolume",
        "FailedCreatePodSandBox",
        "TriggeredScaleUp",
        "NotTriggerScaleUp",
        "Preempted",
        "Evicted",
        "NodeNotReady",
        "TaintManagerEviction",
    }
)
_SIGKILL_EXIT = 137
_AGENT_EXITS, _AGENT_WORDS = (126, 127), ("mlsteam: ", "there is no command ")
_NEVER_BEGAN = frozenset({"StartError", "ContainerCannotRun"})


@dataclass(slots=True)
class Seen:
    """The newest that is known of one job."""

    job_id: UUID
    job: Job | None = None
    # By name, in the order of their creation.
    pods: dict[str, Pod] = field(default_factory=dict)
    # What is gone is remembered by its last words.
    gone_pods: set[str] = field(default_factory=set)
    # When the Job was seen to be there no more.
    gone_at: datetime | None = None

    @property
    def stop_asked_at(self) -> datetime | None:
        """Return when this launcher asked it to stop, also before a restart."""
        metadata = self.job.metadata if self.job else None
        text = (metadata.annotations or {}).get(STOP_ANNOTATION, "") if metadata else ""
        return datetime.fromisoformat(text) if text else None


def reports_of(seen: Seen) -> Iterator[Report]:
    """Give all that can be said of a job, oldest first."""
    pods = sorted(seen.pods.values(), key=_made_at)
    for number, pod in enumerate(pods, start=1):
        yield from _of_pod(seen.job_id, pod)
        if number < len(pods):
            ended = _end_of(pod)
            yield _report(seen.job_id, Phase.STARTING, ended.at, f"{ended.cause}; it is started anew", "Retried")
    if (end := _end_of_job(seen, pods)) is not None:
        yield end


def report_of_event(job_id: UUID, event: Event) -> Report | None:
    """Say what an event means for a job; None for one that only matters to the cluster."""
    at = event.firstTimestamp or event.eventTime or event.metadata.creationTimestamp
    if event.reason not in _TOLD_EVENTS or at is None or not event.message:
        return None
    return _report(job_id, Phase.STARTING, at, event.message, event.reason or "")


@dataclass(frozen=True, slots=True)
class _End:
    at: datetime
    cause: str
    reason: str
    exit_code: int | None


def _report(job_id: UUID, phase: Phase, at: datetime, cause: str, reason: str) -> Report:
    return Report(job_id, phase, _aware(at), " ".join(cause.split())[:MAX_CAUSE_CHARS], reason)


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _made_at(pod: Pod) -> tuple[datetime, str]:
    at, name = (pod.metadata.creationTimestamp, pod.metadata.name) if pod.metadata else (None, None)
    return _aware(at) if at else datetime.min.replace(tzinfo=UTC), name or ""


def _statuses(pod: Pod) -> list[ContainerStatus]:
    status = pod.status
    return [*(status.initContainerStatuses or []), *(status.containerStatuses or [])] if status else []


def _of_pod(job_id: UUID, pod: Pod) -> Iterator[Report]:
    began = pod.status.startTime if pod.status and pod.status.startTime else _made_at(pod)[0]
    for condition in (pod.status.conditions or []) if pod.status else []:
        at, reason = condition.lastTransitionTime or began, condition.reason or ""
        if condition.type == "PodScheduled" and condition.status == "False" and reason != "SchedulingGated":
            yield _report(job_id, Phase.STARTING, at, condition.message or "No node fits.", reason)
        elif condition.type == "DisruptionTarget" and condition.status == "True":
            yield _report(job_id, Phase.STARTING, at, condition.message or f"pod ended: {reason}", reason)
    for status in _statuses(pod):
        state = status.state
        waiting = state.waiting if state else None
        if waiting and waiting.message and waiting.reason not in {"PodInitializing", "ContainerCreating"}:
            yield _report(job_id, Phase.STARTING, began, waiting.message, waiting.reason or "")
        if status.name == COMMAND_CONTAINER and (started := _began_at(status)) is not None:
            yield _report(
                job_id, Phase.RUNNING, started, f"running in pod {_made_at(pod)[1]}{_on_node(pod)}", "Started"
            )


def _on_node(pod: Pod) -> str:
    return f" on node {pod.spec.nodeName}" if pod.spec and pod.spec.nodeName else ""


def _began_at(status: ContainerStatus) -> datetime | None:
    state = status.state
    if state is None:
        return None
    if state.running:
        return state.running.startedAt
    # One that could not be started says 1970, or nothing.
    ended = state.terminated
    return ended.startedAt if ended and ended.reason not in _NEVER_BEGAN else None


def is_over(pod: Pod) -> bool:
    """Say whether nothing of a pod runs any more."""
    return bool(pod.status and pod.status.phase in {"Succeeded", "Failed"})


def _end_of(pod: Pod) -> _End:
    """Say how a pod ended, as well as can be known of one that is gone."""
    status, last = pod.status, _made_at(pod)[0]
    ended = {one.name: one.state.terminated for one in _statuses(pod) if one.state and one.state.terminated}
    command = ended.pop(COMMAND_CONTAINER, None)
    at = _aware(command.finishedAt) if command and command.finishedAt else last
    if status and status.reason:
        return _End(at, status.message or status.reason, status.reason, command.exitCode if command else None)
    if command:
        return _End(at, _words_of(command, pod), command.reason or "", _exit_of(command))
    for name, other in ended.items():
        if other.exitCode:
            cause = f"the pod could not be prepared ({name}): {_last_line(other) or exit_in_words(other.exitCode)}"
            return _End(_aware(other.finishedAt) if other.finishedAt else last, cause, "PrepareFailed", None)
    for condition in (status.conditions or []) if status else []:
        if condition.type == "DisruptionTarget" and condition.status == "True":
            return _End(last, condition.message or "ended by the cluster", condition.reason or "", None)
    return _End(last, "the pod was removed from the cluster before its end could be read", "PodGone", None)


def _exit_of(ended: ContainerStateTerminated) -> int | None:
    return None if ended.reason in _NEVER_BEGAN else ended.exitCode


def _words_of(ended: ContainerStateTerminated, pod: Pod) -> str:
    if ended.reason == "OOMKilled":
        limits = [one.resources.limits for one in (pod.spec.containers if pod.spec else []) if one.resources]
        memory = next((limit["memory"] for limit in limits if limit and "memory" in limit), "its limit")
        return f"out of memory: it needed more than {memory}; ask for more memory in the lab"
    if ended.reason in _NEVER_BEGAN:
        return f"the command could not be started: {ended.message or ended.reason}"
    words, last = exit_in_words(ended.exitCode), _last_line(ended)
    # Only what the agent says: the command's own last line may hold what no history should.
    is_agents = ended.exitCode in _AGENT_EXITS and last.startswith(_AGENT_WORDS)
    return f"{words}: {last}" if is_agents else words


def _last_line(ended: ContainerStateTerminated) -> str:
    return (ended.message or "").strip().rpartition("\n")[2].strip()


def _condition(job: Job, kind: str) -> datetime | None:
    for condition in (job.status.conditions or []) if job.status else []:
        if condition.type == kind and condition.status == "True":
            return condition.lastTransitionTime or datetime.min.replace(tzinfo=UTC)
    return None


def _end_of_job(seen: Seen, pods: list[Pod]) -> Report | None:
    job, asked = seen.job, seen.stop_asked_at
    # A Job's end may be told before its pod's.
    if job is None or any(name not in seen.gone_pods and not is_over(pod) for name, pod in seen.pods.items()):
        return None
    last = _end_of(pods[-1]) if pods else None
    if _condition(job, "Complete") is not None:
        return _ended(seen, last or _End(_ended_at(job), "ended well (exit code 0)", "Completed", 0))
    if _condition(job, "Failed") is not None:
        return _ended(seen, last or _End(_ended_at(job), _why_failed(job), "Failed", None))
    if asked is not None:
        return _end_of_stopped(seen, last or _End(asked, "stopped before it began", "Stopped", None))
    gone = "somebody removed the Job from the cluster"
    return _report(seen.job_id, Phase.LOST, seen.gone_at, gone, "JobGone") if seen.gone_at else None


def _ended_at(job: Job) -> datetime:
    at = _condition(job, "Complete") or _condition(job, "Failed")
    return _aware(at) if at else datetime.min.replace(tzinfo=UTC)


def _end_of_stopped(seen: Seen, end: _End) -> Report | None:
    job = seen.job
    is_asleep = job is not None and _condition(job, "Suspended") is not None and not _n_active(job)
    return _ended(seen, end) if is_asleep or seen.gone_at is not None else None


def _n_active(job: Job) -> int:
    return (job.status.active or 0) + (job.status.terminating or 0) if job.status else 0


def _why_failed(job: Job) -> str:
    conditions = (job.status.conditions or []) if job.status else []
    said = [one.message or one.reason or "" for one in conditions if one.type == "Failed"]
    return said[0] if said and said[0] else "the cluster gave it up"


def _ended(seen: Seen, end: _End) -> Report:
    asked, signal, at = seen.stop_asked_at, "", end.at
    # The cluster writes whole seconds.
    if asked is not None and (end.exit_code is None or at >= asked.replace(microsecond=0)):
        signal = "SIGKILL" if end.exit_code == _SIGKILL_EXIT else "SIGTERM"
        at = max(at, asked)
    said = _report(seen.job_id, Phase.ENDED, at, end.cause, end.reason)
    return replace(said, exit_code=end.exit_code, signal=signal)
