"""A server that answers slowly, wrongly, half, or without end: nothing is lost, doubled, waited for or believed."""

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import hostile
from support.hostile import Hostile, answering
from support.recording_server import Recorded, failure, recording_server

import mlsteam
from mlsteam import reading, transport
from mlsteam.errors import APIConnectionError
from mlsteam.transport import HttpTransport

# Odd: what it refuses last is a mark, so the record itself is sent again.
_ALWAYS = 13

_WRONG = {
    "list": b"[1, 2]",
    "text": b'"fine"',
    "number": b"7",
    "null": b"null",
    "empty": b"",
    "cut": b'{"acked_through": 1',
    "page": b"<html>Sign in</html>",
    "true is no number": b'{"acked_through": true}',
    "text is no number": b'{"acked_through": "1"}',
    "nested": b'{"acked_through": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "bytes": b"\xff\xfe\x00",
}
_ODD = {
    "gap of a list": (409, b'{"error": "sequence_gap", "context": [1]}', b""),
    "gap of nothing": (409, b'{"error": "sequence_gap", "context": null}', b""),
    "gap of true": (409, b'{"error": "sequence_gap", "context": {"expected": true}}', b""),
    "gap ahead": (409, b'{"error": "sequence_gap", "context": {"expected": 99}}', b""),
    "error of a list": (422, b'{"error": ["x"]}', b""),
    "never": (503, b"", b"Retry-After: nan\r\n"),
    "yesterday": (503, b"", b"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"),
    "words": (429, b"", b"Retry-After: soon\r\n"),
    "teapot": (418, b"", b""),
    "redirect": (302, b"", b"Location: http://127.0.0.1:9/\r\n"),
    "created": (201, b'{"acked_through": 1}', b""),
}


@pytest.fixture
def server() -> Iterator[Recorded]:
    with recording_server() as recorded:
        yield recorded


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLSTEAM_BACKEND", "MLSTEAM_PROJECT", "MLSTEAM_TRACK_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLSTEAM_API_TOKEN", "a.b.c")


def log_through(server: Recorded, folder: Path, *behaviours: Hostile) -> float:
    """Log while the server does this to the first batches; returns how long the end took."""
    server.hostile = list(behaviours)
    track = mlsteam.init("demo", backend=server.address, spool_dir=folder, finish_timeout=40)
    for number in range(100):
        track["loss"].log(float(number))
    began = time.monotonic()
    track.stop()
    assert server.hostile == []
    assert server.values("loss") == [float(number) for number in range(100)]
    assert not [loss for batch in server.batches for loss in batch.get("losses", [])]
    assert [list(one.iterdir()) for one in folder.iterdir()] == [[]]
    return time.monotonic() - began


@pytest.mark.parametrize(
    "behaviour",
    [
        hostile.reset,
        hostile.reset_midway,
        hostile.half,
        hostile.half_chunk,
        hostile.nonsense,
        hostile.wrong_gzip,
        hostile.redirect,
    ],
)
def test_a_broken_answer_is_asked_for_again(behaviour: Hostile, server: Recorded, tmp_path: Path) -> None:
    assert log_through(server, tmp_path, behaviour, behaviour) < 30


def test_every_wrong_body_acknowledges_nothing(server: Recorded, tmp_path: Path) -> None:
    for name, body in _WRONG.items():
        log_through(server, tmp_path / name, answering(200, body))
        server.batches.clear()


def test_every_odd_answer_is_outlived(server: Recorded, tmp_path: Path) -> None:
    for name, (status, body, headers) in _ODD.items():
        log_through(server, tmp_path / name, answering(status, body, headers))
        server.batches.clear()


def test_a_server_that_refuses_everything_is_neither_pressed_nor_believed(server: Recorded, tmp_path: Path) -> None:
    server.misbehave = [(failure(422, "no_such_thing"), False)] * _ALWAYS
    with mlsteam.init("demo", backend=server.address, spool_dir=tmp_path, finish_timeout=40) as track:
        for number in range(8):
            track["loss"].log(float(number))
        began = time.monotonic()
        while server.misbehave and time.monotonic() < began + 30:
            time.sleep(0.05)
    # Eight records are four halvings; what it then refuses as a mark as well is not a fault of the record.
    assert server.values("loss") == [float(number) for number in range(8)]
    assert not [loss for batch in server.batches for loss in batch.get("losses", [])]
    assert len(server.bodies) < 2 * _ALWAYS + 8


def test_rejects_of_any_shape_do_not_stop_the_sending(server: Recorded, tmp_path: Path) -> None:
    for rejects in (b"[1, null, []]", b"{}", b'[{"key": [1], "reason": null}]', b'"all"'):
        answer = b'{"acked_through": 1, "rejects": ' + rejects + b"}"
        server.misbehave = [((200, {}, answer), True)]
        with mlsteam.init("demo", backend=server.address, spool_dir=tmp_path, finish_timeout=20) as track:
            track["loss"].log(1.0)
    assert server.values("loss") == [1.0] * 4


def test_a_slow_answer_is_waited_for_without_the_training(server: Recorded, tmp_path: Path) -> None:
    server.hostile = [lambda _: time.sleep(2)]
    track = mlsteam.init("demo", backend=server.address, spool_dir=tmp_path, finish_timeout=40)
    slowest = 0.0
    for number in range(50_000):
        began = time.perf_counter()
        track["loss"].log(float(number))
        slowest = max(slowest, time.perf_counter() - began)
    track.stop()
    assert slowest < 1
    assert server.values("loss") == [float(number) for number in range(50_000)]


@pytest.mark.parametrize("behaviour", [hostile.drip, hostile.flood])
def test_an_answer_without_an_end_is_given_up(
    behaviour: Hostile, server: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", 8 << 20)
    server.hostile = [behaviour]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    with pytest.raises(APIConnectionError, match="without an end"):
        HttpTransport(server.address, str).impatient(1.0).request("POST", "/x/batches", b"")
    assert time.monotonic() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@pytest.mark.parametrize("behaviour", [hostile.half, hostile.half_chunk, hostile.reset_midway])
def test_a_download_that_breaks_leaves_nothing(behaviour: Hostile, server: Recorded, tmp_path: Path) -> None:
    server.hostile = [behaviour]
    with pytest.raises(APIConnectionError):
        reading.download(HttpTransport(server.address, str), "t", "a/b", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_download_goes_to_the_disk_piece_by_piece(server: Recorded, tmp_path: Path) -> None:
    size = 96 * 1024 * 1024
    server.hostile = [answering(200, bytes(size))]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    path = reading.download(HttpTransport(server.address, str), "t", "a/b", tmp_path / "copy")
    assert path.stat().st_size == size
    # The server is in this process too, and holds it once.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 3 * size // 2 // 1024


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b"<html>Sign in</html>"),
        (201, {}, b"{}"),
        (302, {"Location": "/"}, b""),
        failure(429, "slow_down"),
        (404, {}, b"default backend - 404"),
        (403, {"Content-Type": "text/html"}, b"<html>Forbidden</html>"),
    ],
)
def test_a_page_of_a_proxy_at_the_start_is_no_track(
    answer: tuple[int, dict[str, str], bytes], server: Recorded, tmp_path: Path
) -> None:
    server.refusals = [answer]
    with mlsteam.init("demo", backend=server.address, spool_dir=tmp_path, finish_timeout=20) as track:
        track["loss"].log(1.0)
    assert server.values("loss") == [1.0]
    assert server.made == [track.id]
