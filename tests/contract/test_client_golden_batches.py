"""What the client keeps in its spool becomes exactly these bytes.

The server decodes the same files in test_server_golden_batches.py."""

from pathlib import Path

import pytest

from mlsteam.cuts import CutLog
from mlsteam.records import Kind, Record
from mlsteam.spool import Spool, SpoolKey
from mlsteam.wire import encode_batch

GOLDEN = Path(__file__).parent / "golden"
NAN = float("nan")
WRITER = "0123456789abcdef0123456789abcdef"

BATCHES = {
    "batch_v1_points": [
        Record(Kind.SERIES_FLOAT, "loss/train", 1000.5, 0.0, 0.1),
        Record(Kind.SERIES_FLOAT, "loss/train", 1001.5, 1.5, float("inf")),
        Record(Kind.SERIES_FLOAT, "loss/val", 1002.5, NAN, -0.0),
        Record(Kind.SERIES_INT, "count", 1003.5, NAN, 2**63 - 1),
        Record(Kind.SERIES_INT, "count", 1004.5, NAN, -(2**63)),
        Record(Kind.SERIES_BOOL, "is_best", 1005.5, 3.0, 1),
        Record(Kind.SERIES_STR, "note", 1006.5, NAN, 0, "損失, 下降\nagain"),
    ],
    "batch_v1_shared_axis": [
        Record(Kind.SERIES_FLOAT, key, 1000.0 + step, float(step), step / 4) for step in range(3) for key in ("a", "b")
    ],
    "batch_v1_configs_console_losses": [
        Record(Kind.CONFIG_STR, "model/name", 1000.0, NAN, 0, "small_bert"),
        Record(Kind.CONFIG_INT, "model/layer", 1000.0, NAN, 4),
        Record(Kind.CONFIG_FLOAT, "lr", 1000.0, NAN, 1e-3),
        Record(Kind.CONFIG_BOOL, "is_frozen", 1000.0, NAN, 0),
        Record(Kind.CONSOLE, "stdout", 1001.0, 0.0, 0, "epoch 1"),
        Record(Kind.CONSOLE, "stdout", 1002.0, 0.0, 0, "epoch 2"),
        Record(Kind.CONSOLE, "stderr", 1003.0, 0.0, 0, "warning"),
        Record(Kind.LOSS, "loss/train", 1000.0, 1004.0, 17, "The spool of the client was full."),
    ],
}


_POINTS = {Kind.SERIES_FLOAT, Kind.SERIES_INT, Kind.SERIES_BOOL}


@pytest.mark.parametrize("name", sorted(BATCHES))
def test_the_client_encodes_exactly_these_bytes(name: str, tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t")
    keys: dict[tuple[Kind, str], SpoolKey] = {}
    for record in BATCHES[name]:
        if record.kind in _POINTS:
            key = keys.setdefault((record.kind, record.key), SpoolKey(record.key, record.kind))
            spool.append(key, record.time, record.step, record.number)
        else:
            spool.append_entry(record)
    batch = CutLog(spool.folder).next_batch(spool.position)
    spool.close()
    assert batch is not None
    encoded = encode_batch(WRITER, 7, batch[1], sent_at=1234.5)
    assert encoded == (GOLDEN / f"{name}.msgpack").read_bytes()
