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
