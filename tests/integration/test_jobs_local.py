"""Jobs as real processes of this machine, over the whole way: lab, queue, runner, supervisor, agent, track."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from support.postgres import TestServer
from support.workshop import Workshop, running_workshop

from services.jobs.launchers import processes
from services.jobs.launchers.plan import JOB_VARIABLE

pytestmark = pytest.mark.slow

PLAIN = """
import json, os, sys
print("hello", file=sys.stderr)
print(json.dumps({"env": dict(os.environ), "yml": open("mlsteam.yml").read(), "cwd": os.getcwd()}))
"""
WAITS = "import time\nprint('ready', flush=True)\ntime.sleep(600)\n"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITS
# A child that has left its parent, its session and its group.
DAEMON = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for descriptor in range(3):
            os.close(descriptor)
        os.open("/dev/null", os.O_RDWR)
        os.dup(0), os.dup(0)
        os.environ.clear()
        time.sleep(600)
    os._exit(0)
os.wait()
"""


@pytest.fixture(scope="module")
def workshop(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A site with a job runner whose own environment holds what no job may see."""
    with running_workshop(postgres, tmp_path_factory.mktemp("workshop"), CANARY="of-the-server") as opened:
        yield opened


def _left(job: dict[str, object]) -> set[int]:
    return processes.holding(JOB_VARIABLE, str(job["job_id"]))


def test_a_grid_of_code_that_knows_nothing_of_us(workshop: Workshop) -> None:
    files = {"train.py": PLAIN, "mlsteam.yml": "params:\n  lr: 1.0\n  batch: 32\n"}
    hyperparameters = {"lr": [1e-05, 1], "on": [True], "name": ["yes"]}
    lab = workshop.lab(files, ["python", "train.py"], hyperparameters=hyperparameters, variables={"MINE": "$(id);"})
    workshop.call("PUT", f"/labs/{lab['lab_id']}/secrets/API_KEY", {"value": "canary-4711"})
    tracks = workshop.submit(lab)
    for track_id, lr in zip(tracks, [1e-05, 1], strict=True):
        job = workshop.until(track_id)
        assert (job["state"], job["exit_code"]) == ("succeeded", 0), job
        states = [line["state"] for line in job["history"]]
        assert list(dict.fromkeys(states)) == ["queued", "starting", "running", "succeeded"]
        [line] = workshop.lines(track_id)
        said = json.loads(line)
        assert "lr: 1.0e-05\n" in said["yml"] if lr < 1 else "lr: 1\n" in said["yml"]
        assert "batch: 32" in said["yml"]
        assert "'on': true" in said["yml"]
        assert "name: 'yes'" in said["yml"]
        environment = said["env"]
        assert environment["MINE"] == "$(id);"
        # What was printed of a secret was struck out on the way.
        assert environment["API_KEY"] == "***"
        assert "CANARY" not in environment
        assert not [name for name in environment if "DATABASE" in name or name.startswith("PYTEST")]
        assert environment["MLSTEAM_TRACK_ID"] == track_id
        values = workshop.values(track_id)
        assert (values["parameters/lr"], values["parameters/on"]) == (lr, True)
        assert values["source/command"] == "python train.py"
        assert values["system/exit_code"] == 0
        assert workshop.lines(track_id, "stderr") == ["hello"]
        track = workshop.call("GET", f"/tracks/{track_id}")
        assert (track["status"], track["job_state"]) == ("finished", "succeeded")
        assert _left(job) == set()
    tree = workshop.api.get(f"/tracks/{tracks[0]}/tree", params={"depth": 0}).text
    assert "system/" in tree, "host samples are kept"


def test_the_token_dies_with_its_job(workshop: Workshop) -> None:
    script = "import os\nprint(os.environ['MLSTEAM_API_TOKEN'][::-1], flush=True)\nimport time\ntime.sleep(4)\n"
    track_id = workshop.run(script)
    workshop.wait(lambda: workshop.lines(track_id), bool, 60)
    token = workshop.lines(track_id)[0][::-1]
    backend = workshop.variables["MLSTEAM_BACKEND"]
    headers = {"authorization": f"Bearer {token}"}
    assert httpx2.get(f"{backend}/api/v3/tracks/{track_id}", headers=headers).status_code == 200
    assert httpx2.get(f"{backend}/api/v3/projects", headers=headers).status_code == 403
    workshop.until(track_id, "succeeded")
    # A proof is trusted for five seconds.
    workshop.wait(
        lambda: httpx2.get(f"{backend}/api/v3/tracks/{track_id}", headers=headers).status_code, lambda s: s == 401, 15
    )


def test_a_hundred_thousand_lines_arrive(workshop: Workshop) -> None:
    track_id = workshop.run("for i in range(100_000): print('line', i)\n")
    assert workshop.until(track_id)["state"] == "succeeded"
    [*_, last] = workshop.lines(track_id, first=99_990)
    assert last == "line 99999"
    assert workshop.lines(track_id, first=50_000)[0] == "line 50000"


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("raise SystemExit(3)", 3, "exit code 3"),
        ("import os; os._exit(137)", 137, "SIGKILL"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 139, "SIGSEGV"),
        ("x = bytearray(2 << 30)", 1, "exit code 1"),
    ],
)
def test_ends_are_told_in_words(workshop: Workshop, script: str, code: int, words: str) -> None:
    job = workshop.until(workshop.run(script, limits={"memory_mb": 512}))
    assert (job["state"], job["exit_code"]) == ("failed", code)
    assert words in job["cause"]
    assert workshop.call("GET", f"/tracks/{job['track_id']}")["status"] == "failed"
    if "bytearray" in script:
        assert "MemoryError" in workshop.lines(job["track_id"], "stderr")[-1]


def test_processes_that_use_too_much_memory_together_are_ended(workshop: Workshop) -> None:
    script = "import os, time\nos.fork(), os.fork()\nx = b'x' * (150 << 20)\ntime.sleep(60)\n"
    job = workshop.until(workshop.run(script, limits={"memory_mb": 300}), within_s=40)
    assert (job["state"], job["history"][-1]["reason"]) == ("failed", "MemoryLimit")
    assert "more than the 300 MB" in job["cause"]
    assert _left(job) == set()


@pytest.mark.parametrize("command", [["no-such-program"], ["python", "gone.py"]])
def test_a_command_that_cannot_begin(workshop: Workshop, command: list[str]) -> None:
    lab = workshop.lab({"a": ""}, command)
    job = workshop.until(workshop.submit(lab)[0])
    assert job["state"] == "failed"
    if command[0] != "python":
        assert "no-such-program" in job["cause"]


def test_stopping_what_ends_when_it_is_asked(workshop: Workshop) -> None:
    track_id = workshop.run(WAITS)
    workshop.until_line(track_id, "ready")
    began = time.monotonic()
    asked = workshop.call("POST", f"/tracks/{track_id}/stop")
    assert asked["state"] == "stopping"
    job = workshop.until(track_id)
    assert time.monotonic() - began < 8
    assert (job["state"], job["signal"], job["stop_asked_by"]) == ("stopped", "SIGTERM", "admin")
    assert "SIGTERM was sent" in job["cause"]
    assert workshop.call("GET", f"/tracks/{track_id}")["status"] == "stopped"
    assert workshop.call("POST", f"/tracks/{track_id}/stop")["state"] == "stopped"
    assert _left(job) == set()


def test_stopping_what_does_not_listen_and_what_has_left(workshop: Workshop) -> None:
    tracks = [workshop.run(DEAF), workshop.run(DAEMON + DEAF)]
    for track_id in tracks:
        workshop.until_line(track_id, "ready")
    alive = [len(_left(workshop.job(track_id))) for track_id in tracks]
    assert alive[1] > alive[0] >= 3, "supervisor, agent, command, and the one that has left"
    began = time.monotonic()
    workshop.call("POST", "/tracks/stop", {"track_ids": tracks})
    jobs = [workshop.until(track_id) for track_id in tracks]
    assert 14 < time.monotonic() - began < 21
    for job in jobs:
        assert (job["state"], job["signal"]) == ("stopped", "SIGKILL")
        assert _left(job) == set()
        assert "ready" in workshop.lines(job["track_id"])


def test_what_a_command_leaves_running_is_ended_with_it(workshop: Workshop) -> None:
    job = workshop.until(workshop.run(DAEMON + "print('done')"))
    assert job["state"] == "succeeded"
    assert "1 processes that it left running were ended" in job["cause"]
    assert _left(job) == set()


def test_stopping_while_the_code_is_fetched_and_while_queued(workshop: Workshop) -> None:
    lab = workshop.lab({"train.py": WAITS}, ["python", "train.py"], hyperparameters={"n": ["1:7:1"]})
    tracks = workshop.submit(lab)
    workshop.wait(lambda: workshop.job(tracks[-1])["waiting"], lambda w: w and w["reason"] == "no_place", 60)
    last = workshop.call("POST", f"/tracks/{tracks[-1]}/stop")
    assert last["state"] == "stopped"
    for track_id in tracks[:-1]:
        workshop.call("POST", f"/tracks/{track_id}/stop")
    jobs = [workshop.until(track_id) for track_id in tracks]
    assert {job["state"] for job in jobs} == {"stopped"}
    assert not any(_left(job) for job in jobs)


def test_a_runner_that_is_killed_takes_its_jobs_up_again(workshop: Workshop) -> None:
    ends = "import time\nprint('ready', flush=True)\ntime.sleep(3)\nprint('after', flush=True)\nraise SystemExit(5)\n"
    long, short, asked = workshop.run(WAITS), workshop.run(ends), workshop.run(DEAF)
    for track_id in (long, short, asked):
        workshop.until_line(track_id, "ready")
    workshop.runner.stop(signal.SIGKILL)
    # Ended while nobody looked, and asked to stop while nobody heard.
    workshop.until_line(short, "after")
    assert workshop.call("POST", f"/tracks/{asked}/stop")["state"] == "stopping"
    time.sleep(2)
    assert workshop.job(short)["state"] == "running"
    workshop.runner.start()
    job = workshop.until(short)
    assert (job["state"], job["exit_code"]) == ("failed", 5)
    assert [line["state"] for line in job["history"]].count("running") == 1, "nothing is told twice"
    assert workshop.until(asked)["state"] == "stopped"
    assert workshop.job(long)["state"] == "running"
    workshop.call("POST", f"/tracks/{long}/stop")
    assert workshop.until(long)["signal"] == "SIGTERM"


def test_a_supervisor_that_is_killed_makes_its_job_lost_and_leaves_nothing(workshop: Workshop) -> None:
    track_id = workshop.run(WAITS)
    workshop.until_line(track_id, "ready")
    job = workshop.job(track_id)
    [supervisor] = [pid for pid in _left(job) if processes.parent_of(pid) not in _left(job)]
    os.kill(supervisor, signal.SIGKILL)
    job = workshop.until(track_id)
    assert job["state"] == "lost"
    assert "without a word" in job["cause"]
    workshop.wait(lambda: _left(job), lambda left: not left, 10)
    again = workshop.call("POST", f"/tracks/{track_id}/resubmit", {})
    workshop.call("POST", f"/tracks/{again['jobs'][0]['track_id']}/stop")


def test_what_an_agent_could_not_send_is_sent_afterwards(workshop: Workshop, tmp_path: Path) -> None:
    # The agent is killed with its spool full of what the server, stopped meanwhile, has not got.
    track_id = workshop.run(
        "import time\nprint('ready', flush=True)\ntime.sleep(2)\nprint('last', flush=True)\ntime.sleep(99)"
    )
    workshop.until_line(track_id, "ready")
    job = workshop.job(track_id)
    time.sleep(2.5)
    agents = [pid for pid in _left(job) if b"mlsteam" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    for pid in agents:
        os.kill(pid, signal.SIGKILL)
    assert workshop.until(track_id)["state"] == "failed"
    workshop.until_line(track_id, "last")
    workshop.wait(lambda: list((workshop.folder / "runner" / "jobs").glob(job["job_id"])), lambda f: not f, 30)


def test_hostile_code(workshop: Workshop, tmp_path: Path) -> None:
    """A link for mlsteam.yml, a module that shadows the agent's, an `mlsteam` of its own: none reaches anything."""
    outside = tmp_path / "outside.yml"
    outside.write_text("mine")
    lab = workshop.lab(
        {"train.py": "print('ran')", "click.py": "raise SystemExit(9)", "mlsteam.py": "raise SystemExit(9)"},
        ["python", "train.py"], hyperparameters={"n": [1]}, variables={"PYTHONPATH": "/nowhere", "LD_X": "`id`"},
    )  # fmt: skip
    folder = Path(lab["definition"]["code"]["path"])
    (folder / "mlsteam.yml").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    job = workshop.until(workshop.submit(lab)[0])
    assert job["state"] == "succeeded", job
    assert outside.read_text() == "mine"


def test_a_root_that_is_left_by_a_link_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    lab = workshop.lab({"x": ""}, ["true"])
    folder = Path(lab["definition"]["code"]["path"])
    (folder / "x").unlink()
    folder.rmdir()
    folder.symlink_to(tmp_path)
    job = workshop.until(workshop.submit(lab)[0])
    assert job["state"] == "failed"
    assert "does not lie below a root" in job["cause"]


def test_a_shell_line_only_where_the_lab_says_so(workshop: Workshop) -> None:
    plain = workshop.lab({}, ["echo", "$HOME;", "&&", "`id`"])
    shell = workshop.lab({}, ["echo $((1+1)); exit 4"], uses_shell=True)
    (Path(plain["definition"]["code"]["path"])).mkdir(exist_ok=True)
    (Path(shell["definition"]["code"]["path"])).mkdir(exist_ok=True)
    first, second = workshop.submit(plain)[0], workshop.submit(shell)[0]
    assert workshop.until(first)["state"] == "succeeded"
    assert workshop.lines(first) == ["$HOME; && `id`"]
    assert workshop.until(second)["exit_code"] == 4
    assert workshop.lines(second) == ["2"]


def test_a_pipeline_with_and_without_a_track(workshop: Workshop) -> None:
    write = "mkdir out && echo {} > out/a.json && ln -s /etc/passwd out/b.json && echo made"
    actions = [
        {"kind": "command", "name": "make", "command": [write], "uses_shell": True},
        {"kind": "command", "name": "look", "command": ["ls", "out"]},
        {"kind": "publish", "name": "publish", "patterns": ["out/*.json"], "folder": "results"},
    ]
    body = {"name": "nightly", "definition": {"actions": actions}}
    pipeline = workshop.call("POST", "/projects/demo/pipelines", body)
    runs = f"/pipelines/{pipeline['pipeline_id']}/runs"
    for uses_track in (True, False):
        run = workshop.call("POST", runs, {"uses_track": uses_track, "comment": "c"})
        track_id, number = run["job"]["track_id"], run["run_number"]
        job = workshop.until(track_id)
        assert job["state"] == "succeeded", job
        shown = workshop.call("GET", f"{runs}/{number}")["actions"]
        states = [action["state"] for action in shown]
        assert states == ["succeeded", "succeeded", "succeeded" if uses_track else "skipped"]
        assert workshop.lines(track_id, "action-1") == ["made"]
        assert workshop.lines(track_id, "action-2") == ["a.json", "b.json"]
        file = workshop.api.get(f"/tracks/{track_id}/files/results/out/a.json")
        assert (file.status_code, file.text) == ((200, "{}\n") if uses_track else (404, file.text))
        assert workshop.api.get(f"/tracks/{track_id}/files/results/out/b.json").status_code == 404
        listed = [track["track_id"] for track in workshop.call("GET", "/projects/demo/tracks")["items"]]
        assert (track_id in listed) is uses_track


def test_a_pipeline_ends_with_the_action_that_fails_and_can_be_stopped(workshop: Workshop) -> None:
    actions = [
        {"kind": "command", "command": ["true"]},
        {"kind": "command", "command": ["sh", "-c", 'echo on; if [ -n "$WAITS" ]; then sleep 99; fi; exit 7']},
        {"kind": "command", "command": ["echo", "never"]},
    ]
    for wait, states in (("", ["succeeded", "failed", "skipped"]), ("1", ["succeeded", "stopped", "skipped"])):
        body = {"name": f"p{wait}", "definition": {"actions": actions, "variables": {"WAITS": wait}}}
        pipeline = workshop.call("POST", "/projects/demo/pipelines", body)
        run = workshop.call("POST", f"/pipelines/{pipeline['pipeline_id']}/runs", {})
        track_id = run["job"]["track_id"]
        workshop.wait(lambda: workshop.lines(track_id, "action-2"), bool, 60)  # noqa: B023 (called at once)
        if wait:
            workshop.call("POST", f"/pipelines/{pipeline['pipeline_id']}/runs/1/stop")
        job = workshop.until(track_id)
        assert job["state"] == ("stopped" if wait else "failed")
        assert job["exit_code"] == (143 if wait else 7)
        shown = workshop.call("GET", f"/pipelines/{pipeline['pipeline_id']}/runs/1")["actions"]
        assert [action["state"] for action in shown] == states
        assert workshop.lines(track_id, "action-3") == []


def test_mlsteam_stop(workshop: Workshop) -> None:
    track_id = workshop.run(WAITS)
    workshop.until_line(track_id, "ready")
    name = workshop.call("GET", f"/tracks/{track_id}")["name"]
    environment = {**os.environ, **workshop.variables}
    command = ["mlsteam", "stop", name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "stopped (SIGTERM was sent" in done.stdout
    made = workshop.call("POST", "/projects/demo/tracks", {})["track_id"]
    done = subprocess.run([*command[:2], made], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no job belongs to it" in done.stderr
