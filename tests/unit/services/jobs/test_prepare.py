"""Code from folders, archives and git: what is hostile in them stays where it is."""

import io
import json
import os
import stat
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from services.jobs.launchers import environment, prepare
from services.jobs.launchers.prepare import PrepareFailed


def _tar(path: Path, members: list[tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]]) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            info, content = member if isinstance(member, tuple) else (member, b"")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return str(path)


def _info(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    return info


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a/../../evil", "..\\evil"])
def test_an_archive_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    target = tmp_path / "in" / "code"
    target.mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, "x")
    for path in (str(tmp_path / "a.zip"), _tar(tmp_path / "a.tgz", [(_info(name), b"x")])):
        with pytest.raises(PrepareFailed, match="leads out of it"):
            prepare.unpack(path, target)
    assert [path.name for path in tmp_path.rglob("*evil*")] == []


def test_links_and_devices_of_an_archive_are_left_out(tmp_path: Path) -> None:
    target, outside = tmp_path / "code", tmp_path / "outside"
    target.mkdir()
    outside.mkdir()
    members: list[tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]] = [
        _info("out", tarfile.SYMTYPE, str(outside)), (_info("out/file"), b"written"),
        _info("hard", tarfile.LNKTYPE, "/etc/passwd"), _info("null", tarfile.CHRTYPE), _info("pipe", tarfile.FIFOTYPE),
        (_info("run.sh", mode=0o4755), b"#!/bin/sh"),
    ]  # fmt: skip
    prepare.unpack(_tar(tmp_path / "a.tgz", members), target)
    assert list(outside.iterdir()) == []
    assert sorted(path.name for path in target.rglob("*")) == ["file", "out", "run.sh"]
    assert stat.S_IMODE((target / "run.sh").stat().st_mode) == 0o755


def test_an_archive_is_measured_by_what_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "MAX_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * (8 << 20))
    target = tmp_path / "code"
    target.mkdir()
    with pytest.raises(PrepareFailed, match="larger than"):
        prepare.unpack(str(tmp_path / "bomb.zip"), target)
    assert sum(path.stat().st_size for path in target.rglob("*")) <= 2 << 20
    monkeypatch.setattr(prepare, "MAX_FILES", 10)
    with pytest.raises(PrepareFailed, match="more than 10 files"):
        prepare.unpack(_tar(tmp_path / "many.tgz", [_info(f"f{i}") for i in range(20)]), target)


def test_a_folder_is_copied_without_following_links(tmp_path: Path) -> None:
    source, target = tmp_path / "root" / "lab", tmp_path / "code"
    source.mkdir(parents=True)
    target.mkdir()
    (source / "a.py").write_text("1")
    (source / "secret").symlink_to("/etc/shadow")
    (source / "__pycache__").mkdir()
    os.mkfifo(source / "pipe")
    prepare.copy_folder(str(source), [str(tmp_path / "root")], target)
    assert sorted(path.name for path in target.iterdir()) == ["a.py", "secret"]
    assert (target / "secret").is_symlink()
    for path, roots in (
        (str(source), [str(tmp_path / "other")]),
        (str(tmp_path / "rootless"), [str(tmp_path / "root")]),
    ):
        with pytest.raises(PrepareFailed, match="does not lie below"):
            prepare.copy_folder(path, roots, target)


def test_values_are_written_with_their_types_and_the_rest_stays(tmp_path: Path) -> None:
    (tmp_path / "mlsteam.yml").write_text("params:\n  batch: 32\n  lr: 1\nother: kept\n")
    params = {"lr": 1e-05, "name": "no", "on": False, "n": 3, "text": "1.0"}
    prepare.write_params(tmp_path, params)
    content = yaml.safe_load((tmp_path / "mlsteam.yml").read_text())
    assert content == {"params": {"batch": 32, **params}, "other": "kept"}
    assert {name: type(value) for name, value in content["params"].items() if name in params} == {
        name: type(value) for name, value in params.items()
    }
    (tmp_path / "mlsteam.yml").write_text("- a list")
    with pytest.raises(PrepareFailed, match="must hold"):
        prepare.write_params(tmp_path, params)


def _git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def test_a_repository_is_fetched_without_its_tricks(tmp_path: Path) -> None:
    origin, target = tmp_path / "origin", tmp_path / "code"
    origin.mkdir()
    target.mkdir()
    _git(origin, "init", "-b", "main")
    (origin / "train.py").write_text("1")
    (origin / "link").symlink_to("/etc/passwd")
    (origin / ".gitattributes").write_text("*.py filter=evil\n")
    _git(origin, "add", ".")
    _git(origin, "commit", "-m", "one")
    _git(origin, "tag", "v1")
    (origin / "train.py").write_text("2")
    _git(origin, "commit", "-am", "two")
    prepare.clone(str(origin), "v1", [], target, protocols="file")
    assert (target / "train.py").read_text() == "1"
    assert not (target / "link").is_symlink(), "a link becomes a file that holds where it led"
    # Again, to the newest state.
    prepare.clone(str(origin), "", [], target, protocols="file")
    assert (target / "train.py").read_text() == "2"
    with pytest.raises(PrepareFailed, match="git fetch"):
        prepare.clone(str(origin), "no-such-branch", [], target, protocols="file")
    # As labs are cloned, a path is no address at all.
    with pytest.raises(PrepareFailed, match=r"git fetch: .*not allowed"):
        prepare.clone(f"file://{origin}", "", [""], target)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.9", "169.254.169.254", "::1"])
def test_a_name_of_the_own_network_is_refused_when_it_is_looked_up(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare.socket, "getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", (address, 443))])
    with pytest.raises(PrepareFailed, match="own network"):
        prepare._address_option("https://innocent.example.org/r", [])
    assert prepare._address_option("https://innocent.example.org/r", ["innocent.example.org"]) == []


def test_git_is_held_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare.socket, "getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", ("93.184.216.34", 443))])
    options = prepare._address_option("https://example.org/r", [])
    assert options == ["-c", "http.curloptResolve=example.org:443:93.184.216.34"]


def test_as_a_program_it_says_why_it_failed(tmp_path: Path) -> None:
    plan = {"target": str(tmp_path / "code"), "code": {"kind": "folder", "path": "/etc"}, "roots": [str(tmp_path)]}
    command = [sys.executable, "-I", prepare.__file__, json.dumps(plan)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1][:27]) == (1, "The folder /etc does not li")


def test_an_environment_is_named_after_what_is_installed(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy\n-r more.txt\n")
    (tmp_path / "more.txt").write_text("scipy\n")
    first = environment.name_of(tmp_path, "requirements.txt", sys.executable, "")
    assert environment.name_of(tmp_path, "requirements.txt", sys.executable, "") == first
    (tmp_path / "more.txt").write_text("scipy==1\n")
    assert environment.name_of(tmp_path, "requirements.txt", sys.executable, "") != first
    for hostile in ("-r ../../etc/passwd", "-e .", "./local", "file:///etc"):
        (tmp_path / "requirements.txt").write_text(hostile + "\n")
        with pytest.raises(environment.EnvironmentFailed):
            environment.name_of(tmp_path, "requirements.txt", sys.executable, "")
