"""Ranks of one training on one track, as torchrun starts them, against the real services."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.client_site import environment_of_site
from support.postgres import TestServer

import mlsteam

_RANK = """
import os, signal, sys, time, mlsteam
rank = os.environ["RANK"]
track = mlsteam.init(finish_timeout=30)
for number in range(300):
    track["loss"].log(number * 10.0 + int(rank), step=number)
    track[f"of/{rank}"].log(float(number))
print("rank", rank, "has logged", flush=True)
how = sys.argv[1]
folder, deadline = "system" if rank == "0" else f"system/rank-{rank}", time.monotonic() + 30
while how == "finishes" and not track.exists(f"{folder}/cpu/percent") and time.monotonic() < deadline:
    time.sleep(0.2)
if how == "fails" and rank == "1":
    raise RuntimeError("rank one")
if how != "finishes":
    signal.pause() if rank == "0" else None
"""


@pytest.fixture(scope="module")
def site(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with environment_of_site(postgres, tmp_path_factory.mktemp("site")) as variables:
        yield variables


@pytest.fixture(autouse=True)
def _environment(site: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in site.items():
        monkeypatch.setenv(name, value)
    for name in ("MLSTEAM_TRACK_ID", "MLSTEAM_MODE", "MLSTEAM_FAMILY", "MLSTEAM_CAPTURE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLSTEAM_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.chdir(tmp_path)


def start(track: str, rank: int, how: str, folder: Path) -> "subprocess.Popen[str]":
    variables = {"MLSTEAM_TRACK_ID": track, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
    # Two machines: nothing but the track is shared.
    variables["MLSTEAM_SPOOL_DIR"] = str(folder / f"spool-{rank}")
    command = [sys.executable, "-c", _RANK, how]
    return subprocess.Popen(
        command, env=os.environ | variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


@pytest.mark.parametrize(("how", "status"), [("finishes", "finished"), ("fails", "failed")])
def test_all_ranks_are_on_one_track_that_ends_as_they_do(how: str, status: str, tmp_path: Path) -> None:
    with mlsteam.init(mode="online", capture_console=False, capture_source=False, capture_system=False) as made:
        pass
    ranks = [start(made.id, rank, how, tmp_path) for rank in range(2)]
    ranks[1].communicate(timeout=60)
    if how == "fails":
        # As torchrun ends the others.
        assert ranks[1].returncode == 1
        assert ranks[0].stdout
        assert ranks[0].stdout.readline()
        ranks[0].send_signal(signal.SIGTERM)
    ranks[0].communicate(timeout=60)
    track = mlsteam.init(track_id=made.id, mode="read-only")
    assert track.facts()["status"] == status
    points = track["loss"].fetch_values("list")
    assert sorted((step, value) for step, _, value in points) == [
        (float(number), number * 10.0 + rank) for number in range(300) for rank in range(2)
    ]
    for rank in range(2):
        assert [value for _, _, value in track[f"of/{rank}"].fetch_values("list")] == [float(n) for n in range(300)]
    assert track["system/rank-1/status"].fetch() == status
    assert not track.exists("system/rank-0")
    streams = {entry.name: entry.leaf.n_lines for entry in track.tree("console") if entry.leaf}
    assert streams["stdout"] == streams["stdout-rank-1"] == 1
    assert track.exists("source/command")
    if how == "finishes":
        assert track.exists("system/rank-1/cpu/percent")
        assert track.exists("system/cpu/percent")
    else:
        assert "rank one" in track["source/traceback"].fetch()
        assert track["system/rank-1/exit_code"].fetch() == 1
        assert not track.exists("system/exit_code")
