"""A web service for tests of the router, in Python's own library alone: it runs inside a container.

Connections are kept alive. ``/`` says what ``TEXT`` is, ``/slow`` takes five seconds, ``/fast`` costs next to
nothing, ``/large?MIB`` is large, ``/socket`` is a WebSocket that sends back what it gets, ``/login?NAME`` gives a
session of that name and ``/session`` tells which one it is.
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import socketserver
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SLOW_PARTS = 10
PAUSE = 0.5
_PROTOCOL = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What RFC 6455 appends to a key."""


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    request_queue_size = 128


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        """Do what the path says."""
        path, query = urlsplit(self.path)[2:4]
        if path == "/slow":
            self._be_slow()
        elif path == "/fast":
            self._be_fast()
        elif path == "/large":
            self._be_large(int(query))
        elif path == "/socket":
            self._echo()
        elif path == "/login":
            self._answer("hello", {"Set-Cookie": f"session={query}; Path=/; HttpOnly; SameSite=Lax"})
        elif path == "/session":
            self._answer(self.headers.get("Cookie") or "none", self._allowed())
        else:
            self._answer(os.environ["TEXT"], {"X-Host": self.headers["Host"], "X-Container": socket.gethostname()})

    def _allowed(self) -> dict[str, str]:
        """A front end at a name below or above this one may ask with cookies."""
        origin = self.headers.get("Origin")
        if not origin:
            return {}
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}

    def _answer(self, text: str, headers: dict[str, str]) -> None:
        body = text.encode()
        self.send_response(200)
        for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _be_slow(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(SLOW_PARTS))
        self.end_headers()
        for _ in range(SLOW_PARTS):
            self.wfile.write(b".")
            self.wfile.flush()
            time.sleep(PAUSE)

    def _be_fast(self) -> None:
        """This request and all that follow it on the connection, without reading what they say."""
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.close_connection = True
        self.connection.sendall(answer)
        unread = b""
        while more := self.connection.recv(65536):
            *complete, unread = (unread + more).split(b"\r\n\r\n")
            self.connection.sendall(answer * len(complete))

    def _be_large(self, size: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(size << 20))
        self.end_headers()
        for _ in range(size):
            self.wfile.write(bytes(1 << 20))
        self.wfile.flush()

    def _echo(self) -> None:
        """Frames as they come, unmasked, until the other side closes."""
        key = self.headers["Sec-WebSocket-Key"].encode()
        accepted = base64.b64encode(hashlib.sha1(key + _PROTOCOL).digest()).decode()
        self.send_response(101)
        for name, value in {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": accepted,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        while len(head := self.rfile.read(6)) == 6 and head[0] & 15 != 8:
            size, mask = head[1] & 127, head[2:]
            body = bytes(byte ^ mask[place % 4] for place, byte in enumerate(self.rfile.read(size)))
            self.wfile.write(bytes([head[0], size]) + body)
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


if __name__ == "__main__":
    socketserver.TCPServer.allow_reuse_address = True
    Server(("0.0.0.0", 8080), Handler).serve_forever()
