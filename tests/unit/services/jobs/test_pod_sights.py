"""What a cluster says of pods, in words for people: the cases that a pretended node cannot be brought to."""

from datetime import UTC, datetime
from typing import Any

from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Event, Pod

from services.core.ids import new_id
from services.jobs.launchers.kubernetes.objects import STOP_ANNOTATION
from services.jobs.launchers.kubernetes.sights import Seen, report_of_event, reports_of
from services.jobs.launchers.launcher import MAX_CAUSE_CHARS, Phase, Report

AT = "2026-03-01T10:00:00Z"
LATER = "2026-03-01T10:05:00Z"


def make_pod(status: dict[str, Any], name: str = "pod-1") -> Pod:
    spec = {"containers": [{"name": "command", "resources": {"limits": {"memory": "64Mi"}}}], "nodeName": "node-1"}
    return Pod.from_dict({"metadata": {"name": name, "creationTimestamp": AT}, "spec": spec, "status": status})


def make_job(*conditions: str, **status: Any) -> Job:
    said = [
        {"type": one, "status": "True", "lastTransitionTime": LATER, "message": f"because {one}"} for one in conditions
    ]
    return Job.from_dict({"metadata": {"name": "x", "creationTimestamp": AT}, "status": {"conditions": said, **status}})


def told(job: Job | None, *pods: Pod, gone: bool = False, stopped: str = "") -> list[Report]:
    seen = Seen(new_id(), job, {pod.metadata.name or "": pod for pod in pods if pod.metadata})
    if gone:
        seen.gone_pods |= set(seen.pods)
    if stopped and job is not None and job.metadata is not None:
        job.metadata.annotations = {STOP_ANNOTATION: stopped}
    return list(reports_of(seen))


def ended(code: int, reason: str = "Error", **more: Any) -> dict[str, Any]:
    state = {"terminated": {"exitCode": code, "reason": reason, "startedAt": AT, "finishedAt": LATER, **more}}
    status = {"name": "command", "image": "i", "imageID": "", "ready": False, "restartCount": 0, "state": state}
    return {"phase": "Succeeded" if code == 0 else "Failed", "containerStatuses": [status]}


def test_an_image_without_python() -> None:
    message = 'exec: "python3": executable file not found in $PATH'
    pod = make_pod(ended(128, "StartError", message=message, startedAt="1970-01-01T00:00:00Z"))
    (end,) = told(make_job("Failed"), pod)
    assert (end.phase, end.exit_code, end.reason) == (Phase.ENDED, None, "StartError")
    assert message in end.cause


def test_code_that_could_not_be_had_says_why() -> None:
    state = {
        "terminated": {
            "exitCode": 1,
            "reason": "Error",
            "message": "cloning\ngit: no such ref\n",
            "finishedAt": LATER,
        }
    }
    status = {"name": "code", "image": "i", "imageID": "", "ready": False, "restartCount": 0, "state": state}
    (end,) = told(make_job("Failed"), make_pod({"phase": "Failed", "initContainerStatuses": [status]}))
    assert (end.exit_code, end.reason) == (None, "PrepareFailed")
    assert end.cause == "the pod could not be prepared (code): git: no such ref"


def test_only_the_agent_s_own_words_are_repeated() -> None:
    said = "mlsteam: this image has Python 3.8; the agent is for Python 3.10."
    (_, end) = told(make_job("Failed"), make_pod(ended(126, message=f"x\n{said}\n")))
    assert said in end.cause
    for code, words in ((126, "password: canary"), (3, "mlsteam: canary")):
        (_, end) = told(make_job("Failed"), make_pod(ended(code, message=words)))
        assert "canary" not in end.cause


def test_a_pod_that_the_cluster_takes_away() -> None:
    disrupted = {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}
    conditions = [{**disrupted, "message": "preempting to make room", "lastTransitionTime": AT}]
    line, end = told(make_job("Failed"), make_pod({"phase": "Running", "conditions": conditions}), gone=True)
    assert (line.reason, end.reason) == ("PreemptionByScheduler", "PreemptionByScheduler")
    assert end.exit_code is None


def test_the_end_waits_for_the_pod() -> None:
    running = make_pod({"phase": "Running"})
    assert told(make_job("Failed"), running) == []
    (end,) = told(make_job("Failed"), running, gone=True)
    assert end.reason == "PodGone"


def test_a_job_that_ends_without_a_pod_says_what_the_cluster_says() -> None:
    (end,) = told(make_job("Failed"))
    assert (end.cause, end.exit_code) == ("because Failed", None)


def test_stopped_only_when_it_ended_after_it_was_asked() -> None:
    before, after = "2026-03-01T10:04:59.5+00:00", "2026-03-01T10:05:01.5+00:00"
    assert told(make_job("Failed"), make_pod(ended(3)), stopped=after)[-1].signal == ""
    assert told(make_job("Failed"), make_pod(ended(3)), stopped=before)[-1].signal == "SIGTERM"
    assert told(make_job("Failed"), make_pod(ended(137)), stopped=before)[-1].signal == "SIGKILL"


def test_one_that_is_asked_to_stop_has_not_ended_while_pods_end() -> None:
    asked = "2026-03-01T10:00:00+00:00"
    assert told(make_job(), make_pod({"phase": "Running"}), stopped=asked) == []
    assert told(make_job("Suspended", terminating=1), stopped=asked) == []
    (end,) = told(make_job("Suspended"), stopped=asked)
    assert (end.cause, end.signal, end.exit_code) == ("stopped before it began", "SIGTERM", None)


def test_events_keep_the_time_they_first_had_and_lose_what_nobody_needs() -> None:
    def make_event(reason: str, **more: Any) -> Event:
        base = {"metadata": {"name": "e"}, "involvedObject": {}, "reason": reason, "message": "a\n  long " + "x" * 5000}
        return Event.from_dict({**base, **more})

    job_id = new_id()
    report = report_of_event(job_id, make_event("FailedMount", firstTimestamp=AT, lastTimestamp=LATER, count=7))
    assert report is not None
    assert report.at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert report.cause.startswith("a long x")
    assert len(report.cause) == MAX_CAUSE_CHARS
    assert report_of_event(job_id, make_event("SandboxChanged", firstTimestamp=AT)) is None
    assert report_of_event(job_id, make_event("FailedMount")) is None
