"""What servers, proxies and networks do to an answer instead of giving it."""

import socket
import struct
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

Hostile = Callable[[BaseHTTPRequestHandler], None]
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def _reset(connection: socket.socket) -> None:
    # Closed with something unsent and no patience: the other side gets an RST.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Break the connection before any answer."""
    _reset(handler.connection)


def reset_midway(handler: BaseHTTPRequestHandler) -> None:
    """Break the connection in the middle of the answer."""
    handler.connection.sendall(_HEAD + b'Content-Length: 90\r\n\r\n{"acked_thr')
    time.sleep(0.05)
    _reset(handler.connection)


def half(handler: BaseHTTPRequestHandler) -> None:
    """End the answer before its length; what there is of it is JSON that acknowledges."""
    handler.connection.sendall(_HEAD + b'Content-Length: 90\r\n\r\n{"acked_through": 1000000}')


def half_chunk(handler: BaseHTTPRequestHandler) -> None:
    """End a chunked answer without its last chunk."""
    handler.connection.sendall(_HEAD + b'Transfer-Encoding: chunked\r\n\r\n1a\r\n{"acked_through": 1000000}\r\n')


def nonsense(handler: BaseHTTPRequestHandler) -> None:
    """Answer something that is no HTTP."""
    handler.connection.sendall(b"\x16\x03\x01\x00\xff\r\n\r\n" * 20)


def wrong_gzip(handler: BaseHTTPRequestHandler) -> None:
    """Say that the answer is compressed when it is not."""
    handler.connection.sendall(_HEAD + b"Content-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip")


def redirect(handler: BaseHTTPRequestHandler) -> None:
    """Send the client round in a circle."""
    place = handler.path.encode()
    handler.connection.sendall(b"HTTP/1.1 307 Round\r\nLocation: " + place + b"\r\nContent-Length: 0\r\n\r\n")


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Give the answer a byte at a time, without an end."""
    handler.connection.sendall(_HEAD + b"Content-Length: 1000000\r\n\r\n")
    try:
        while True:
            handler.connection.sendall(b" ")
            time.sleep(0.05)
    except OSError:
        return


def flood(handler: BaseHTTPRequestHandler) -> None:
    """Give more than any answer has."""
    handler.connection.sendall(_HEAD + b"Content-Length: 100000000000\r\n\r\n")
    try:
        while True:
            handler.connection.sendall(bytes(1 << 20))
    except OSError:
        return


def answering(status: int, body: bytes, headers: bytes = b"") -> Hostile:
    """Make one that answers just this."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        size = f"Content-Length: {len(body)}\r\n".encode()
        handler.connection.sendall(f"HTTP/1.1 {status} X\r\n".encode() + headers + size + b"\r\n" + body)

    return answer
