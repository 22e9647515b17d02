"""The embedded stack's own parts: ports that are taken, children that crash, requests that go to the right service."""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.ports import free_port

sys.path.insert(0, str(Path(__file__).parents[2] / "deploy" / "local"))

from gateway import service_for
from ports import is_free, taken_ports
from processes import Runner, Service, ServiceFailed, start_child, stop_child

_SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def _runner(tmp_path: Path, code: str, *arguments: str, port: int) -> Runner:
    command: Sequence[str] = (sys.executable, "-c", code, *arguments)
    return Runner(Service("thing", command, dict(os.environ), "127.0.0.1", port), tmp_path)


def test_a_taken_port_is_named_with_its_holder() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        [sentence] = taken_ports("127.0.0.1", {"gateway": port})
    assert f"port {port} (for gateway) is taken by" in sentence
    assert f"pid {os.getpid()}" in sentence


@pytest.mark.parametrize(
    ("method", "path", "service"),
    [
        ("POST", "/api/v3/ingest/tracks/x/batches", "ingest-api"),
        ("PUT", "/api/v3/tracks/x/files/a/b", "ingest-api"),
        ("GET", "/api/v3/tracks/x/files/a/b", "track-api"),
        ("GET", "/tb/x/", "tb-proxy"),
        ("GET", "/tbx", "track-api"),
        ("GET", "/", "track-api"),
    ],
)
def test_the_gateway_knows_who_answers(method: str, path: str, service: str) -> None:
    assert service_for(method, path) == service


async def test_a_service_that_was_killed_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    runner = _runner(tmp_path, _SERVER, str(port), port=port)
    await runner.start()
    await runner.wait_ready()
    keeping = asyncio.create_task(runner.keep_running())
    await asyncio.sleep(0)
    assert runner.pid is not None
    first = runner.pid
    os.kill(first, 9)
    async with asyncio.timeout(90):
        while runner.pid == first:  # noqa: ASYNC110 (another process has no event to wait for)
            await asyncio.sleep(0.02)
        await runner.wait_ready()
    await runner.stop()
    await keeping
    assert "thing ended (signal SIGKILL)" in capsys.readouterr().out


async def test_a_service_that_does_not_start_says_why(tmp_path: Path) -> None:
    runner = _runner(tmp_path, "raise SystemExit('no such luck')", port=free_port())
    await runner.start()
    with pytest.raises(ServiceFailed, match=r"(?s)exit code 1 at its start.*no such luck"):
        await runner.wait_ready()


async def test_a_child_that_ignores_being_asked_is_ended(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(600)"
    )
    log = tmp_path / "child.log"
    child = await start_child((sys.executable, "-c", code), dict(os.environ), log)
    async with asyncio.timeout(90):
        while not log.read_text():  # noqa: ASYNC110 (another process has no event to wait for)
            await asyncio.sleep(0.02)
    await stop_child(child, grace_s=0.2)
    assert child.returncode == -9
