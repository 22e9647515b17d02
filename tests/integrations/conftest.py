"""Runs code with the interpreter that has the frameworks, against a server that keeps what arrives."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.recording_server import Recorded, recording_server

PYTHON = Path(__file__).parents[2] / ".venvs/integrations/bin/python"
Run = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def server() -> Iterator[Recorded]:
    with recording_server() as recorded:
        yield recorded


@pytest.fixture
def environment(server: Recorded, tmp_path: Path) -> dict[str, str]:
    return os.environ | {
        "MLSTEAM_API_TOKEN": "a.b.c",
        "MLSTEAM_BACKEND": server.address,
        "MLSTEAM_PROJECT": "demo",
        "MLSTEAM_SPOOL_DIR": str(tmp_path / "spool"),
        "MLSTEAM_CAPTURE": "traceback",
        "KERAS_BACKEND": "jax",
        "HF_HUB_OFFLINE": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONWARNINGS": "ignore",
    }


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    def run(code: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [PYTHON, "-c", code],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run
