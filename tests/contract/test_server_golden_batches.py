"""The server decodes exactly these bytes. A golden file is never changed or deleted: old clients keep sending it.

A `.json` beside a `.msgpack` is the same batch written for people.
"""

from pathlib import Path

import numpy as np
from support.batches import points_of

from services.ingest.json_batch import convert_json
from services.storage.batch_body import BatchBody, decode_body

GOLDEN = Path(__file__).parent / "golden"


def _plain(body: BatchBody) -> object:
    series = [
        (
            index,
            key,
            points.type,
            repr(np.asarray(points.values).tolist()),
            points.times.tolist(),
            points.steps.tobytes(),
        )
        for index, key, points in points_of(body)
    ]
    console = [(block.stream, block.times.tolist(), block.lines) for block in body.console]
    return body.writer, body.seq, body.sent_at, series, body.configs, console, body.losses


def test_every_golden_batch_is_understood() -> None:
    files = sorted(GOLDEN.rglob("*.msgpack"))
    assert files
    for file in files:
        body = decode_body(file.read_bytes())
        assert body.seq >= 1, file.name
        twin = file.with_suffix(".json")
        if twin.exists():
            assert _plain(body) == _plain(decode_body(convert_json(twin.read_bytes(), 0.0))), file.name


def test_every_kind_means_what_it_meant() -> None:
    body = decode_body((GOLDEN / "every_kind_v1.msgpack").read_bytes())
    found = {key: points for _, key, points in points_of(body)}
    assert repr(np.asarray(found["train/loss"].values).tolist()) == "[0.5, nan]"
    assert repr(np.asarray(found["train/acc"].values).tolist()) == "[inf, -0.0]"
    assert found["train/acc"].times.tolist() == [1.0, 2.0]
    assert repr(found["train/acc"].steps.tolist()) == "[0.0, nan]"
    assert np.asarray(found["m"].values).tolist() == [-(2**63), 0]
    assert found["text"].values == ["hé"]
    assert [config.value for config in body.configs] == [0.1, True, "bert"]
