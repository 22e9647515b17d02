"""The first start as a new user sees it: the sample lab, one training stopped and submitted again, the pipeline."""

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

import httpx2
import psutil
import pytest
from support.stack import RunningStack, running_stack

pytestmark = pytest.mark.slow


def _until(look: Callable[[], Any], is_it: Callable[[Any], bool], within_s: float) -> Any:
    deadline = time.monotonic() + within_s
    while not is_it(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.5)
    return seen


def test_the_sample_lab_and_pipeline() -> None:
    owner = subprocess.Popen(["sleep", "3600"])
    with running_stack(with_sample=True, owner_pid=owner.pid) as stack:
        told = stack.client_environment()
        headers = {"authorization": f"Bearer {told['MLSTEAM_API_TOKEN']}"}
        with httpx2.Client(base_url=f"{stack.address}/api/v3", headers=headers, timeout=60) as api:

            def get(path: str) -> Any:
                answer = api.get(path)
                assert answer.status_code == 200, answer.text
                return answer.json()

            [lab] = get("/projects/demo/labs")["items"]
            [submission] = get(f"/labs/{lab['lab_id']}/submissions")["items"]
            address = f"/submissions/{submission['submission_id']}"
            jobs = get(address)["jobs"]
            assert len({str(job["params"]) for job in jobs}) == 4
            running = _until(lambda: [j for j in get(address)["jobs"] if j["state"] == "running"], bool, 60)
            first = running[0]["track_id"]
            values = _until(lambda: get(f"/tracks/{first}/values")["values"], lambda seen: "loss/train" in seen, 120)
            assert values["parameters/learning_rate"] == running[0]["params"]["learning_rate"]
            assert values["parameters/batch"] == 64, "what the lab does not vary is the code's own"
            began = time.monotonic()
            api.post(f"/tracks/{first}/stop")
            stopped = _until(lambda: get(f"/tracks/{first}/job"), lambda job: job["state"] == "stopped", 25)
            assert time.monotonic() - began < 20
            assert stopped["signal"] == "SIGTERM"
            again = api.post(f"/tracks/{first}/resubmit", json={"changed": {"epochs": 1}})
            assert again.status_code == 201, again.text
            [pipeline] = get("/projects/demo/pipelines")["items"]
            runs = f"/pipelines/{pipeline['pipeline_id']}/runs"
            run = api.post(runs, json={"uses_track": True, "comment": "first"}).json()
            track_id = run["job"]["track_id"]
            done = _until(lambda: get(f"/tracks/{track_id}/job"), lambda job: job["ended_at"], 240)
            assert done["state"] == "succeeded", done
            assert {action["state"] for action in get(f"{runs}/1")["actions"]} == {"succeeded"}
            assert api.get(f"/tracks/{track_id}/files/release/out/weights.npz").status_code == 200
            rest = _until(lambda: get(address)["states"], lambda states: sum(states.values()) - states.get(
                "succeeded", 0) - states.get("stopped", 0) == 0, 240)  # fmt: skip
            assert rest == {"stopped": 1, "succeeded": 3}
            # One that runs when everything is stopped ends first, and leaves nothing.
            long = {"kind": "list", "combinations": [{"epochs": 1000}]}
            made = api.post(f"/labs/{lab['lab_id']}/submissions", json=long).json()
            last = made["jobs"][0]["track_id"]
            _until(lambda: get(f"/tracks/{last}/job")["state"], lambda state: state == "running", 60)
        _stopping_it_leaves_nothing(stack, headers, last)
        _it_ends_with_its_owner(stack, owner)


def _stopping_it_leaves_nothing(stack: RunningStack, headers: dict[str, str], last: str) -> None:
    stack.command("down")
    left = [p.pid for p in psutil.process_iter() if last in _environment(p).get("MLSTEAM_TRACK_ID", "")]
    assert left == []
    stack.command("up")
    with httpx2.Client(base_url=f"{stack.address}/api/v3", headers=headers, timeout=60) as api:
        job = api.get(f"/tracks/{last}/job").json()
        assert (job["state"], job["stop_asked_by"]) == ("stopped", "job runner")
        assert len(api.get("/projects/demo/labs").json()["items"]) == 1


def _it_ends_with_its_owner(stack: RunningStack, owner: "subprocess.Popen[bytes]") -> None:
    """Whoever it was started for is killed, and can tell nobody."""
    started = psutil.Process(json.loads((stack.run_dir / "stack.json").read_text())["pid"])
    family = [started, *started.children(recursive=True)]
    owner.kill()
    owner.wait()
    _, alive = psutil.wait_procs(family, timeout=90)
    assert [process.name() for process in alive] == []


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}
