"""Jobs as real processes of this machine, over the whole way: lab, queue, runner, supervisor, agent, track."""

import json
import os
import zipfile
from pathlib import Path

import httpx2
import pytest
from support.workshop import Workshop, left_of

pytestmark = pytest.mark.slow

PLAIN = """
import json, os, sys
print("hello", file=sys.stderr)
print(json.dumps({"env": dict(os.environ), "yml": open("mlsteam.yml").read(), "cwd": os.getcwd()}))
"""


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
        assert environment["API_KEY"] == environment["MLSTEAM_API_TOKEN"] == "***"
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
        assert left_of(job) == set()
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
        ("x = bytearray(2 << 30)", 1, "out of memory: limit 512 MB"),
    ],
)
def test_ends_are_told_in_words(workshop: Workshop, script: str, code: int, words: str) -> None:
    job = workshop.until(workshop.run(script, limits={"memory_mb": 512}))
    assert (job["state"], job["exit_code"]) == ("failed", code)
    assert words in job["cause"]
    assert workshop.call("GET", f"/tracks/{job['track_id']}")["status"] == "failed"
    if "bytearray" in script:
        assert "MemoryError" in workshop.lines(job["track_id"], "stderr")[-1]
        assert job["history"][-1]["reason"] == "MemoryLimit"


def test_what_has_no_limit_may_use_two_gigabytes_and_what_only_speaks_of_memory_is_not_ended_by_it(
    workshop: Workshop,
) -> None:
    job = workshop.until(workshop.run("x = bytearray(2 << 30); print(len(x))"))
    assert (job["state"], workshop.lines(job["track_id"])) == ("succeeded", ["2147483648"]), job
    job = workshop.until(workshop.run("raise SystemExit('CUDA out of memory')", limits={"memory_mb": 512}))
    assert job["cause"] == "exit code 1"


def test_a_job_of_too_many_processes_is_ended(workshop: Workshop) -> None:
    # Never more than 150, so that no mistake of ours costs the machine. The first thirty leave their parent.
    script = """
import subprocess, sys, time
for n in range(150):
    subprocess.Popen(["sleep", "100"], start_new_session=n < 30)
    time.sleep(0.02)
time.sleep(100)
"""
    job = workshop.until(workshop.run(script), within_s=60)
    assert (job["state"], job["history"][-1]["reason"]) == ("failed", "ProcessLimit"), job
    assert "limit 100" in job["cause"]
    assert left_of(job) == set()


def test_processes_that_use_too_much_memory_together_are_ended(workshop: Workshop) -> None:
    script = "import os, time\nos.fork(), os.fork()\nx = b'x' * (150 << 20)\ntime.sleep(60)\n"
    job = workshop.until(workshop.run(script, limits={"memory_mb": 300}), within_s=40)
    assert (job["state"], job["history"][-1]["reason"]) == ("failed", "MemoryLimit")
    assert "out of memory: limit 300 MB; its processes used" in job["cause"]
    assert left_of(job) == set()


@pytest.mark.parametrize("command", [["no-such-program"], ["python", "gone.py"]])
def test_a_command_that_cannot_begin(workshop: Workshop, command: list[str]) -> None:
    lab = workshop.lab({"a": ""}, command)
    job = workshop.until(workshop.submit(lab)[0])
    assert job["state"] == "failed"
    if command[0] != "python":
        assert "no-such-program" in job["cause"]


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


def _wheel(folder: Path) -> Path:
    path = folder / "tinything-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tinything.py", "answer = 42\n")
        archive.writestr("tinything-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinything\nVersion: 1.0\n")
        archive.writestr(
            "tinything-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tinything-1.0.dist-info/RECORD", "")
    return path


def test_requirements_are_installed_once(workshop: Workshop, tmp_path: Path) -> None:
    _wheel(tmp_path)
    requirements = f"--no-index\n--find-links {tmp_path}\ntinything\n"
    lab = workshop.lab(
        {"train.py": "import tinything; print(tinything.answer)", "requirements.txt": requirements},
        ["python", "train.py"],
        environment={"requirements": "requirements.txt"},
    )
    causes = []
    for _ in range(2):
        job = workshop.until(workshop.submit(lab)[0], within_s=180)
        assert job["state"] == "succeeded", job
        assert workshop.lines(job["track_id"]) == ["42"]
        causes.append(" / ".join(line["cause"] for line in job["history"]))
    assert "installing requirements.txt" in causes[0]
    assert "installed before" in causes[1]
    broken = workshop.lab(
        {"train.py": "", "requirements.txt": "--no-index\nno-such-package-here\n"},
        ["python", "train.py"],
        environment={"requirements": "requirements.txt"},
    )
    job = workshop.until(workshop.submit(broken)[0], within_s=180)
    assert (job["state"], job["exit_code"]) == ("failed", None)
    assert "no-such-package-here" in job["cause"]


def test_what_a_page_is_told_while_jobs_go_on(workshop: Workshop) -> None:
    rules = workshop.call("GET", "/job-rules")
    [runner] = [one for one in rules["runners"] if one["is_alive"]]
    assert (runner["kind"], runner["max_jobs"]) == ("local", 4)
    assert "only people you trust" in runner["warning"]
    metrics = httpx2.get(f"{workshop.runner.url}/metrics").text
    assert 'mlsteam_jobs_ended_total{state="succeeded"}' in metrics
