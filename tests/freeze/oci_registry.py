"""A registry in this process: what pushes and pulls need of the OCI Distribution Specification, and faults.

It speaks HTTP on the loopback address, as a real one would; engines and our own client use it alike.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.freeze.http_server import serving

USER, PASSWORD, REFRESH_TOKEN = "ada", "s3cret", "refresh-me"


class Auth(Enum):
    """What it wants to see."""

    NOTHING = "nothing"
    BASIC = "basic"
    TOKEN = "token"


@dataclass
class OciRegistry:
    """Its content, and a record of what it was asked."""

    auth: Auth = Auth.NOTHING
    host: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Media type and content, by ``REPOSITORY:TAG`` and ``REPOSITORY@sha256:…``."""
    requests: list[str] = field(default_factory=list)
    """``METHOD PATH``."""
    failures: list[int] = field(default_factory=list)
    """Statuses that the next requests get instead of an answer."""
    blob_host: str = ""
    """Where blobs are really kept: requests for them are sent there."""
    stalled: threading.Event = field(default_factory=threading.Event)
    """Set once an upload stands still; uploads do as long as :attr:`is_stalling`."""
    is_stalling: bool = False
    seen_headers: list[dict[str, str]] = field(default_factory=list)

    def sent(self, method: str) -> list[str]:
        """The paths that were asked with a method."""
        return [path for asked, path in (request.split(" ", 1) for request in self.requests) if asked == method]


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@contextmanager
def oci_registry(auth: Auth = Auth.NOTHING) -> Iterator[OciRegistry]:
    """A registry for the time of the block."""
    registry = OciRegistry(auth)
    handler = type("Handler", (_Handler,), {"registry": registry})
    with serving(handler) as registry.host:
        yield registry


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: OciRegistry

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
        del format, args

    def _serve(self) -> None:
        registry = self.registry
        self.body = self._read_body()
        registry.requests.append(f"{self.command} {self.path}")
        registry.seen_headers.append(dict(self.headers.items()))
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if registry.failures:
            self._answer(registry.failures.pop(0), b"")
        elif path == "/token":
            self._give_token(query)
        elif not self._is_let_in(path):
            self._challenge(path)
        elif path == "/v2/":
            self._answer(200, b"{}")
        elif "/manifests/" in path:
            self._manifest(*path.removeprefix("/v2/").rsplit("/manifests/", 1))
        elif "/blobs/uploads/" in path:
            self._upload(path, query)
        else:
            self._blob(path.rpartition("/")[2])

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _manifest(self, repository: str, reference: str) -> None:
        registry = self.registry
        if self.command == "PUT":
            kind, made = self.headers.get("Content-Type", ""), digest(self.body)
            registry.manifests[f"{repository}@{made}"] = (kind, self.body)
            if not reference.startswith("sha256:"):
                registry.manifests[f"{repository}:{reference}"] = (kind, self.body)
            self._answer(201, b"", {"Docker-Content-Digest": made, "Location": self.path})
            return
        mark = "@" if reference.startswith("sha256:") else ":"
        found = registry.manifests.get(f"{repository}{mark}{reference}")
        if found is None:
            self._answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}')
        else:
            self._answer(200, found[1], {"Content-Type": found[0], "Docker-Content-Digest": digest(found[1])})

    def _upload(self, path: str, query: dict[str, list[str]]) -> None:
        """Place of an upload: ``…/uploads/NUMBER``; what a PATCH has sent is kept under it."""
        registry = self.registry
        while registry.is_stalling:
            registry.stalled.set()
            time.sleep(0.05)
        if self.command == "POST":
            place = f"{path.rstrip('/')}/{len(registry.requests)}"
            self._answer(202, b"", {"Location": place, "Docker-Upload-UUID": "x", "Range": "0-0"})
            return
        content = registry.blobs.pop(path, b"") + self.body
        if self.command == "PATCH":
            registry.blobs[path] = content
            self._answer(202, b"", {"Location": path, "Range": f"0-{max(len(content) - 1, 0)}"})
            return
        wanted = query.get("digest", [""])[0]
        if digest(content) != wanted:
            self._answer(400, b'{"errors": [{"code": "DIGEST_INVALID", "message": "digest invalid"}]}')
            return
        registry.blobs[wanted] = content
        self._answer(201, b"", {"Location": path, "Docker-Content-Digest": wanted})

    def _blob(self, name: str) -> None:
        registry = self.registry
        if registry.blob_host and self.command == "GET":
            self._answer(307, b"", {"Location": f"http://{registry.blob_host}{self.path}"})
            return
        found = registry.blobs.get(name)
        self._answer(404 if found is None else 200, found or b"", {"Docker-Content-Digest": name})

    def _is_let_in(self, path: str) -> bool:
        registry, shown = self.registry, self.headers.get("Authorization", "")
        if registry.auth is Auth.NOTHING:
            return True
        if registry.auth is Auth.BASIC:
            return shown == f"Basic {_pair()}"
        repository = path.removeprefix("/v2/").split("/manifests/")[0].split("/blobs/")[0]
        actions = "pull" if self.command in ("GET", "HEAD") else "pull,push"
        given = shown.removeprefix("Bearer ")
        return given in (f"repository:{repository}:{actions}", f"repository:{repository}:pull,push")

    def _challenge(self, path: str) -> None:
        registry = self.registry
        if registry.auth is Auth.BASIC:
            self._answer(401, b"", {"WWW-Authenticate": 'Basic realm="registry"'})
            return
        repository = path.removeprefix("/v2/").split("/manifests/")[0].split("/blobs/")[0]
        actions = "pull" if self.command in ("GET", "HEAD") else "pull,push"
        scope = f'scope="repository:{repository}:{actions}"'
        realm = f'realm="http://{registry.host}/token"'
        self._answer(401, b"", {"WWW-Authenticate": f'Bearer {realm},service="tests",{scope}'})

    def _give_token(self, query: dict[str, list[str]]) -> None:
        """Tokens say what they are good for."""
        asked = parse_qs(self.body.decode()) if self.command == "POST" else query
        knows = self.headers.get("Authorization", "") == f"Basic {_pair()}"
        knows = knows or asked.get("refresh_token") == [REFRESH_TOKEN]
        scope = asked.get("scope", [""])[0]
        if not knows or asked.get("service") != ["tests"]:
            self._answer(401, b'{"details": "incorrect username or password"}')
            return
        self._answer(200, json.dumps({"token": scope}).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _pair() -> str:
    return base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
