"""A repository of a registry: manifests and blobs, by the OCI Distribution Specification 1.1.

Everything that comes back is checked against its digest. A push that is repeated sends only what is missing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urljoin

import docker.auth
import requests
import requests.exceptions
from msgspec import Struct, field

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.registry.answer import TagAnswer, parse_json, read_answer, read_refusal
from previewer.docker_api.registry.connection import RegistryConnection, find_credentials, refusal
from previewer.errors import RegistryError

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
MANIFEST_TYPES = ", ".join((OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX))
MAX_MANIFEST_BYTES = 4 << 20
"""As much as registries accept (OCI Distribution Specification)."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class _Platform(Struct, frozen=True):
    os: str = ""
    architecture: str = ""
    variant: str = ""


class Descriptor(Struct, frozen=True, rename="camel"):
    """What a manifest says of something else."""

    media_type: str = ""
    digest: str = ""
    platform: _Platform | None = None
    annotations: dict[str, str] | None = None

    @property
    def platform_text(self) -> str:
        """``linux/arm64/v8``; what is absent or empty is left out."""
        parts = (self.platform.os, self.platform.architecture, self.platform.variant) if self.platform else ()
        return "/".join(filter(None, parts))


class Manifest(Struct, frozen=True):
    """What is read of a manifest or an index (OCI Image Specification)."""

    config: Descriptor | None = None
    layers: list[Descriptor] | None = None
    manifests: list[Descriptor] | None = None
    """An index's."""


class RegistryManifest(Struct, frozen=True):
    """A manifest as a registry has it."""

    digest: str
    media_type: str
    content: bytes

    @property
    def value(self) -> Manifest:
        """What it says. Raises :class:`RegistryError` where it is no manifest."""
        try:
            return parse_json(self.content, Manifest)
        except ValueError as error:
            raise RegistryError(f"the registry's manifest cannot be read: {error}", where=self.digest) from error


class RegistryRepository:
    """One repository. Safe to use from several threads."""

    def __init__(self, connection: RegistryConnection, repository: str) -> None:
        self._connection = connection
        self._repository = repository
        self.name = f"{connection.registry}/{repository}"

    def find_manifest(self, reference: str) -> RegistryManifest | None:
        """What a tag or digest means; ``None`` where there is nothing. Raises :class:`RegistryError`."""
        with self._ask("GET", f"/manifests/{reference}", {"Accept": MANIFEST_TYPES}) as answer:
            if answer.status_code == HTTPStatus.NOT_FOUND:
                return None
            self._expect(answer, HTTPStatus.OK, f"read {reference}")
            content = read_answer(answer, MAX_MANIFEST_BYTES, where=self.name)
            media_type = answer.headers.get("Content-Type", "").partition(";")[0]
        digest = digest_bytes(content)
        if reference.startswith("sha256:") and digest != reference:
            raise RegistryError("the registry gave something else than what was asked for", where=self.name)
        return RegistryManifest(digest, media_type, content)

    def read_blob(self, digest: str, *, limit: int) -> bytes:
        """A blob of at most ``limit`` bytes. Raises :class:`RegistryError` where it is missing or not itself."""
        if not is_digest(digest):
            raise RegistryError(f"the registry names a file by no digest: {digest!r}", where=self.name)
        with self._ask("GET", f"/blobs/{digest}") as answer:
            self._expect(answer, HTTPStatus.OK, f"read {digest}")
            content = read_answer(answer, limit, where=self.name)
        if digest_bytes(content) != digest:
            raise RegistryError("the registry gave something else than what was asked for", where=self.name)
        return content

    def write_blob(self, content: bytes) -> bool:
        """Store a blob; whether it had to be sent. Raises :class:`RegistryError`."""
        digest = digest_bytes(content)
        with self._ask("HEAD", f"/blobs/{digest}") as answer:
            if answer.status_code == HTTPStatus.OK:
                return False
        with self._ask("POST", "/blobs/uploads/", {"Content-Length": "0"}) as answer:
            self._expect(answer, HTTPStatus.ACCEPTED, "begin to send a file")
            place = urljoin(answer.url, answer.headers.get("Location", ""))
        mark = "&" if "?" in place else "?"
        headers = {"Content-Type": "application/octet-stream"}
        with self._connection.ask(
            "PUT", f"{place}{mark}digest={digest}", repository=self._repository, headers=headers, body=content
        ) as answer:
            self._expect(answer, HTTPStatus.CREATED, "send a file")
        return True

    def write_manifest(self, reference: str, media_type: str, content: bytes) -> str:
        """Store a manifest under a tag or its digest; its digest. Raises :class:`RegistryError`."""
        with self._ask("PUT", f"/manifests/{reference}", {"Content-Type": media_type}, content) as answer:
            self._expect(answer, HTTPStatus.CREATED, f"write {reference}")
        return digest_bytes(content)

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> requests.Response:
        url = f"/v2/{self._repository}{path}"
        return self._connection.ask(method, url, repository=self._repository, headers=headers, body=body)

    def _expect(self, answer: requests.Response, status: HTTPStatus, action: str) -> None:
        if answer.status_code != status:
            raise refusal(self.name, action, answer)


def digest_bytes(content: bytes) -> str:
    """``sha256:`` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def is_digest(text: str) -> bool:
    """Whether ``text`` is a digest, so that what it names can be checked; a tag or part of a URL is none."""
    return _DIGEST.fullmatch(text) is not None


REGISTRY_TIMEOUT = 4.0
"""Seconds that a registry may take."""


class _Distribution(Struct, frozen=True):
    """``GET /distribution/NAME/json``, or a refusal."""

    descriptor: Descriptor = field(default=Descriptor(), name="Descriptor")
    message: str = ""


def ask_tag_digest(connection: DockerConnection, reference: str) -> TagAnswer:
    """One question. Raises :class:`RegistryError` where the user's docker configuration cannot be read."""
    registry, _ = docker.auth.resolve_repository_name(reference)
    credentials = find_credentials(registry)
    problem = credentials.problem
    api = connection.api
    try:
        answer = api.get(
            f"{api.base_url}/v{api.api_version}/distribution/{reference}/json",
            headers={"X-Registry-Auth": credentials.header} if credentials else {},
            timeout=REGISTRY_TIMEOUT,
        )
    except requests.exceptions.RequestException:
        return TagAnswer(is_silent=True, problem=problem)
    if not answer.headers.get("Content-Type", "").startswith("application/json"):
        return TagAnswer(is_silent=True, problem=problem)  # Podman does not know the question
    body = parse_json(answer.content, _Distribution)
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        return TagAnswer(body.descriptor.digest or None, problem=problem)
    refusal = read_refusal(registry, answer.status_code, body.message)
    if refusal.reason:
        return TagAnswer(refusal=refusal, problem=problem)
    return TagAnswer(is_silent=answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR, problem=problem)
