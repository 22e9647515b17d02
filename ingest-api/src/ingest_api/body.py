"""Bodies that are read while they arrive, against limits on what came and on what it decompresses to.

Guarantees that no request makes this process hold more than its limits, whatever it claims to be.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from backports import zstd
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.core.errors import BatchTooLarge, MalformedBatch, ServerBusy, UnsupportedMediaType

# A frame may ask its reader for a window of gigabytes; the largest that a fair batch needs is far smaller.
_ZSTD_OPTIONS = {int(zstd.DecompressionParameter.window_log_max): 26}
_SMALL_BYTES = 64 << 10
_STREAMED = ("/batches", "/api/v2/objects")


class _Decoder:
    """Collects a body, decompressed, up to a limit."""

    def __init__(self, encoding: str, max_decoded_bytes: int) -> None:
        if encoding not in {"identity", "zstd"}:
            raise UnsupportedMediaType(
                "A batch may be sent as it is or with Content-Encoding: zstd.", encoding=encoding
            )
        self._zstd = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS) if encoding == "zstd" else None
        self._max = max_decoded_bytes
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> None:
        if self._zstd is None:
            self._keep(piece)
            return
        if self._zstd.eof:
            if piece:
                raise MalformedBatch("Something follows the end of the compressed body.")
            return
        try:
            self._keep(self._zstd.decompress(piece, self._room))
            while self._has_more(self._zstd):
                self._keep(self._zstd.decompress(b"", self._room))
        except zstd.ZstdError as error:
            raise MalformedBatch(f"The body cannot be decompressed: {error}") from error
        if self._zstd.unused_data:
            raise MalformedBatch("Something follows the end of the compressed body.")

    @property
    def _room(self) -> int:
        # One more than may come, so that too much is seen; never all of what a bomb holds.
        return self._max - self._size + 1

    @staticmethod
    def _has_more(decompressor: zstd.ZstdDecompressor) -> bool:
        return not decompressor.eof and not decompressor.needs_input

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._max:
            raise BatchTooLarge(f"A batch has at most {self._max} bytes when decoded.", limit_bytes=self._max)
        self._pieces.append(piece)

    def finish(self) -> bytes:
        if self._zstd is not None and not self._zstd.eof:
            raise MalformedBatch("The compressed body ends in the middle.")
        return b"".join(self._pieces)


class Intake:
    """The bytes of all bodies that are on their way in or wait to be written."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0

    @contextmanager
    def hold(self, n_bytes: int) -> Iterator[None]:
        """Count a body while a block runs. Raises: ServerBusy when there are too many already."""
        if self._held_bytes + n_bytes > self._max_bytes:
            raise ServerBusy(retry_after_s=1.0)
        self._held_bytes += n_bytes
        try:
            yield
        finally:
            self._held_bytes -= n_bytes


def announced_bytes(request: Request, max_bytes: int) -> int:
    """Return how large a body says it is; one that does not say so may be as large as any. Raises: BatchTooLarge."""
    length = request.headers.get("content-length", "")
    announced = int(length) if length.isdigit() else max_bytes
    if announced > max_bytes:
        raise BatchTooLarge(f"A batch has at most {max_bytes} bytes.", limit_bytes=max_bytes)
    return announced


@dataclass(frozen=True, slots=True)
class BatchBytes:
    """A body as it came, and as it decompresses."""

    raw: bytes
    plain: bytes
    is_zstd: bool


async def read_batch_body(request: Request, max_bytes: int, max_decoded_bytes: int) -> BatchBytes:
    """Read a body to its end. Raises: BatchTooLarge, MalformedBatch, UnsupportedMediaType."""
    too_large = BatchTooLarge(f"A batch has at most {max_bytes} bytes.", limit_bytes=max_bytes)
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    decoder = _Decoder(encoding, max_decoded_bytes)
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > max_bytes:
            raise too_large
        pieces.append(piece)
        decoder.feed(piece)
    return BatchBytes(b"".join(pieces), decoder.finish(), encoding == "zstd")


class SmallBodies:
    """The ASGI layer that bounds every body but the streamed ones, which are bounded where they are read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with a body that ends at the limit."""
        if scope["type"] != "http" or scope["method"] == "PUT" or scope["path"].endswith(_STREAMED):
            await self._app(scope, receive, send)
            return
        seen = 0

        async def receive_bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > _SMALL_BYTES:
                raise HTTPException(413, f"The body is larger than {_SMALL_BYTES} bytes.")
            return message

        await self._app(scope, receive_bounded, send)
