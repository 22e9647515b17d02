"""Arguments over environment over the project's file over the user's; a project's file leads no token astray."""

import stat
import tempfile
from pathlib import Path

import pytest

import mlsteam
from mlsteam.configfile import PROJECT_FILE, user_file, write_config
from mlsteam.places import usable_spool
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


@pytest.mark.parametrize("address", ["http://[::1", "http://host:x", "http://host:99999"])
def test_an_address_that_can_never_be_reached_is_a_mistake(address: str) -> None:
    with pytest.raises(mlsteam.SettingsError, match="names no host"):
        read_settings(api_token="a.b.c", backend=address)


def test_the_line_end_of_a_secret_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSTEAM_API_TOKEN", "a.b.c\n")
    monkeypatch.setenv("MLSTEAM_BACKEND", "http://host/\n")
    settings = read_settings()
    assert (settings.backend, settings.token()) == ("http://host", "a.b.c")
    assert read_settings(api_token=" d.e.f\r\n").token() == "d.e.f"
    with pytest.raises(mlsteam.SettingsError, match="line end"):
        read_settings(api_token="a.b\nc")


def test_without_a_home_there_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    settings = read_settings(api_token="a.b.c", backend="http://host")
    assert settings.spool_dir.parent.parent == tmp_path


def test_a_spool_that_cannot_be_written_is_replaced_by_one_of_this_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "file").touch()
    assert usable_spool(tmp_path / "fine" / "spool") == tmp_path / "fine" / "spool"
    assert capfd.readouterr().err == ""
    found = usable_spool(tmp_path / "file" / "spool")
    assert found.is_dir()
    assert stat.S_IMODE(found.parent.stat().st_mode) == 0o700
    assert "cannot be written" in capfd.readouterr().err
    # What others may look into, or have prepared, is not taken.
    found.parent.chmod(0o755)
    assert usable_spool(tmp_path / "file" / "spool") == tmp_path / "file" / "spool"
    assert "nothing can be kept" in capfd.readouterr().err
    found.rmdir()
    found.parent.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    found.parent.symlink_to(tmp_path / "elsewhere")
    assert usable_spool(tmp_path / "file" / "spool") == tmp_path / "file" / "spool"
