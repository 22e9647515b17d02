"""What is recorded of the code: secrets are masked, and a hostile repository runs nothing."""

import subprocess
from pathlib import Path

import pytest

from mlsteam.capture.captures import Wanted, read_wanted
from mlsteam.capture.git import MAX_DIFF_BYTES, git_diff, git_facts
from mlsteam.capture.secrets import mask_arguments
from mlsteam.capture.source import packages
from mlsteam.errors import SettingsError


@pytest.mark.parametrize(
    ("arguments", "masked"),
    [
        (["--token", "abc", "--lr", "1"], ["--token", "***", "--lr", "1"]),
        (
            ["--api-key=abc", "dbPassword=x", "model.hub_token=y"],
            ["--api-key=***", "dbPassword=***", "model.hub_token=***"],
        ),
        (["--max-tokens", "512", "--tokenizer=bert"], ["--max-tokens", "512", "--tokenizer=bert"]),
        (["https://me:secret@host/x"], ["https://host/x"]),
        (["hf_" + "a" * 30, "eyJhbGciOiJIUzI1.abc.def"], ["***", "***"]),
        (["--use-auth", "--lr"], ["--use-auth", "--lr"]),
    ],
)
def test_secrets_in_arguments_are_masked(arguments: list[str], masked: list[str]) -> None:
    assert mask_arguments(arguments) == masked


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_repository_is_described_and_runs_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init", "-b", "work")
    (tmp_path / "train.py").write_text("a\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    git(tmp_path, "remote", "add", "origin", "https://me:secret@example.org/repo.git")
    trap = f"touch {tmp_path / 'sprung'}"
    for name in ("core.fsmonitor", "diff.external", "core.pager"):
        git(tmp_path, "config", name, trap)
    facts = git_facts(tmp_path)
    assert facts["branch"] == "work"
    assert facts["remote"] == "https://example.org/repo.git"
    assert len(str(facts["commit"])) == 40
    assert not facts["is_dirty"]
    (tmp_path / "train.py").write_text("b\n" * MAX_DIFF_BYTES)
    assert git_facts(tmp_path)["is_dirty"]
    diff = git_diff(tmp_path)
    assert b"-a\n+b\n" in diff
    assert MAX_DIFF_BYTES <= len(diff) < MAX_DIFF_BYTES + 100
    assert not (tmp_path / "sprung").exists()


def test_outside_of_a_repository_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert git_facts(tmp_path) == {}
    assert git_facts(tmp_path / "missing") == {}


def test_packages_are_listed() -> None:
    assert "msgspec==" in packages()


def test_arguments_win_over_the_variable() -> None:
    assert read_wanted("") == Wanted()
    assert read_wanted("none", console=True) == Wanted(True, False, False, False, False)
    assert read_wanted("source, system", system=False) == Wanted(False, False, True, False, False)
    with pytest.raises(SettingsError, match="MLSTEAM_CAPTURE"):
        read_wanted("stdout")
