"""The images' recipes: they say nothing that is not there. No container engine is needed, and none builds them here."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "deploy" / "images"
FILES = sorted(IMAGES.rglob("Dockerfile"))


def _lines(path: Path) -> list[str]:
    whole = path.read_text().replace("\\\n", " ")
    return [line.strip() for line in whole.splitlines() if line.strip() and not line.startswith("#")]


def test_there_are_recipes() -> None:
    assert [path.relative_to(IMAGES).as_posix() for path in FILES] == ["Dockerfile", "agent/Dockerfile"]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_the_linter_has_nothing_to_say(path: Path) -> None:
    done = subprocess.run([Path(sys.executable).parent / "hadolint", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", FILES, ids=str)
def test_what_is_copied_is_there(path: Path) -> None:
    stages: set[str] = set()
    for line in _lines(path):
        words = line.split()
        if words[0] == "FROM" and "AS" in words:
            stages.add(words[-1])
        if words[0] == "COPY":
            sources = [word for word in words[1:-1] if not word.startswith("--")]
            origin = next((word.removeprefix("--from=") for word in words if word.startswith("--from=")), "")
            assert not origin or origin in stages, line
            for source in sources if not origin else []:
                # The built page is a folder of its own stage, everything else is of the repository.
                assert (ROOT / source).exists(), line


def test_they_run_what_exists_as_nobody_special() -> None:
    final, commands = {}, {}
    stage = ""
    for line in _lines(IMAGES / "Dockerfile"):
        if line.startswith("FROM"):
            stage = line.split()[-1]
            final[stage] = line.split()[1]
        elif line.startswith("CMD"):
            commands[stage] = ast.literal_eval(line.removeprefix("CMD ").strip())
    assert commands.keys() == {"ingest-api", "track-api", "tb-proxy", "runner"}
    for name, command in commands.items():
        assert command[:2] == ["python", "-m"]
        assert importlib.util.find_spec(f"{command[2]}.__main__") is not None, name
        assert final[name] == "service"
    assert "USER 10001:10001" in _lines(IMAGES / "Dockerfile")
    assert _lines(IMAGES / "agent" / "Dockerfile")[-1] == "USER 10001:10001"


def test_the_installer_is_the_locked_one() -> None:
    locked = re.search(r"^uv==(\S+)", (ROOT / "requirements-dev.lock").read_text(), re.MULTILINE)
    assert locked is not None
    for path in FILES:
        assert set(re.findall(r"\buv==(\S+)", path.read_text())) == {locked[1]}


def test_any_python_can_read_the_start_of_the_agent() -> None:
    """A Python that is too old must be able to say so."""
    agent = IMAGES / "agent"
    for path in (agent / "start.py", *(agent / "hook").glob("*.py")):
        ast.parse(path.read_text(), feature_version=(3, 6))
        assert "list[" not in path.read_text()
