"""Each image's installation, done as its recipe says, in an environment of its own. Run by `make test-images` only.

Needs a package index. Guarantees what no shared environment can: that a service imports nothing that its image lacks.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "deploy" / "images"
BIN = Path(sys.executable).parent
MODULES = {
    "build-ingest-api": ["ingest_api.main", "ingest_api.transposer"],
    "build-track-api": ["track_api.main"],
    "build-tb-proxy": ["tb_proxy.main", "tb_proxy.board.zygote"],
    "build-runner": [
        "services.runner.__main__",
        "optuna",
        "services.jobs.launchers.kubernetes.launcher",
        "services.storage.migrate",
    ],
}


def installation(stage: str) -> list[str]:
    """Return the words of the last installation of a stage."""
    part = (IMAGES / "Dockerfile").read_text().split(f" AS {stage}\n")[1].split("\nFROM")[0]
    line = re.findall(r"^RUN uv (pip install -c .*)$", part, re.MULTILINE)[-1]
    return shlex.split(line)


@pytest.mark.parametrize("stage", MODULES)
def test_a_service_finds_all_it_imports(stage: str, tmp_path: Path) -> None:
    environment = os.environ | {"VIRTUAL_ENV": str(tmp_path / "app")}
    subprocess.run([BIN / "uv", "venv", "--quiet", tmp_path / "app"], check=True)
    subprocess.run([BIN / "uv", "--quiet", *installation(stage)], cwd=ROOT, env=environment, check=True)
    for module in [*MODULES[stage], "services.storage.migrate", "services.accounts.bootstrap"]:
        done = subprocess.run(
            [tmp_path / "app/bin/python", "-I", "-c", f"import {module}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    found = tmp_path / "app" / "lib"
    assert next(found.rglob("services/storage/migrations/versions")).is_dir()


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The agent's image, as its recipe makes it."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("made") / "mlsteam"
    for words in re.findall(r"^COPY (?!--from)(.*)$", (IMAGES / "agent/Dockerfile").read_text(), re.MULTILINE):
        *sources, to = words.split()
        for one in sources:
            if (ROOT / one).is_dir():
                shutil.copytree(ROOT / one, source / to, dirs_exist_ok=True)
            else:
                shutil.copy(ROOT / one, source / to)
    command = [sys.executable, source / "agent/collect.py", target]
    subprocess.run(command, env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}, check=True)
    return target


def _pythons() -> list[str]:
    named = [found for minor in range(6, 15) if (found := shutil.which(f"python3.{minor}"))]
    kept = map(str, sorted(Path.home().glob(".pyenv/versions/3.*/bin/python3")))
    # A name may stand for a Python that is not chosen here.
    return [
        one for one in [*named, *kept] if subprocess.run([one, "-V"], capture_output=True, check=False).returncode == 0
    ]


@pytest.mark.parametrize("python", _pythons())
def test_every_python_runs_the_agent_or_says_why_not(agent: Path, python: str, tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    told.write_text("{}")
    version = subprocess.run([python, "-c", "import sys; print(sys.version_info[1])"], capture_output=True, check=True)
    done = subprocess.run(
        [python, agent / "start.py", told, "--version"],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    if int(version.stdout) >= 10:
        assert "mlsteam, version" in done.stdout, done.stderr
        code = "import mlsteam, sys; print(mlsteam.__file__)"
        env = {"PYTHONPATH": str(agent / "hook")}
        used = subprocess.run([python, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
        assert used.stdout.startswith(str(agent))
        assert used.stderr == ""
    else:
        assert done.returncode == 126
        assert "the agent is for Python 3.10" in done.stderr


def test_what_an_image_has_itself_comes_first(agent: Path, tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("here = True\n")
    (tmp_path / "sitecustomize.py").write_text("import os; os.environ['OWN'] = 'read'\n")
    code = "import click, os, mlsteam; print(click.here, os.environ['OWN'])"
    env = {"PYTHONPATH": f"{agent / 'hook'}:{tmp_path}"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "True read\n"


def test_it_is_not_large(agent: Path) -> None:
    """Every job copies it."""
    assert sum(path.stat().st_size for path in agent.rglob("*") if path.is_file()) < 80 << 20
