"""What the client offers beside logging, against the real services: modes, reading, files, tags, deleting."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.client_site import environment_of_site
from support.postgres import TestServer

import mlsteam
from mlsteam import parameters
from mlsteam.cli.main import main


@pytest.fixture(scope="module")
def site(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The address and a token of running services."""
    with environment_of_site(postgres, tmp_path_factory.mktemp("site")) as variables:
        yield variables


@pytest.fixture(autouse=True)
def _forget_parameters() -> Iterator[None]:
    yield
    # Read by one test, they would be recorded in the tracks of the next.
    parameters._read.clear()


@pytest.fixture(autouse=True)
def _environment(site: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in site.items():
        monkeypatch.setenv(name, value)
    for name in ("MLSTEAM_TRACK_ID", "MLSTEAM_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLSTEAM_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


def test_what_was_logged_is_read_back() -> None:
    with mlsteam.init() as track:
        track["model"] = {"name": "small", "layers": {"n": 4}, "rate": 2.0}
        train = track["train"]
        for step in range(5):
            train["loss"].log(step / 2, step=step, timestamp=1000.0 + step)
        train["word"].log("a,\n1", timestamp=1.0)
        train["odd"].log(float("nan"), timestamp=1.0)
        assert track.wait(60)
        assert track["model/layers/n"].fetch() == 4
        assert isinstance(track["model/rate"].fetch(), float)
        assert track["train/loss"].fetch_values("list") == [(s, 1000.0 + s, s / 2) for s in range(5)]
        assert track["train/loss"].fetch_values("arrow").to_pydict()["value"] == [0, 0.5, 1, 1.5, 2]
        assert track["train/word"].fetch_values("list") == [(None, 1.0, "a,\n1")]
        assert np.isnan(track["train/odd"].fetch_last())
        assert track["train/loss"].fetch_last() == 2.0
        assert [entry.name for entry in track.tree()] == ["model", "train"]
        assert track.exists("train")
        assert track.exists("model/name")
        assert not track.exists("nothing")
        with pytest.raises(mlsteam.KeyNotFoundError, match="folder of 3"):
            track["train"].fetch()
        del track["train/loss"]
        assert not track.exists("train/loss")
        with pytest.raises(mlsteam.KeyNotFoundError):
            del track["train/loss"]


def test_files_come_back_as_they_were(tmp_path: Path) -> None:
    for name in ("a.txt", "b/c.txt"):
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text(name)
    pixels = np.linspace(0, 1, 12).reshape(3, 4)
    with mlsteam.init() as track:
        track["open"].upload(io.BytesIO(b"\0\1"))
        assert track["found"].upload_files(tmp_path / "out") == 2
        assert track["globbed"].upload_files(str(tmp_path / "out" / "**" / "c.*")) == 1
        track["samples/img"].log(pixels, step=12)
        track["weights"].log(mlsteam.Histogram.of([1.0, 2.0, 2.0], bins=2), step=0)
        assert track.wait(60)
        assert track["open"].download(tmp_path / "x").read_bytes() == b"\0\1"
        assert track["found/b/c.txt"].download(tmp_path).read_text() == "b/c.txt"
        assert track.exists("globbed/b/c.txt")
        image = Image.open(track["samples/img/00000012.png"].download(tmp_path))
        assert np.array_equal(np.asarray(image), (pixels * 255 + 0.5).astype("uint8"))
        histogram = json.loads(track["weights/00000000.histogram.json"].download(tmp_path).read_bytes())
        assert histogram == {"edges": [1.0, 1.5, 2.0], "counts": [1.0, 2.0]}


def test_name_tags_and_notes_change_and_the_table_finds_them() -> None:
    with mlsteam.init(name="first", tags=["a"], notes="n") as track:
        assert (track.name, set(track.tags), track.notes) == ("first", {"a"}, "n")
        track.tags.add("b", "a")
        track.tags.remove("a", "none")
        track.name, track.notes = "second", "# more"
        found = mlsteam.tracks("demo", "second", tag="b", form="list")
        assert [(one["track_id"], one["name"], one["notes"]) for one in found] == [(track.id, "second", "# more")]
        assert mlsteam.tracks("demo", "second", status="failed", form="list") == []


def test_an_offline_track_is_made_and_sent_by_sync(monkeypatch: pytest.MonkeyPatch, site: dict[str, str]) -> None:
    monkeypatch.delenv("MLSTEAM_API_TOKEN")
    monkeypatch.delenv("MLSTEAM_BACKEND")
    with mlsteam.init(name="on a train", mode="offline", tags=["x"]) as track:
        track["loss"].log(1.0, step=1, timestamp=5.0)
        track["report"].upload(b"# r")
        track.tags.add("y")
        assert not track.wait(1)
    for name, value in site.items():
        monkeypatch.setenv(name, value)
    assert main(["sync"]) == 0
    assert main(["sync"]) == 0
    with mlsteam.init(track_id=track.id, mode="read-only") as found:
        assert (found.name, set(found.tags)) == ("on a train", {"x", "y"})
        assert found.facts()["status"] == "finished"
        assert found["loss"].fetch_values("list") == [(1.0, 5.0, 1.0)]
        assert found.exists("report")


def test_values_of_several_types_are_read_back_as_what_they_were() -> None:
    with mlsteam.init() as track:
        track["mixed"].extend([1, 2.5, "3", True, "true"], timestamps=range(5))
        assert track.wait(60)
        # Each of the type that was logged: a text that spells a number is none.
        mixed = [value for *_, value in track["mixed"].fetch_values("list")]
        assert list(map(repr, mixed)) == ["1", "2.5", "'3'", "True", "'true'"]


def test_an_offline_track_goes_online_by_sync() -> None:
    with mlsteam.init(mode="offline") as track:
        track["loss"].log(1.0)
        assert track.sync(60)
        assert track["loss"].fetch_last() == 1.0


def test_a_track_that_is_read_only_refuses_to_be_written() -> None:
    with mlsteam.init() as track:
        track["loss"].log(1.0)
    found = mlsteam.init(track_id=track.id, mode="read-only")
    for write in (
        lambda: found["loss"].log(2.0),
        lambda: found.log({"loss": 2.0}),
        lambda: found["a"]["b"].assign(1),
        lambda: found["a"].upload(b""),
        lambda: found.tags.add("x"),
        lambda: setattr(found, "name", "x"),
        lambda: found.__delitem__("loss"),
    ):
        with pytest.raises(mlsteam.ReadOnlyError, match="read-only"):
            write()
    found.stop()
    assert found.facts()["status"] == "finished"


def test_on_a_disabled_track_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSTEAM_MODE", "disabled")
    with mlsteam.init() as track:
        track["loss"].log(1.0)
        track["a"] = {"b": 1}
        track["a"]["c"].upload("/nothing")
        track.log({"x": 1})
        track.tags.add("x")
        track.name = "x"
        del track["a"]
        assert track.flush()
        assert track["loss"].fetch() is None
    assert not (tmp_path / "spool").exists()


def test_hyperparameters_are_recorded_whenever_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "mlsteam.yml").write_text("params: {batch: [64, 128], rate: 1e-3, name: '1e-3', on: 'no'}")
    assert mlsteam.stparams.get_value("batch", 8) == 64
    with mlsteam.init() as track:
        assert mlsteam.stparams.get_value("rate", 1.0) == 1e-3
        assert mlsteam.stparams.all() == {"batch": 64, "rate": 1e-3, "name": "1e-3", "on": "no"}
        assert mlsteam.stparams.get_value("missing", 3) == 3
        assert track.wait(60)
        assert track["parameters/batch"].fetch() == 64
        assert track["parameters/rate"].fetch() == 1e-3
        assert track["parameters/missing"].fetch() == 3
