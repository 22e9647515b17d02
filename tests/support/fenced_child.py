"""Start a zygote and one child with event files, and print what they are: `python fenced_child.py FILES`.

Run by tests in namespaces of their own, where a system lacks what this one has.
"""

import asyncio
import json
import shutil
import sys
from pathlib import Path

import msgspec
import psutil

from tb_proxy.board.channel import LENGTH
from tb_proxy.forward.unix import UnixClient
from tb_proxy.processes.folders import new_folder
from tb_proxy.processes.zygote import ZygoteProcess

RUN = {"scalars": {}, "texts": {}, "configs": {}, "start": 0.0, "folders": []}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer that the one run has no series of its own."""
    while True:
        (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        number, *_ = msgspec.msgpack.decode(await reader.readexactly(length))
        answer = msgspec.msgpack.encode([number, "", [RUN]])
        writer.write(LENGTH.pack(len(answer)) + answer)


async def main(files: str) -> None:
    """Print facts of the zygote, users of the child and its data server, and the runs that it shows."""
    zygote, folder = ZygoteProcess(), new_folder()
    (folder / "own").mkdir(mode=0o700)
    shutil.copytree(files, folder / "data" / "r" / "up")
    order = {"prefix": "/tb/x", "runs": ["r"], "folder": str(folder), "has_uploads": True}
    pid, channel = await zygote.fork(order, folder / "socket")
    reader, writer = await asyncio.open_connection(sock=channel)
    serving = asyncio.create_task(serve(reader, writer))
    client = UnixClient(folder / "socket")
    async with client.ask("GET", b"/tb/x/data/runs", [(b"host", b"x")]) as answer:
        runs = json.loads(b"".join([piece async for piece in answer.pieces()]))
    child = psutil.Process(pid)
    users = [process.uids().effective for process in (child, *child.children())]
    networks = [await asyncio.to_thread(Path(f"/proc/{one}/ns/net").readlink) for one in (pid, "self")]
    facts = {"runs": runs, "users": users, "has_own_network": networks[0] != networks[1], **zygote.facts}
    sys.stdout.write(f"found {json.dumps(facts)}\n")
    serving.cancel()
    client.close()
    writer.close()
    await zygote.close()
    shutil.rmtree(folder)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
