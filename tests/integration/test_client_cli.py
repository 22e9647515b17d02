"""The `mlsteam` command as people run it, against the real services."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.client_site import environment_of_site
from support.postgres import TestServer

MLSTEAM = str(Path(sys.executable).parent / "mlsteam")
Run = Callable[..., "subprocess.CompletedProcess[str]"]
TRAINING = """
import os, sys, mlsteam
track = mlsteam.init()
for step in range(50):
    track["loss"].log(step / 2, step=step, timestamp=100.0 + step)
track["model/name"] = "small"
print("half\\rwhole")
print("oops", file=sys.stderr)
sys.stdout.flush()
"""


@pytest.fixture(scope="module")
def site(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The address and a token of running services."""
    with environment_of_site(postgres, tmp_path_factory.mktemp("site")) as variables:
        yield variables


@pytest.fixture
def environment(site: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A user's environment in which nothing of another test lies."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLSTEAM_")}
    own = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"), "COLUMNS": "200"}
    return kept | site | own | {"MLSTEAM_SPOOL_DIR": str(tmp_path / "spool")}


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    """Run the command to its end."""

    def call(*arguments: str, code: int = 0, **options: object) -> "subprocess.CompletedProcess[str]":
        given = {"env": environment, "cwd": tmp_path} | options
        done = subprocess.run([MLSTEAM, *arguments], capture_output=True, text=True, check=False, **given)  # type: ignore[call-overload]
        assert done.returncode == code, done.stdout + done.stderr
        return done  # type: ignore[no-any-return]

    return call


def _train(run: Run, name: str, script: str, code: int = 0) -> dict[str, object]:
    run("run", "--name", name, "--tag", "x", "--", sys.executable, "-c", script, code=code)
    (track,) = json.loads(run("ls", "--json", "-q", name).stdout)
    return track  # type: ignore[no-any-return]


def test_a_command_is_run_with_a_track_around_it(run: Run, tmp_path: Path) -> None:
    track = _train(run, "cli-whole", TRAINING)
    assert (track["status"], track["tags"]) == ("finished", ["x"])
    rows = {row["key"]: row for row in json.loads(run("ls", "cli-whole", "-r", "--json").stdout)}
    assert rows["loss"]["n_points"] == 50
    assert rows["console/stdout"]["n_lines"] == 1
    assert rows["console/stderr"]["n_lines"] >= 1
    assert run("get", "cli-whole", "model/name").stdout == "small\n"
    assert run("get", "cli-whole", "loss").stdout == "24.5\n"
    assert run("export", "cli-whole", "loss").stdout.splitlines()[:2] == ["100.0,0.0", "101.0,0.5"]
    run("export", "cli-whole", "loss", "-f", "parquet", "-o", str(tmp_path / "l.parquet"))
    assert pq.read_table(tmp_path / "l.parquet").num_rows == 50
    assert "Nothing is stored" in run("get", "cli-whole", "nothing", code=1).stderr


def test_the_exit_code_is_the_commands_and_nothing_of_a_killed_one_is_lost(run: Run, tmp_path: Path) -> None:
    killed = TRAINING + "os.kill(os.getpid(), 9)"
    track = _train(run, "cli-killed", killed, code=128 + signal.SIGKILL)
    assert track["status"] == "failed"
    assert len(run("export", "cli-killed", "loss").stdout.splitlines()) == 50
    assert run("get", "cli-killed", "system/exit_code").stdout == "137\n"
    assert _train(run, "cli-three", "raise SystemExit(3)", code=3)["status"] == "failed"
    run("run", "--", "no-such-command", code=127)


def test_a_signal_is_passed_on(run: Run, environment: dict[str, str], tmp_path: Path) -> None:
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print('ready', flush=True)\ntime.sleep(600)"
    )
    command = [MLSTEAM, "run", "--name", "cli-term", "--", sys.executable, "-c", script]
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as agent:
        assert agent.stdout
        assert agent.stdout.readline() == "ready\n"
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(120) == 7
    assert json.loads(run("ls", "--json", "-q", "cli-term").stdout)[0]["status"] == "stopped"


def test_offline_then_sync(run: Run, environment: dict[str, str], site: dict[str, str]) -> None:
    offline = {
        name: value for name, value in environment.items() if name not in {"MLSTEAM_API_TOKEN", "MLSTEAM_BACKEND"}
    }
    command = ("run", "--mode", "offline", "--name", "cli-offline", "--", sys.executable, "-c", TRAINING)
    run(*command, env=offline)
    waiting = json.loads(run("status", "--json").stdout)["spools"]
    assert [(one["is_to_be_made"], one["writers"], one["running"]) for one in waiting] == [(True, 2, 0)]
    (sent,) = json.loads(run("sync", "--json").stdout)
    assert sent["left"] == 0
    assert json.loads(run("status", "--json").stdout)["spools"] == []
    assert json.loads(run("ls", "--json", "-q", "cli-offline").stdout)[0]["status"] == "finished"
    assert len(run("export", "cli-offline", "loss").stdout.splitlines()) == 50
    bad = offline | {"MLSTEAM_PROJECT": "none"}
    run(*command, env=bad)
    assert "No track can be made in project 'none'" in run("sync", code=1).stdout


def test_login_keeps_a_token_that_the_server_took(run: Run, environment: dict[str, str], tmp_path: Path) -> None:
    bare = {name: value for name, value in environment.items() if not name.startswith("MLSTEAM_")}
    assert "mlsteam login" in run("ls", env=bare, code=2).stderr
    address, token = environment["MLSTEAM_BACKEND"], environment["MLSTEAM_API_TOKEN"]
    run("login", "--backend", address, "--token-stdin", env=bare, input="a.b.c\n", code=1)
    assert not (tmp_path / "config").exists()
    run("login", "--backend", address, "--token-stdin", env=bare, input=token + "\n")
    kept = tmp_path / "config" / "mlsteam" / "config.yml"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "--create" in run("init", "cli-new", env=bare, code=1).stderr
    run("init", "cli-new", "--create", env=bare)
    assert run("ls", "--json", env=bare).stdout == "[]\n"
    made = json.loads(run("tokens", "create", "ci", "--days", "1", "--json", env=bare).stdout)
    assert made["token_id"] in {one["token_id"] for one in json.loads(run("tokens", "--json", env=bare).stdout)}
    run("tokens", "revoke", made["token_id"], env=bare)
    assert made["token_id"] not in run("tokens", "--json", env=bare).stdout
    assert "complete" in run("completion", "bash").stdout


def test_event_files_become_series_and_files(run: Run, tmp_path: Path) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary
    from tensorboard.plugins.histogram.summary_v2 import histogram_pb
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb
    from tensorboard.plugins.text.summary_v2 import text_pb
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    from mlsteam.media import encode_png

    picture = Summary.Image(height=1, width=1, encoded_image_string=encode_png(b"\0\0\0", 1, 1, 3))
    old = HistogramProto(min=0, max=2, num=3, bucket_limit=[1, 2], bucket=[1, 2])
    writer = EventFileWriter(str(tmp_path / "logs" / "train"))
    for step in range(3):
        for summary in (
            Summary(value=[Summary.Value(tag="old", simple_value=step + 0.5)]),
            scalar_pb("new", float(step)),
            text_pb("words", "héllo"),
            histogram_pb("h", [1.0, 2.0, 3.0], buckets=2),
            Summary(value=[Summary.Value(tag="i", image=picture), Summary.Value(tag="h/old", histo=old)]),
        ):
            writer.add_event(Event(wall_time=1000.0 + step, step=step, summary=summary))
    writer.close()
    (file,) = (tmp_path / "logs" / "train").iterdir()
    with file.open("ab") as cut:
        cut.write(b"\x20\0\0\0\0\0\0\0xxxxcut")
    answer = json.loads(run("import-tensorboard", "logs", "--name", "cli-tb", "--json").stdout)
    assert answer["imported"] == {"points": 6, "texts": 3, "histograms": 6, "images": 3}
    assert (answer["skipped"], answer["is_sent"]) == ({}, True)
    assert run("export", "cli-tb", "train/old").stdout.splitlines() == ["1000.0,0.5", "1001.0,1.5", "1002.0,2.5"]
    assert run("export", "cli-tb", "train/new", "-f", "csv").stdout.splitlines()[-1] == "1002.0,2,2.0"
    assert run("export", "cli-tb", "train/words").stdout.splitlines()[0] == "1000.0,héllo"
    run("get", "cli-tb", "train/h/old/00000001.histogram.json")
    histogram = json.loads((tmp_path / "00000001.histogram.json").read_text())
    assert histogram == {"edges": [0.0, 1.0, 2.0], "counts": [1.0, 2.0]}
    run("get", "cli-tb", "train/i/00000002.png")
