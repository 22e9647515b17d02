"""One request of TensorBoard's page, passed to the TensorBoard of its tracks, and the answer streamed back.

Called by shortcut.py for data and by proxied.py for the rest. Guarantees that the request was authorised for each of
its tracks, that the process is told of no other, and that it is kept from being reaped until it has answered.
"""

import asyncio
from collections.abc import Awaitable
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from services.accounts.access import Right
from services.core.errors import BadQuery, NotFound, ServiceError, TensorboardNotReady
from services.tensorboard.runs import MAX_RUNS
from services.web.auth import check_access, current_principal
from services.web.problem import problem_response
from tb_proxy.forward.exchange import Answer, LostError
from tb_proxy.forward.headers import from_tensorboard, to_tensorboard
from tb_proxy.forward.http import AnswerBrokeOffError
from tb_proxy.processes.registry import Registry
from tb_proxy.processes.spawner import BoardId, Child, prefix_of

# Most answers come before somebody could leave; only for the others it is worth to look.
_LOOK_AFTER_S = 0.25
# Who takes nothing for so long is gone, whatever his connection says.
_TAKES_NOTHING_S = 60.0


async def readable_board(request: Request, tracks: str) -> BoardId:
    """Return the tracks of an address that the caller may read all.

    Raises: NotFound, BadQuery, TrackNotFound, TrackDeleted, MissingRight.
    """
    words = tracks.split(",")
    if len(words) > MAX_RUNS:
        raise BadQuery(f"At most {MAX_RUNS} tracks fit in one TensorBoard; these are {len(words)}.")
    try:
        board_id = tuple(dict.fromkeys(UUID(word) for word in words))
    except ValueError:
        raise NotFound("There is no such TensorBoard: its address holds the ids of tracks.") from None
    registry: Registry = request.app.state.resources.registry
    for track_id in board_id:
        try:
            await check_access(request, track_id, Right.READ)
        except ServiceError:
            await registry.leave(board_id, current_principal(request).user_id)
            raise
    return board_id


class FromTensorboard(Response):
    """The answer of a TensorBoard."""

    def __init__(self, request: Request, board_id: BoardId, body: bytes) -> None:
        super().__init__()
        self._registry: Registry = request.app.state.resources.registry
        self._board_id = board_id
        self._user_id = current_principal(request).user_id
        self._request_id: str = request.scope["state"].get("request_id", "")
        self._body_sent = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Fetch the answer while it is sent; where the process has ended, once more from another."""
        try:
            try:
                await self._pass_on(scope, receive, send)
            except LostError:
                await self._pass_on(scope, receive, send)
        except LostError:
            error: ServiceError = TensorboardNotReady(
                "TensorBoard ended while it answered; try again.", retry_after_s=5
            )
            await problem_response(error, self._request_id)(scope, receive, send)
        except TimeoutError:
            error = TensorboardNotReady("TensorBoard did not answer in time; try again.", retry_after_s=5)
            await problem_response(error, self._request_id)(scope, receive, send)
        except ServiceError as error:
            # Raised by use() only, so before anything was answered.
            await problem_response(error, self._request_id)(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._registry.use(self._board_id, self._user_id) as child:
            try:
                await _unless_caller_leaves(receive, self._ask(child, scope, send))
            except LostError:
                await self._registry.replace(self._board_id, child)
                raise

    async def _ask(self, child: Child, scope: Scope, send: Send) -> None:
        headers = to_tensorboard(scope["headers"])
        async with child.client.ask(scope["method"], self._target(scope), headers, self._body_sent) as answer:
            whole = await answer.take_whole()
            if whole is None:
                await _stream_on(answer, send)
                return
        # The connection is free for others already, however slowly this caller takes it.
        await send(_start(answer))
        await send({"type": "http.response.body", "body": whole, "more_body": False})

    def _target(self, scope: Scope) -> bytes:
        # The ids as the process knows them: the caller may have written them in capitals or without hyphens.
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        rest = raw.split(b"/", 3)[3]
        query: bytes = scope["query_string"]
        return f"{prefix_of(self._board_id)}/".encode() + rest + (b"?" + query if query else b"")


async def _unless_caller_leaves(receive: Receive, passing: Awaitable[None]) -> None:
    """Do it, unless the caller leaves meanwhile."""
    task = asyncio.current_task()
    assert task is not None, "a request runs in one"  # noqa: S101 (an invariant)
    has_left = False
    watch: asyncio.Task[None] | None = None

    async def look() -> None:
        nonlocal has_left
        while (await receive())["type"] != "http.disconnect":
            pass
        has_left = True
        task.cancel()

    def begin() -> None:
        nonlocal watch
        watch = asyncio.create_task(look())

    timer = asyncio.get_running_loop().call_later(_LOOK_AFTER_S, begin)
    try:
        await passing
    except asyncio.CancelledError:
        # A cancellation from elsewhere goes on.
        if not has_left or task.uncancel():
            raise
    finally:
        timer.cancel()
        if watch is not None:
            watch.cancel()


def _start(answer: Answer) -> Message:
    return {"type": "http.response.start", "status": answer.status, "headers": from_tensorboard(answer.headers)}


async def _stream_on(answer: Answer, send: Send) -> None:
    await send(_start(answer))
    try:
        async for piece in answer.pieces():
            async with asyncio.timeout(_TAKES_NOTHING_S):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
    except (LostError, TimeoutError) as error:
        # The caller must not take what he has for the whole.
        raise AnswerBrokeOffError(type(error).__name__) from error
    await send({"type": "http.response.body", "body": b"", "more_body": False})
