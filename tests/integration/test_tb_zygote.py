"""What is left when tb-proxy is killed: nothing."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from tb_proxy.processes.folders import new_folder, sweep_folders

_OWNER = """
import asyncio, sys
from pathlib import Path
from tb_proxy.processes.zygote import ZygoteProcess

async def main():
    zygote = ZygoteProcess()
    folder = Path(sys.argv[1])
    order = {"prefix": "/tb/x", "runs": ["r"], "folder": str(folder), "has_uploads": False}
    pid, channel = await zygote.fork(order, folder / "socket")
    print("pids", zygote.pid, pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_killed_tb_proxy_leaves_no_process_and_the_next_removes_its_folder() -> None:
    folder = Path(tempfile.mkdtemp(prefix="o-"))
    (folder / "data").mkdir()
    (folder / "own").mkdir()
    try:
        with subprocess.Popen([sys.executable, "-c", _OWNER, str(folder)], stdout=subprocess.PIPE, text=True) as owner:
            assert owner.stdout is not None
            said = next(words for words in map(str.split, owner.stdout) if words[0] == "pids")
            left = [psutil.Process(int(pid)) for pid in said[1:]]
            owner.kill()
        _, alive = psutil.wait_procs(left, timeout=30)
        assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
        mine = new_folder()
        dead = mine.rename(mine.with_name(mine.name.replace(f"-{os.getpid()}-", f"-{owner.pid}-")))
        mine.mkdir()
        sweep_folders()
        assert (dead.exists(), mine.exists()) == (False, True)
        mine.rmdir()
    finally:
        shutil.rmtree(folder)
