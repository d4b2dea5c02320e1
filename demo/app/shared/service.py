"""What the three programs share: an HTTP server that ends at once when told to, and a way to call each other."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

MAX_BODY = 64 * 1024
"""Bytes of a request that are read at most."""


@dataclass(frozen=True)
class Request:
    """One request, with its body read."""

    method: str
    path: str
    """Without the query."""
    body: bytes
    content_type: str


@dataclass(frozen=True)
class Reply:
    """One answer."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    location: str | None = None
    """Where a redirect leads."""


Route = Callable[[Request], Reply]


def json_reply(value: object, status: int = 200) -> Reply:
    """``value`` as JSON."""
    return Reply(json.dumps(value, ensure_ascii=False).encode(), status)


def healthy(_request: Request) -> Reply:
    """The answer to ``GET /healthz``."""
    return Reply(b"ok\n", content_type="text/plain")


def call(base: str, method: str, path: str, body: bytes | None = None) -> Reply:
    """Ask another service, and pass on what it says; 502 where it cannot be reached within three seconds."""
    address = urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=3)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return Reply(answer.read(), answer.status, answer.headers.get_content_type())
    except OSError as error:
        return json_reply({"error": f"{address.hostname} cannot be reached: {error}"}, 502)
    finally:
        connection.close()


def find_route(routes: Mapping[str, Route], method: str, path: str) -> Route | None:
    """The route for ``GET /path``, or the one for ``GET /prefix/*`` above it."""
    exact = routes.get(f"{method} {path}")
    return exact or routes.get(f"{method} /{path.split('/')[1]}/*")


def serve(routes: Mapping[str, Route], *, port: int) -> None:
    """Answer on all addresses of this container until SIGTERM."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY)
            path = urlsplit(self.path).path
            request = Request(self.command, path, self.rfile.read(length), self.headers.get_content_type())
            route = find_route(routes, self.command, path)
            reply = route(request) if route else json_reply({"error": f"nothing at {path}"}, 404)
            self.send_response(reply.status)
            self.send_header("Content-Type", f"{reply.content_type}; charset=utf-8")
            self.send_header("Content-Length", str(len(reply.body)))
            if reply.location:
                self.send_header("Location", reply.location)
            with suppress(ConnectionError):  # the client did not wait for the answer
                self.end_headers()
                self.wfile.write(reply.body)

        do_GET = answer  # noqa: N815 - named by http.server
        do_POST = answer  # noqa: N815

        def log_request(self, code: int | str = "-", _size: int | str = "-") -> None:
            if self.path != "/healthz":
                print(f"{self.command} {self.path} {int(code)}", file=sys.stderr, flush=True)

    signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))
    server = ThreadingHTTPServer(("", port), Handler)
    print(f"listening on {port}", file=sys.stderr, flush=True)
    server.serve_forever()
