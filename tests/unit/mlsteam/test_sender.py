"""One delivery, step by step, against a transport that misbehaves."""

from pathlib import Path

import pytest
from support.transports import FlakyTransport, error

from mlsteam.delivery import Delivery, Outcome, Pace
from mlsteam.records import Kind
from mlsteam.sender import Sender
from mlsteam.spool import Spool, SpoolKey
from mlsteam.transport import Reply

FAST = Pace(interval_s=0.01, backoff_s=0.001, max_backoff_s=0.01, token_s=0.01)


def delivery(folder: Path, transport: FlakyTransport, count: int = 4) -> Delivery:
    spool = Spool(folder, "t")
    for number in range(count):
        spool.append(SpoolKey("loss", Kind.SERIES_FLOAT), 1.0, float("nan"), float(number))
    spool.close()
    return Delivery(transport, "t", spool.writer, spool.folder, FAST)


def points(batch: dict[str, list[dict[str, bytes]]]) -> int:
    return sum(len(group["times"]) // 8 for group in batch.get("series", []))


@pytest.mark.parametrize(
    "trouble", [None, error(503, "unavailable"), error(429, "write_queue_full"), Reply(200, b"<html>"), error(401, "x")]
)
def test_trouble_repeats_the_very_same_batch(tmp_path: Path, trouble: Reply | None) -> None:
    transport = FlakyTransport(trouble)
    one = delivery(tmp_path, transport)
    assert one.step() is Outcome.WAIT
    assert one.step() is Outcome.PROGRESS
    assert one.step() is Outcome.IDLE
    first, again = transport.batches
    assert (first["seq"], first["series"]) == (again["seq"], again["series"])


def test_retry_after_is_kept(tmp_path: Path) -> None:
    one = delivery(tmp_path, FlakyTransport(Reply(503, b"", {"retry-after": "7"})))
    assert one.step() is Outcome.WAIT
    assert 7 <= one.wait_s < 8


def test_a_batch_too_large_is_halved_and_nothing_is_lost(tmp_path: Path) -> None:
    transport = FlakyTransport(error(413, "batch_too_large"))
    one = delivery(tmp_path, transport)
    while one.step() is Outcome.PROGRESS:
        continue
    assert [(batch["seq"], points(batch)) for batch in transport.batches] == [(1, 4), (1, 2), (2, 2)]


def test_a_single_record_that_is_refused_becomes_a_loss(tmp_path: Path) -> None:
    transport = FlakyTransport(error(413, "batch_too_large"))
    one = delivery(tmp_path, transport, count=1)
    while one.step() is Outcome.PROGRESS:
        continue
    assert [(loss["key"], loss["count"]) for loss in transport.batches[1]["losses"]] == [("loss", 1)]


def test_a_server_that_was_restored_gets_what_is_still_there(tmp_path: Path) -> None:
    transport = FlakyTransport()
    spool = Spool(tmp_path, "t")
    one = None
    for number in range(3):
        spool.append(SpoolKey("loss", Kind.SERIES_FLOAT), 1.0, float("nan"), float(number))
        one = one or Delivery(transport, "t", spool.writer, spool.folder, FAST)
        transport.script = [error(409, "sequence_gap", expected=1)] if number == 2 else []
        assert one.step() is Outcome.PROGRESS
    assert one is not None
    while one.step() is Outcome.PROGRESS:
        continue
    assert [batch["seq"] for batch in transport.batches] == [1, 2, 3, 1, 2, 3]
    spool.close()


def test_a_track_that_is_gone_keeps_the_spool_and_says_so_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    transport = FlakyTransport(error(410, "track_deleted"))
    one = delivery(tmp_path, transport)
    assert [one.step(), one.step()] == [Outcome.GONE, Outcome.GONE]
    assert len(transport.batches) == 1
    assert list(one.folder.glob("*.seg"))


def test_a_404_of_something_else_is_no_verdict(tmp_path: Path) -> None:
    one = delivery(tmp_path, FlakyTransport(Reply(404, b"default backend")))
    assert [one.step(), one.step()] == [Outcome.WAIT, Outcome.PROGRESS]


def test_the_thread_sends_flushes_and_ends(tmp_path: Path) -> None:
    transport = FlakyTransport(None, error(503, "unavailable"))
    spool = Spool(tmp_path, "t")
    spool.append(SpoolKey("loss", Kind.SERIES_FLOAT), 1.0, float("nan"), 0.5)
    sender = Sender(spool, "t", transport, pace=FAST)
    sender.start()
    assert sender.flush(60)
    sender.begin_stop("finished")
    assert sender.await_stop(60)
    assert transport.statuses == ["running", "finished"]
    assert not spool.folder.exists()


def test_a_flush_does_not_wait_for_a_track_that_is_gone(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t")
    spool.append(SpoolKey("loss", Kind.SERIES_FLOAT), 1.0, float("nan"), 0.5)
    sender = Sender(spool, "t", FlakyTransport(error(404, "track_not_found")), pace=FAST)
    sender.start()
    assert not sender.flush(None)
    sender.begin_stop("finished")
    assert not sender.await_stop(60)
    spool.close()
