"""Batches as bytes, ready to be written to a socket, made before any clock starts.

Used by the generator's process. Guarantees the client's own wire form (check_wire_form compares the two) and that no
value comes twice: repeated batches would compress to nothing and make every size and speed too good.
"""

import json
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from backports import zstd
from numpy.typing import NDArray

from harness.loads import Load
from mlsteam.cuts import CutLog
from mlsteam.records import Kind
from mlsteam.spool import Spool, SpoolKey
from mlsteam.wire import encode_batch

_ZSTD_LEVEL = 1
# As the client: below this, compression costs more than it saves.
_COMPRESS_FROM_BYTES = 1024
_STEP_S = 0.05
# Values, a row a key; the times and the steps that all keys share.
Columns = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def key_name(number: int) -> str:
    """Return the name of a key: a hundred to a folder, as the layers of a model are."""
    return f"layer{number // 100:03d}/k{number:05d}"


class Curves:
    """The curves one client logs: noisy decays of all its keys, as a training on float32 gives them."""

    def __init__(self, load: Load, number: int) -> None:
        self.keys = [key_name(key) for key in range(load.keys)]
        self._points = load.points
        self._step = 0
        self._random = np.random.default_rng([load.keys, load.points, number])
        self._dtype = np.dtype(load.precision)
        self._height = (1 + 0.01 * np.arange(load.keys)).astype(self._dtype)[:, None]
        self._began = time.time()

    def next(self) -> Columns:
        """Return the next points of every key."""
        steps = np.arange(self._step, self._step + self._points, dtype=np.float64)
        self._step += self._points
        decay = (1 / np.sqrt(1 + steps / 1000)).astype(self._dtype)
        noise = self._random.standard_normal((len(self.keys), self._points), dtype=self._dtype.type)
        values = (self._height * decay + self._dtype.type(0.05) * noise).astype(np.float64)
        jitter = self._random.uniform(0, _STEP_S / 5, self._points)
        # A clock gives microseconds; more digits would be bytes that no training has.
        times = np.round(self._began + steps * _STEP_S + jitter, 6)
        return values, times, steps


def encode_columns(
    writer: str,
    seq: int,
    keys: list[str],
    columns: Columns,
) -> bytes:
    """Write one batch as the client does: keys that are logged together share one axis, a key alone has a count."""
    values, times, steps = columns
    series = {
        "keys": keys,
        "counts": None if len(keys) > 1 else [values.size],
        "type": "f64",
        "values": values.tobytes(),
        "times": times.tobytes(),
        "steps": steps.tobytes(),
    }
    return msgspec.msgpack.encode(
        {"v": 1, "writer": writer, "seq": seq, "sent_at": float(times[-1]), "series": [series]}
    )


def check_wire_form() -> None:
    """Raise when the client would write the same points in another form than we do."""
    for n_keys in (1, 3):
        curves = Curves(Load("check", 1, n_keys, 4), 0)
        columns = values, times, steps = curves.next()
        with tempfile.TemporaryDirectory() as folder:
            spool = Spool(Path(folder), "t")
            spool_keys = [SpoolKey(key, Kind.SERIES_FLOAT) for key in curves.keys]
            for i in range(4):
                for k, key in enumerate(spool_keys):
                    spool.append(key, float(times[i]), float(steps[i]), float(values[k, i]))
            cut = CutLog(spool.folder).next_batch(spool.position)
            spool.close()
        assert cut is not None
        writer = "a" * 32
        theirs = encode_batch(writer, 1, cut[1], sent_at=float(times[-1]))
        if encode_columns(writer, 1, curves.keys, columns) != theirs:
            msg = "mlsteam.wire writes batches in another form than tests/bench/harness/bodies.py: bring them together"
            raise AssertionError(msg)


class Requests:
    """The numbered requests of one client."""

    def __init__(self, load: Load, number: int, *, target: str, token: str, port: int) -> None:
        self._load = load
        self._curves = Curves(load, number)
        self._target = target
        token_line = f"Authorization: Bearer {token}\r\n" if token else ""
        # With the port: the other tool answers no host it was not told of.
        self._head = f"HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{token_line}"
        self._writer = uuid.uuid4().hex
        self._seq = 0

    def next(self) -> bytes:
        """Return the next request, head and body."""
        self._seq += 1
        columns = self._curves.next()
        if self._load.form == "mlflow":
            return self._request(
                "/api/2.0/mlflow/runs/log-batch",
                self._mlflow(columns),
                "Content-Type: application/json\r\n",
            )
        path = f"/api/v3/ingest/tracks/{self._target}/batches"
        if self._load.form == "json":
            return self._request(path, self._json(columns), "Content-Type: application/json\r\n")
        body = encode_columns(self._writer, self._seq, self._curves.keys, columns)
        headers = "Content-Type: application/vnd.mlsteam.batch+msgpack\r\n"
        if len(body) >= _COMPRESS_FROM_BYTES:
            body, headers = zstd.compress(body, _ZSTD_LEVEL), headers + "Content-Encoding: zstd\r\n"
        return self._request(path, body, headers)

    def _request(self, path: str, body: bytes, headers: str) -> bytes:
        head = f"POST {path} {self._head}{headers}Content-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def _json(self, columns: Columns) -> bytes:
        values, times, steps = (column.ravel().tolist() for column in columns)
        series = {"keys": self._curves.keys, "type": "f64", "values": values, "times": times, "steps": steps}
        return msgspec.json.encode({"writer": self._writer, "seq": self._seq, "series": [series]})

    def _mlflow(self, columns: Columns) -> bytes:
        values, times, steps = columns
        metrics: list[dict[str, Any]] = [
            {"key": key, "value": value, "timestamp": int(at * 1000), "step": int(step)}
            for key, row in zip(self._curves.keys, values.tolist(), strict=True)
            for value, at, step in zip(row, times.tolist(), steps.tolist(), strict=True)
        ]
        return json.dumps({"run_id": self._target, "metrics": metrics}).encode()
