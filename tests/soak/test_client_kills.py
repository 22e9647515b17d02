"""Three hundred trainings that die at random moments, in one of four ways: nothing is lost, nothing comes twice."""

from pathlib import Path

import pytest
from support.kills import kill_once
from support.recording_server import recording_server


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1300))
def test_a_killed_training_loses_nothing(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSTEAM_API_TOKEN", "a.b.c")
    with recording_server() as server:
        kill_once(server, tmp_path, seed)
