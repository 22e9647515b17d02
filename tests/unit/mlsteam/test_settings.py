"""Arguments over environment over the project's file over the user's; a project's file leads no token astray."""

import stat
from pathlib import Path

import pytest

import mlsteam
from mlsteam.configfile import PROJECT_FILE, user_file, write_config
from mlsteam.settings import read_mode, read_settings


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_TOKEN", "BACKEND", "PROJECT", "TRACK_ID", "MODE", "SPOOL_DIR"):
        monkeypatch.delenv(f"MLSTEAM_{name}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "code" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "code" / "deep")
    write_config(user_file(), {"backend": "http://home", "api_token": "kept", "project": "mine"})


def test_each_place_wins_over_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().project == "mine"
    (tmp_path / "code" / PROJECT_FILE).write_text("project: code\nmode: offline\n")
    assert (read_settings().project, read_mode(None)) == ("code", "offline")
    monkeypatch.setenv("MLSTEAM_PROJECT", "env")
    monkeypatch.setenv("MLSTEAM_MODE", "disabled")
    assert (read_settings().project, read_mode(None)) == ("env", "disabled")
    assert (read_settings(project="arg").project, read_mode("online")) == ("arg", "online")


def test_a_token_goes_only_to_the_server_it_came_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings()
    assert (settings.backend, settings.token()) == ("http://home", "kept")
    monkeypatch.setenv("MLSTEAM_API_TOKEN", "a.b.c")
    with pytest.raises(mlsteam.SettingsError, match="names no server"):
        read_settings()
    monkeypatch.delenv("MLSTEAM_API_TOKEN")
    (tmp_path / "code" / PROJECT_FILE).write_text("backend: http://stranger\n")
    with pytest.raises(mlsteam.SettingsError, match="may hold project, mode"):
        read_settings()


def test_the_users_file_is_the_users_alone() -> None:
    assert stat.S_IMODE(user_file().stat().st_mode) == 0o600


def test_a_mode_that_is_none_is_named() -> None:
    with pytest.raises(mlsteam.SettingsError, match="read-only, disabled, not 'of'"):
        mlsteam.init("demo", mode="of")
