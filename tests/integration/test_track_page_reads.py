"""What the page of a track asks beyond the public reads: levels of a large tree, leaves by words, hits in a console."""

import uuid

import httpx2
from support.apps import Apps
from support.batches import config, console, floats, new_writer, wire

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


async def test_a_level_comes_in_pieces_as_people_read_it(apps: Apps) -> None:
    track_id = await _track(apps)
    series = [floats(f"layer{n}", [float(n)]) for n in range(12)] + [floats("Zoo/a", [1.0]), floats("alpha/b", [2.0])]
    await _send(apps, track_id, new_writer(), 1, series=series)
    level = f"/api/v3/tracks/{track_id}/level"
    whole = (await _get(apps, level)).json()
    names = ["alpha", "Zoo", *(f"layer{n}" for n in range(12))]
    assert [entry["name"] for entry in whole["entries"]] == names
    assert whole["n_entries"] == 14
    part = (await _get(apps, level, offset=3, limit=2)).json()
    assert [(entry["name"], entry["leaf"]["value"]) for entry in part["entries"]] == [("layer1", 1.0), ("layer2", 2.0)]
    assert part["n_entries"] == 14
    assert (await _get(apps, level, path="alpha")).json()["entries"][0]["key"] == "alpha/b"
    assert (await _get(apps, level, path="nothing")).json()["n_entries"] == 0
    etag = (await _get(apps, level)).headers["etag"]
    assert (await apps.reader.get(level, headers={"if-none-match": etag})).status_code == 304

    entry = f"/api/v3/tracks/{track_id}/entry"
    assert (await _get(apps, entry, key="layer3")).json()["leaf"]["value"] == 3.0
    assert (await _get(apps, entry, key="Zoo")).json()["n_leaves"] == 1
    assert (await _get(apps, entry, key="nothing")).status_code == 404

    place = f"{level}/position"
    assert (await _get(apps, place, name="layer10")).json() == {"position": 12, "n_entries": 14}
    assert (await _get(apps, place, name="layer99")).json()["position"] is None
    assert (await _get(apps, place, starts="LAYER1", after=3)).json()["position"] == 12
    assert (await _get(apps, place, starts="layer1", after=13)).json()["position"] == 3
    assert (await _get(apps, place, path="../x", name="a")).status_code == 422


async def test_leaves_are_found_by_words_and_counted_by_kind(apps: Apps) -> None:
    track_id = await _track(apps)
    await _send(
        apps, track_id, new_writer(), 1,
        series=[floats("train/Loss", [3.0]), floats("train/loss/part", [1.0]), floats("val/acc", [1.0])],
        configs=[config("model/loss", "mse")],
        console=[console("stdout", ["one"])],
    )  # fmt: skip
    address = f"/api/v3/tracks/{track_id}/leaves"
    found = (await _get(apps, address)).json()
    assert found["counts"] == {"config": 1, "series": 3, "console": 1, "file": 0}
    found = (await _get(apps, address, q="LOSS train")).json()
    assert [entry["key"] for entry in found["entries"]] == ["train/Loss", "train/loss/part"]
    assert found["counts"]["config"] == 0
    found = (await _get(apps, address, q="loss", kind="config")).json()
    assert [entry["leaf"]["value"] for entry in found["entries"]] == ["mse"]
    found = (await _get(apps, address, path="train", kind="series", offset=1, limit=1)).json()
    assert ([entry["key"] for entry in found["entries"]], found["counts"]["series"]) == (["train/loss/part"], 2)
    found = (await apps.reader.get(address, params={"without": ["train", "model"]})).json()
    assert [entry["key"] for entry in found["entries"]] == ["console/stdout", "val/acc"]
    assert (await _get(apps, address, kind="folder")).status_code == 422


async def test_a_console_is_searched_without_regard_to_case(apps: Apps) -> None:
    track_id, writer = await _track(apps), new_writer()
    for seq in range(1, 41):
        lines = [f"step {seq}-{n}" for n in range(10)]
        if seq % 10 == 0:
            lines[5] = "An ERROR in \u00dcbung"
        await _send(apps, track_id, writer, seq, console=[console("stdout", lines)])
    address = f"/api/v3/tracks/{track_id}/console/stdout/search"
    expected = [95, 195, 295, 395]

    async def search(words: str, limit: int = 1000) -> list[int]:
        numbers, at = [], 0
        while True:
            answer = (await _get(apps, address, q=words, limit=limit, **{"from": at})).json()
            numbers += answer["numbers"]
            assert answer["n_lines"] == 400
            if (at := answer["next_line"]) == 400:
                return numbers

    assert await search("error") == expected
    assert await search("\u00fcBUNG") == expected
    assert await search("error", limit=1) == expected
    assert await search("step 7-3") == [63]
    assert await search("nowhere") == []
    assert (await _get(apps, address, q="")).status_code == 422
    assert (await _get(apps, f"/api/v3/tracks/{track_id}/console/other/search", q="x")).status_code == 404


async def test_a_page_that_was_logged_runs_alone(apps: Apps) -> None:
    track_id = await _track(apps)
    page = b"<script>document.title = 'x'</script>"
    html, other = f"/api/v3/tracks/{track_id}/files/report.html", f"/api/v3/tracks/{track_id}/files/data.bin"
    await apps.writer.put(html, content=page, headers={"content-type": "text/html"})
    await apps.writer.put(other, content=page, headers={"content-type": "application/octet-stream"})
    plain, rendered = await _get(apps, html), await _get(apps, html, rendered=1)
    assert plain.headers["content-disposition"].startswith("attachment")
    assert "allow-scripts" not in plain.headers["content-security-policy"]
    policy = rendered.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in policy
    assert rendered.headers["content-disposition"].startswith("inline")
    # Nothing but HTML becomes a page, and what is to be saved does not run.
    assert "allow-scripts" not in (await _get(apps, other, rendered=1)).headers["content-security-policy"]
    saved = await _get(apps, html, rendered=1, download=1)
    assert saved.headers["content-disposition"].startswith("attachment")


async def test_writers_and_losses_are_told(apps: Apps) -> None:
    track_id, first, second = await _track(apps), new_writer(), new_writer()
    loss = {"key": "loss", "count": 3, "first_at": 1.0, "last_at": 2.0, "reason": "spool_full"}
    await _send(apps, track_id, first, 1, series=[floats("loss", [1.0])])
    await _send(apps, track_id, first, 2, series=[floats("loss", [1.0])])
    await _send(apps, track_id, second, 1, losses=[loss])
    answer = (await _get(apps, f"/api/v3/tracks/{track_id}/writers")).json()
    assert {one["writer"]: one["n_batches"] for one in answer["writers"]} == {str(first): 2, str(second): 1}
    assert [one["count"] for one in answer["losses"]] == [3]


async def test_a_console_is_saved_as_text(apps: Apps) -> None:
    track_id = await _track(apps)
    lines = [f"line {n}\ttab" for n in range(7)]
    await _send(apps, track_id, new_writer(), 1, console=[console("stdout", lines)])
    answer = await _get(apps, f"/api/v3/tracks/{track_id}/console/stdout/text")
    assert answer.text == "".join(f"{line}\n" for line in lines)
    assert answer.headers["content-disposition"] == 'attachment; filename="stdout.txt"'
