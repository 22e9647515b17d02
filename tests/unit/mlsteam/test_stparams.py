"""Hyperparameters from mlsteam.yml."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlsteam import parameters, stparams


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _forget_parameters() -> Iterator[None]:
    yield
    # Read by one test, they would be recorded in the tracks of the next.
    parameters._read.clear()


def test_a_missing_file_gives_the_default() -> None:
    assert stparams.get_value("batch", 128) == 128


def test_values_and_the_first_of_a_list(tmp_path: Path) -> None:
    (tmp_path / "mlsteam.yml").write_text("params:\n  batch: 32\n  lr: [0.1, 0.2]\n")
    assert (stparams.get_value("batch", 1), stparams.get_value("lr"), stparams.get_value("x", "d")) == (32, 0.1, "d")


def test_the_home_folder_comes_second(tmp_path: Path) -> None:
    (tmp_path / "home" / "mlsteam.yml").write_text("params: {batch: 8}")
    assert stparams.get_value("batch") == 8


def test_a_broken_file_gives_the_default(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mlsteam.yml").write_text("params: [")
    assert stparams.get_value("batch", 1) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_the_first_file_of_the_three_places_counts_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "lab").mkdir()
    (home / "lab" / "mlsteam.yml").write_text("params: {batch: 3, only: 3}")
    assert stparams.get_value("batch") == 3
    (home / "mlsteam.yml").write_text("params: {batch: 2}")
    assert stparams.get_value("batch") == 2
    (tmp_path / "mlsteam.yml").mkdir()
    assert stparams.get_value("batch") == 2
    (tmp_path / "mlsteam.yml").rmdir()
    (tmp_path / "mlsteam.yml").write_text("params: {batch: 1}")
    assert stparams.get_value("batch") == 1
    assert stparams.get_value("only", "default") == "default"
    assert stparams.all() == {"batch": 1}


@pytest.mark.parametrize(
    ("written", "default", "read"),
    [
        ("64", 8, 64),
        ("64.0", 8, 64),
        ("0.5", 8, 0.5),
        ("'64'", 8, 64),
        ("64", 0.1, 64.0),
        ("1e-3", None, 1e-3),
        ("1e-3", 0.1, 1e-3),
        ("'1e-3'", "x", "1e-3"),
        ("1e-3", "x", "0.001"),
        ("'no'", True, False),
        ("yes", False, True),
        ("maybe", True, "maybe"),
        ("adam", 8, "adam"),
        ("[32, 64]", 8, 32),
        ("['adam', 'sgd']", "x", "adam"),
        ("[[1, 2], [3, 4]]", None, [1, 2]),
        ("[]", 8, 8),
        ("", 8, 8),
        ("[null, 3]", 8, 8),
        ("{a: 1}", None, {"a": 1}),
    ],
)
def test_a_value_has_the_type_of_its_default_where_it_says_the_same(
    written: str, default: object, read: object, tmp_path: Path
) -> None:
    (tmp_path / "mlsteam.yml").write_text(f"params:\n  name: {written}\n")
    assert repr(stparams.get_value("name", default)) == repr(read)


def test_names_are_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "mlsteam.yml").write_text("base: &b {lr: 1}\nparams: {<<: *b, on: 2, 1: 3, 'yes': 4}")
    assert stparams.all() == {"lr": 1, "on": 2, "1": 3, "yes": 4}
    assert stparams.get_value("on") == 2


@pytest.mark.parametrize("content", [b"params: \xff", b"params: {day: 2026-13-45}", b"[" * 5000, b"params: {a: *x}"])
def test_what_cannot_be_read_gives_the_default_and_says_so(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home" / "mlsteam.yml").write_text("params: {batch: 2}")
    (tmp_path / "mlsteam.yml").write_bytes(content)
    assert stparams.get_value("batch", 7) == 7
    assert "mlsteam.yml cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "params:", "params: 3", "- 1", "other: {batch: 1}", "3"])
def test_a_file_without_parameters_has_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "mlsteam.yml").write_text(content)
    assert stparams.get_value("batch", 7) == 7
    assert stparams.all() == {}


def test_without_a_home_and_a_working_folder_there_are_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setattr(Path, "home", homeless)
    assert stparams.get_value("batch", 7) == 7
    monkeypatch.chdir(tmp_path)
