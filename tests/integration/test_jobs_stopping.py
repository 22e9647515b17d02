"""Stopping, and what is killed: jobs that do not listen, that have left, whose runner, supervisor or agent is gone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.workshop import WAITS, Workshop, left_of

from services.jobs.launchers import processes

pytestmark = pytest.mark.slow

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
    assert left_of(job) == set()


def test_stopping_what_does_not_listen_and_what_hasleft_of(workshop: Workshop) -> None:
    tracks = [workshop.run(DEAF), workshop.run(DAEMON + DEAF)]
    for track_id in tracks:
        workshop.until_line(track_id, "ready")
    alive = [len(left_of(workshop.job(track_id))) for track_id in tracks]
    assert alive[1] > alive[0] >= 3, "supervisor, agent, command, and the one that has left"
    began = time.monotonic()
    workshop.call("POST", "/tracks/stop", {"track_ids": tracks})
    jobs = [workshop.until(track_id) for track_id in tracks]
    assert 14 < time.monotonic() - began < 21
    for job in jobs:
        assert (job["state"], job["signal"]) == ("stopped", "SIGKILL")
        assert left_of(job) == set()
        assert "ready" in workshop.lines(job["track_id"])


def test_what_a_command_leaves_running_is_ended_with_it(workshop: Workshop) -> None:
    job = workshop.until(workshop.run(DAEMON + "print('done')"))
    assert job["state"] == "succeeded"
    assert "1 processes that it left running were ended" in job["cause"]
    assert left_of(job) == set()


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
    assert not any(left_of(job) for job in jobs)


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
    # One that ended while we looked has no parent any more, and is none.
    held = left_of(job)
    parents = {pid: parent for pid in held if (parent := processes.parent_of(pid)) is not None}
    [supervisor] = [pid for pid, parent in parents.items() if parent not in held]
    os.kill(supervisor, signal.SIGKILL)
    job = workshop.until(track_id)
    assert job["state"] == "lost"
    assert "without a word" in job["cause"]
    workshop.wait(lambda: left_of(job), lambda left: not left, 10)
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
    agents = [pid for pid in left_of(job) if b"mlsteam" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    for pid in agents:
        os.kill(pid, signal.SIGKILL)
    assert workshop.until(track_id)["state"] == "failed"
    workshop.until_line(track_id, "last")
    workshop.wait(lambda: list((workshop.folder / "runner" / "jobs").glob(job["job_id"])), lambda f: not f, 30)


def test_mlsteam_stop(workshop: Workshop) -> None:
    track_id = workshop.run(WAITS)
    workshop.until_line(track_id, "ready")
    name = workshop.call("GET", f"/tracks/{track_id}")["name"]
    environment = {**os.environ, **workshop.variables}
    command = [str(Path(sys.executable).parent / "mlsteam"), "stop", name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "stopped (SIGTERM was sent" in done.stdout
    made = workshop.call("POST", "/projects/demo/tracks", {})["track_id"]
    done = subprocess.run([*command[:2], made], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no job belongs to it" in done.stderr


def test_a_project_that_is_deleted_takes_its_jobs_along(workshop: Workshop) -> None:
    workshop.call("POST", "/projects", {"name": "doomed"})
    lab = workshop.lab({"train.py": WAITS}, ["python", "train.py"])
    body = {"name": "l", "definition": lab["definition"]}
    made = workshop.call("POST", "/projects/doomed/labs", body)
    track_id = workshop.submit(made)[0]
    workshop.until_line(track_id, "ready")
    job = workshop.job(track_id)
    workshop.call("DELETE", "/projects/doomed")
    workshop.wait(lambda: left_of(job), lambda left: not left, 20)
    workshop.wait(lambda: list((workshop.folder / "runner" / "jobs").glob(job["job_id"])), lambda f: not f, 20)


def test_a_track_that_is_deleted_stops_its_job(workshop: Workshop) -> None:
    track_id = workshop.run(WAITS)
    workshop.until_line(track_id, "ready")
    job = workshop.job(track_id)
    workshop.call("DELETE", f"/tracks/{track_id}")
    workshop.wait(lambda: left_of(job), lambda left: not left, 25)
