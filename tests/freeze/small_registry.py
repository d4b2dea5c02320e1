"""A registry with one image, for tests: as much of the OCI Distribution Specification as a pull needs."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.freeze.http_server import serving

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class SmallRegistry:
    """It listens on the loopback address, which engines take for a registry without TLS."""

    host: str
    digests: dict[str, str] = field(default_factory=dict)
    """Manifest digests by tag."""
    blobs: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    refuses: tuple[int, str] | None = None
    """The status and the code with which every question for a manifest is refused."""

    def push(self, tag: str, archive: bytes, *, comment: str) -> str:
        """Take the image out of a ``docker save`` archive, with another comment, so another id; the image's id."""
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            files = {entry.name: file.read() for entry in tar if (file := tar.extractfile(entry)) is not None}
        listed = json.loads(files["manifest.json"])[0]
        config = json.dumps({**json.loads(files[listed["Config"]]), "comment": comment}, sort_keys=True).encode()
        layer = gzip.compress(files[listed["Layers"][0]], mtime=0)
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "config": self._keep("application/vnd.docker.container.image.v1+json", config),
                "layers": [self._keep("application/vnd.docker.image.rootfs.diff.tar.gzip", layer)],
            }
        ).encode()
        self._keep(MANIFEST_TYPE, manifest)
        self.digests[tag] = digest_of(manifest)
        return digest_of(config)

    def _keep(self, media_type: str, content: bytes) -> dict[str, str | int]:
        self.blobs[digest_of(content)] = content
        return {"mediaType": media_type, "size": len(content), "digest": digest_of(content)}


@contextmanager
def small_registry() -> Iterator[SmallRegistry]:
    """A registry for the time of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            registry.requests.append(self.path)
            if registry.refuses is not None and self.path != "/v2/":
                self._refuse(*registry.refuses)
                return
            reference = self.path.rpartition("/")[2]
            content = registry.blobs.get(registry.digests.get(reference, reference), b"")
            is_root = self.path == "/v2/"
            self.send_response(200 if content or is_root else 404)
            if "/manifests/" in self.path and content:
                self.send_header("Content-Type", MANIFEST_TYPE)
                self.send_header("Docker-Content-Digest", digest_of(content))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def _refuse(self, status: int, code: str) -> None:
            content = json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        do_HEAD = do_GET  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
            del format, args

    with serving(Handler) as host:
        registry = SmallRegistry(host)
        yield registry
