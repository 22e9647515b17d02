"""Event files of a track: shown, followed as they grow, and kept where they are."""

import asyncio
from pathlib import Path

import numpy as np
from support.board import Board
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from services.storage.database import Database


def event_file(folder: Path) -> bytes:
    """Return an event file as TensorBoard's own writer makes it: a histogram and scalars, one in float64."""
    writer = EventFileWriter(str(folder))
    writer.add_event(Event(step=1, wall_time=1.0, summary=histogram_pb("weights", np.arange(100.0))))
    scalar = Summary(value=[Summary.Value(tag="own/scalar", simple_value=2.5)])
    writer.add_event(Event(step=1, wall_time=1.0, summary=scalar))
    wide = TensorProto(double_val=[1 / 3], dtype="DT_DOUBLE")
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
    scalar = Summary(value=[Summary.Value(tag="own/wide", tensor=wide, metadata=metadata)])
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
    # The data server leaves these out; they keep their float64.
    assert await board.get("data/plugin/scalars/scalars", tag="own/wide", run=run) == [[1.0, 1, 1 / 3]]
    assert {"own/wide", "own/scalar"} <= set((await board.get("data/plugin/scalars/tags"))[run])
    tags = (await board.get("data/plugin/timeseries/tags"))["scalars"]["runTagInfo"][run]
    assert "own/wide" in tags
    assert len(await board.scalars()) == 3
    leak = await board.client.get(board.url("data/plugin/projector/tensors"), params={"run": run, "name": ""})
    assert leak.status_code >= 400
    assert b"root:" not in leak.content
    # It became another: the process is replaced.
    pid = (await board.child()).pid
    await board.upload(database, "tb/events.out.tfevents.1", content[:-20])
    for _ in range(100):
        if (await board.child()).pid != pid:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the old content is still shown")


async def test_a_file_that_grows_and_its_pieces_are_one_run(board: Board, database: Database, tmp_path: Path) -> None:
    def scalars(first: int, last: int) -> bytes:
        folder = tmp_path / f"{first}-{last}"
        writer = EventFileWriter(str(folder))
        for step in range(first, last):
            summary = Summary(value=[Summary.Value(tag="grows", simple_value=float(step))])
            writer.add_event(Event(step=step, wall_time=float(step), summary=summary))
        writer.close()
        return next(folder.glob("*tfevents*")).read_bytes()

    async def until(count: int) -> None:
        for _ in range(200):
            answer = await board.client.get(
                board.url("data/plugin/scalars/scalars"), params={"tag": "grows", "run": f"{board.run}/tb"}
            )
            if answer.status_code == 200 and len(answer.json()) >= count:
                assert [point[1] for point in answer.json()] == list(range(count))
                return
            await asyncio.sleep(0.1)
        raise AssertionError(answer.text)

    content = await asyncio.to_thread(scalars, 0, 100)
    more = await asyncio.to_thread(scalars, 100, 150)
    # As the agent brings it: first a part of the file, then more of it, then what follows as a file of its own.
    half = content[: content.index(b"grows", len(content) // 2) - 40]
    await board.upload(database, "tb/events.out.tfevents.1", half)
    await board.scalars_until(3)
    pid = (await board.child()).pid
    await board.upload(database, "tb/events.out.tfevents.1", content)
    await until(100)
    await board.upload(database, "tb/events.out.tfevents.1.part0001", more)
    await until(150)
    assert (await board.child()).pid == pid
    # The file is begun anew: its pieces are emptied, and the run shows the new one only.
    await board.upload(database, "tb/events.out.tfevents.1.part0001", b"")
    await board.upload(database, "tb/events.out.tfevents.1", await asyncio.to_thread(scalars, 0, 20))
    for _ in range(200):
        if (await board.child()).pid != pid:
            break
        await asyncio.sleep(0.1)
    await until(20)
