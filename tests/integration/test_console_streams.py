"""Several console streams read as one: order, cursors, search, and the text to save."""

import uuid
from typing import Any

import httpx2
from support.apps import Apps
from support.batches import console, new_writer, wire

_MSGPACK = {"content-type": "application/vnd.mlsteam.batch+msgpack"}


async def _track(apps: Apps) -> str:
    await apps.reader.post("/api/v3/projects", json={"name": "demo"})
    return str((await apps.reader.post("/api/v3/projects/demo/tracks", json={})).json()["track_id"])


async def _send(apps: Apps, track_id: str, writer: uuid.UUID, seq: int, **entries: object) -> None:
    address = f"/api/v3/ingest/tracks/{track_id}/batches"
    answer = await apps.writer.post(address, content=wire(writer, seq, **entries), headers=_MSGPACK)
    assert answer.status_code == 200, answer.text


async def _get(apps: Apps, address: str, **query: object) -> httpx2.Response:
    return await apps.reader.get(address, params={name: str(value) for name, value in query.items()})


async def _read(apps: Apps, address: str, **query: object) -> Any:
    answer = await _get(apps, address, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_streams_are_read_as_one_in_the_order_of_their_times(apps: Apps) -> None:
    track_id, writer = await _track(apps), new_writer()
    first = [("stdout", ["a", "b"], 10.0), ("stderr", ["oops"], 11.0), ("stdout", ["c"], 12.0)]
    await _send(apps, track_id, writer, 1, console=[console(*one) for one in first])
    address = f"/api/v3/tracks/{track_id}/console/stdout%2Bstderr"

    def texts(answer: Any) -> list[tuple[int, str, str]]:
        return [(line["number"], line["stream"], line["text"]) for line in answer["lines"]]

    whole = await _read(apps, address)
    expected = [(0, "stdout", "a"), (1, "stdout", "b"), (2, "stderr", "oops"), (3, "stdout", "c")]
    assert (texts(whole), whole["n_lines"], whole["from"], whole["next"]) == (expected, 4, 0, "3.1")
    part = await _read(apps, address, **{"from": 1, "limit": 2})
    assert (texts(part), part["begin"], part["next"]) == (expected[1:3], "1.0", "2.1")
    # A line that was on its way for long takes its place in time; who was in the middle goes on where it was.
    await _send(apps, track_id, writer, 2, console=[console("stderr", ["late"], 11.5), console("stdout", ["D"], 13.0)])
    moved = [(3, "stderr", "late"), (4, "stdout", "c"), (5, "stdout", "D")]
    assert texts(await _read(apps, address)) == expected[:3] + moved
    assert texts(await _read(apps, address, after=part["next"])) == moved
    rest = await _read(apps, address, after=whole["next"])
    assert [text for _, _, text in texts(rest)] == ["late", "D"]
    assert texts(await _read(apps, address, after=rest["next"])) == []
    hits = await _read(apps, f"{address}/search", q="A")
    assert (hits["numbers"], hits["next_line"], hits["n_lines"]) == ([0, 3], 6, 6)
    assert (await _read(apps, f"{address}/search", q="d", **{"from": 1}))["numbers"] == [5]
    saved = await _get(apps, f"{address}/text")
    assert saved.text == "a\nb\noops\nlate\nc\nD\n"
    assert (await _get(apps, address, after="1")).status_code == 422
    assert (await _get(apps, address, after="x")).status_code == 422
    # A stream that never spoke is as good as empty; none at all is none.
    assert len((await _read(apps, f"/api/v3/tracks/{track_id}/console/other%2Bstderr"))["lines"]) == 2
    assert (await _get(apps, f"/api/v3/tracks/{track_id}/console/other%2Bmore")).status_code == 404


async def test_two_long_streams_are_searched_together_piece_by_piece(apps: Apps) -> None:
    track_id, writer = await _track(apps), new_writer()
    expected = []
    for seq in range(40):
        lines = [f"step {seq} {n}" for n in range(50)]
        said = [console("stdout", lines, float(seq))]
        if seq % 3 == 0:
            said.append(console("stderr", ["a needle"], seq + 0.5))
        await _send(apps, track_id, writer, seq + 1, console=said)
        if seq % 3 == 0:
            expected.append(50 * (seq + 1) + len(expected))
    address = f"/api/v3/tracks/{track_id}/console/stdout%2Bstderr/search"
    found: list[int] = []
    at, n_lines = 0, 1
    while at < n_lines:
        part = await _read(apps, address, q="NEEDLE", limit=4, **{"from": at})
        assert part["next_line"] > at
        found += part["numbers"]
        at, n_lines = part["next_line"], part["n_lines"]
    assert found == expected
