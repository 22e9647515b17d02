"""What changed, as server-sent events to one open page.

Returned by the events route. Guarantees that a stream holds no database connection, ends when its reader has left,
reads nothing, has lost the right, or the service stops, and is never told more often than a page can use.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.types import Message, Receive, Scope, Send

from services.core.errors import ServiceError
from services.live.hub import Hub, Listener
from services.live.wire import encode_change

# Five times a second looks continuous; more only costs the page's time.
_PAUSE_S = 0.2
# A reader who takes nothing for so long has gone without saying so; its page, if there is one, connects again.
_STUCK_S = 20.0
_STOP_S = 1.0
_RESYNC = format_sse_event(data_str="{}", event="resync")


class EventStreamResponse(StreamingResponse):
    """What OpenAPI shows.

    The framework writes the events; it does not run the stream, because it would take two tasks and four queues for
    each listener and could not end one who does not read.
    """

    media_type = "text/event-stream"


class EventStream(EventStreamResponse):
    """An answer that goes on until one side ends it."""

    def __init__(
        self, hub: Hub, target_id: UUID, *, check_right: Callable[[], Awaitable[None]], heartbeat_s: float
    ) -> None:
        super().__init__(
            # Replaced when the answer begins; until then nobody listens.
            content=(),
            # A proxy that compresses would wait for more than the few bytes of an event.
            headers={"cache-control": "no-store, no-transform", "x-accel-buffering": "no"},
        )
        self._hub = hub
        self._target_id = target_id
        self._check_right = check_right
        self._heartbeat_s = heartbeat_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until either side ends it."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as limit:

                async def send_in_time(message: Message) -> None:
                    if not listener.is_ended:
                        limit.reschedule(loop.time() + _STUCK_S)
                    await send(message)
                    if not listener.is_ended:
                        limit.reschedule(None)

                def on_end() -> None:
                    # A reader who takes nothing cannot be told that it is over.
                    limit.reschedule(loop.time() + _STOP_S)

                with self._hub.listen(self._target_id, on_end) as listener:
                    self.body_iterator = self._events(listener)
                    await super().__call__(scope, receive, send_in_time)
        except TimeoutError:
            # The web server closes the connection of an answer that was not completed.
            return

    async def _events(self, listener: Listener) -> AsyncIterator[bytes]:
        # Not all at once after a restart.
        yield format_sse_event(data_str="{}", event="hello", retry=random.randint(1000, 3000))  # noqa: S311 (no secret)
        check_at = self._next_check()
        while True:
            has_changes = await listener.wait(min(self._heartbeat_s, max(0.0, check_at - time.monotonic())))
            if time.monotonic() >= check_at:
                try:
                    await self._check_right()
                except ServiceError:
                    # The page loads anew and so learns from the usual answers what it may not see any more.
                    yield _RESYNC
                    return
                check_at = self._next_check()
            if listener.is_ended:
                return
            if not has_changes:
                yield KEEPALIVE_COMMENT
                continue
            changes = listener.take()
            if changes is None:
                yield _RESYNC
            else:
                yield b"".join(format_sse_event(data_str=encode_change(c), event="changed") for c in changes)
            await listener.pause(_PAUSE_S)

    def _next_check(self) -> float:
        # Spread, so that the many listeners of one track do not all ask before they are told of its next change. With
        # the longest heartbeat a right that ended is noticed within 27 s.
        return time.monotonic() + self._heartbeat_s * random.uniform(1.2, 1.8)  # noqa: S311 (no secret)
