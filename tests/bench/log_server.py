"""A server of one process for the client's bench: `python log_server.py up|slow|black-holed`; prints its address.

`up` acknowledges each batch, `slow` does so after two seconds, `black-holed` takes connections and never answers.
"""

import json
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
from backports import zstd

_SLOW_S = 2.0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    delay_s = 0.0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.delay_s)
        answer = {"track_id": "t", "name": "n"}
        if self.path.endswith("/batches"):
            raw = zstd.decompress(body) if self.headers.get("Content-Encoding") == "zstd" else body
            answer = {"acked_through": msgspec.msgpack.decode(raw)["seq"], "rejects": []}
        self._answer(201 if self.path.endswith("/tracks") else 200, answer)

    do_PUT = do_POST  # noqa: N815  # the name is the base class's

    def do_GET(self) -> None:
        time.sleep(self.delay_s)
        self._answer(200, {"track_id": "t", "name": "n"})

    def _answer(self, status: int, answer: object) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        return


def main(state: str) -> None:
    """Serve until killed."""
    if state == "black-holed":
        with socket.create_server(("127.0.0.1", 0)) as hole:
            print(f"http://127.0.0.1:{hole.getsockname()[1]}", flush=True)
            time.sleep(3600)
    _Handler.delay_s = _SLOW_S if state == "slow" else 0.0
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
