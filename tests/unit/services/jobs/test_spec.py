"""What a job may be told to do: hostile definitions are refused where they are made."""

import pytest
from pydantic import ValidationError

from services.jobs.model import ENDED, JobState, exit_in_words, may_follow
from services.jobs.spec import JobSpec, check_git_url

FOLDER = {"kind": "folder", "path": "/code"}


@pytest.mark.parametrize(
    "url",
    [
        "--upload-pack=touch /tmp/x",
        "-c",
        "ext::sh -c id",
        "file:///etc",
        "git://github.com/a/b",
        "http://github.com/a/b",
        "https://--upload-pack=x/a",
        "ssh://-oProxyCommand=id/x",
        "ssh://-oProxyCommand=id@example.org/x",
        "/srv/repo",
        "git@github.com:a/b",
        "https://localhost/a",
        "https://127.0.0.1/a",
        "https://2130706433/a",
        "https://0x7f.1/a",
        "https://[::1]/a",
        "https://10.1.2.3/a",
        "https://169.254.169.254/latest",
        "https://database/a",
        "https://user:secret@example.org/a",
        "https://example.org/a b",
        "https://example.org/a\n",
        "",
    ],
)
def test_hostile_git_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must"):
        check_git_url(url)


@pytest.mark.parametrize("url", ["https://example.org/team/repo.git", "ssh://git@example.org:2222/repo"])
def test_plain_git_addresses_are_taken(url: str) -> None:
    assert check_git_url(url) == url


@pytest.mark.parametrize("revision", ["--exec=id", "-b", "a..b", "main;id", "$(id)", "a b"])
def test_a_revision_is_no_option(revision: str) -> None:
    code = {"kind": "git", "url": "https://example.org/r", "revision": revision}
    with pytest.raises(ValidationError):
        JobSpec.model_validate({"code": code, "command": ["x"]})


@pytest.mark.parametrize(
    "change",
    [
        {"code": {"kind": "folder", "path": "/a/../etc"}},
        {"code": {"kind": "folder", "path": "relative"}},
        {"command": []},
        {"command": [" "]},
        {"command": ["a\x00b"]},
        {"command": ["a", "b"], "uses_shell": True},
        {"environment": {"requirements": "../r.txt"}},
        {"environment": {"requirements": "-r/etc/passwd"}},
        {"environment": {"python": "python3"}},
        {"variables": {"MLSTEAM_API_TOKEN": "x"}},
        {"variables": {"A=B": "x"}},
        {"variables": {"A": "x\x00"}},
        {"limits": {"memory_mb": 5}},
        {"limits": {"grace_s": 60}},
        {"params": {"a": float("nan")}},
        {"params": {"a": 2**63}},
        {"surprise": 1},
    ],
)
def test_hostile_specs_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        JobSpec.model_validate({"code": FOLDER, "command": ["x"]} | change)


def test_shell_characters_stay_what_they_are() -> None:
    command = ["echo", "$(id)", "; rm -rf /", "--", "-x", "'\"\n", "héllo"]
    spec = JobSpec.model_validate({"code": FOLDER, "command": command, "params": {"on": True, "n": 1, "x": 1.0}})
    again = JobSpec.model_validate_json(spec.model_dump_json())
    assert again.command == command
    assert [type(value) for value in again.params.values()] == [bool, int, float]


def test_the_state_machine_never_leaves_an_end_but_for_a_job_that_was_only_lost() -> None:
    for end in ENDED - {JobState.LOST}:
        assert not any(may_follow(end, state) for state in JobState)
    assert not may_follow(JobState.STOPPING, JobState.RUNNING)
    assert not may_follow(JobState.LOST, JobState.QUEUED)
    assert may_follow(JobState.LOST, JobState.RUNNING)
    assert not may_follow(JobState.QUEUED, JobState.RUNNING)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended well"),
        (127, "no such command"),
        (3, "exit code 3"),
        (-15, "SIGTERM"),
        (-9, "out of memory"),
        (137, "SIGKILL"),
        (255, "255"),
    ],
)
def test_ends_in_words(code: int, words: str) -> None:
    assert words in exit_in_words(code)
