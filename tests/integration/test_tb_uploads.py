"""Event files of a track: shown, followed as they grow, and kept where they are."""

import asyncio
from pathlib import Path

import numpy as np
from support.board import Board
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from services.storage.database import Database


def event_file(folder: Path) -> bytes:
    """Return an event file as TensorBoard's own writer makes it: a histogram and a scalar."""
    writer = EventFileWriter(str(folder))
    writer.add_event(Event(step=1, wall_time=1.0, summary=histogram_pb("weights", np.arange(100.0))))
    scalar = Summary(value=[Summary.Value(tag="own/scalar", simple_value=2.5)])
    writer.add_event(Event(step=1, wall_time=1.0, summary=scalar))
    writer.close()
    return next(folder.glob("*tfevents*")).read_bytes()


async def test_uploaded_event_files_are_merged_in_and_followed(
    board: Board, database: Database, tmp_path: Path
) -> None:
    content = await asyncio.to_thread(event_file, tmp_path)
    await board.upload(database, "tb/events.out.tfevents.1", content)
    await board.upload(database, "tb/projector_config.pbtxt", b'embeddings { tensor_path: "../../../../etc/passwd" }')
    run = f"{board.run}/tb"
    for _ in range(100):
        listing = await board.get("data/plugins_listing")
        if listing["histograms"]["enabled"]:
            break
        await asyncio.sleep(0.1)
    assert run in await board.get("data/runs")
    assert (await board.get("data/plugin/histograms/tags"))[run]
    tag = next(iter((await board.get("data/plugin/histograms/tags"))[run]))
    assert await board.get("data/plugin/histograms/histograms", tag=tag, run=run)
    assert await board.get("data/plugin/scalars/scalars", tag="own/scalar", run=run) == [[1.0, 1, 2.5]]
    assert len(await board.scalars()) == 3
    leak = await board.client.get(board.url("data/plugin/projector/tensors"), params={"run": run, "name": ""})
    assert leak.status_code >= 400
    assert b"root:" not in leak.content
    # The file grew: it is appended to, and the same process shows it.
    pid = (await board.child()).pid
    grown = content + content[len(content) // 2 :][:0]
    more = tmp_path / "more"
    more.mkdir()
    grown += (await asyncio.to_thread(event_file, more))[: len(content)]
    await board.upload(database, "tb/events.out.tfevents.1", grown)
    await asyncio.sleep(0.6)
    assert (await board.child()).pid == pid
    # It became another: the process is replaced.
    await board.upload(database, "tb/events.out.tfevents.1", content[:-20])
    for _ in range(100):
        if (await board.child()).pid != pid:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the old content is still shown")
