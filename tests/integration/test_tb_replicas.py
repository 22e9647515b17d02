"""Several replicas of tb-proxy: each TensorBoard is one replica's, whichever is asked. On real sockets."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx2
import pytest
import uvicorn
from pydantic import ValidationError
from pytest_socket import socket_allow_hosts
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from support.ports import free_port

from services.core.ids import new_id
from tb_proxy.forward.peers import Peers, owner_of
from tb_proxy.settings import TbProxySettings

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


@dataclass
class Replica:
    """One server on an address of its own."""

    host: str
    port: int
    served: Counter[str]
    server: uvicorn.Server
    task: asyncio.Task[None]

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def stop(self) -> None:
        self.server.should_exit = True
        await self.task


async def _start(host: str, port: int) -> Replica:
    served: Counter[str] = Counter()

    async def answer(request: Request) -> JSONResponse:
        served[request.url.path] += 1
        body = (await request.body()).decode()
        said = {"host": host, "body": body, "cookie": request.headers.get("cookie"), "query": request.url.query}
        return JSONResponse(said, 200, headers={"x-of": host})

    async def look_up(_name: str, port: int) -> list[str]:
        return [f"{one}:{port}" for one in HOSTS]

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    peers = Peers(app, name="tb-proxy-replicas", own=host, port=port, looked_up=look_up)
    server = uvicorn.Server(uvicorn.Config(peers, host=host, port=port, log_level="error", lifespan="on"))
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 (it has no event)
        await asyncio.sleep(0.01)
    return Replica(host, port, served, server, task)


@pytest.fixture
async def replicas() -> AsyncIterator[list[Replica]]:
    port = free_port()
    # All of it is this machine; the other tests need only one address of it.
    socket_allow_hosts(list(HOSTS), allow_unix_socket=True)
    async with AsyncExitStack() as stack:
        started = []
        for host in HOSTS:
            started.append(await _start(host, port))
            stack.push_async_callback(started[-1].stop)
        yield started


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=20) as made:
        yield made


async def test_whichever_is_asked_the_same_one_answers(replicas: list[Replica], client: httpx2.AsyncClient) -> None:
    shares: Counter[str] = Counter()
    for board in [str(new_id()) for _ in range(60)] + [f"{new_id()},{new_id()}"]:
        path = f"/tb/{board}/data/plugin/scalars/tags"
        hosts = {(await client.get(f"{replica.url}{path}?a=%2F")).json()["host"] for replica in replicas}
        assert len(hosts) == 1
        shares[hosts.pop()] += 1
    assert min(shares[host] for host in HOSTS) > 5
    assert all(count == 3 for replica in replicas for count in replica.served.values())


async def test_what_is_passed_on_arrives_as_it_was_sent(replicas: list[Replica], client: httpx2.AsyncClient) -> None:
    addresses = [replica.url.removeprefix("http://") for replica in replicas]
    boards = (str(new_id()) for _ in range(1000))
    board = next(board for board in boards if owner_of(board, addresses) == addresses[2])
    url = f"{replicas[0].url}/tb/{board}/data?q=%2F%20"
    answer = await client.post(url, content=b"x" * 300_000, headers={"cookie": "session=1"})
    assert answer.json() == {"host": HOSTS[2], "body": "x" * 300_000, "cookie": "session=1", "query": "q=%2F%20"}
    assert answer.headers["x-of"] == HOSTS[2]


async def test_it_is_passed_on_once_at_most(replicas: list[Replica], client: httpx2.AsyncClient) -> None:
    for _ in range(10):
        url = f"{replicas[0].url}/tb/{new_id()}/"
        assert (await client.get(url, headers={"x-mlsteam-passed-on": "1"})).json()["host"] == HOSTS[0]


async def test_other_addresses_stay_where_they_come(replicas: list[Replica], client: httpx2.AsyncClient) -> None:
    for path in ("/readyz", "/tb/", "/tb/static/index.js", "/tb/not-a-track/"):
        assert (await client.get(replicas[1].url + path)).json()["host"] == HOSTS[1]


async def test_one_that_is_away_is_stood_in_for(replicas: list[Replica], client: httpx2.AsyncClient) -> None:
    await replicas[2].stop()
    boards = [str(new_id()) for _ in range(20)]
    for board in boards:
        answer = await client.get(f"{replicas[0].url}/tb/{board}/")
        assert answer.status_code == 200
        assert answer.json()["host"] in HOSTS[:2]


def test_when_one_goes_only_its_own_boards_move() -> None:
    three = ["10.0.0.1:8083", "10.0.0.2:8083", "10.0.0.3:8083"]
    for board in (str(new_id()) for _ in range(200)):
        before = owner_of(board, three)
        if before != three[2]:
            assert owner_of(board, three[:2]) == before


def test_a_replica_must_know_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSTEAM_DATABASE_URL", "postgresql://u:p@h/d")
    monkeypatch.setenv("MLSTEAM_TB_PROXY_PEERS", "tb-proxy-replicas")
    with pytest.raises(ValidationError, match="MLSTEAM_TB_PROXY_ADDRESS"):
        TbProxySettings()
