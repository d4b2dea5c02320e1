"""Addresses of releases in a registry, and the plan of a transfer to or from one."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from enum import Enum

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from previewer.domain.commit.revision import short_id
from previewer.domain.release.release import Release
from previewer.errors import UsageError

HUB = "docker.io"
SHAPE = "REGISTRY/REPOSITORY, say registry.example.com/team/shop"
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d+)?|\[[0-9A-Fa-f:]+\](?::\d+)?")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class RegistryAddress(Struct, frozen=True):
    """A repository of a registry, and what of it is meant."""

    registry: str
    """Host and port: ``registry.example.com``, ``localhost:5000``."""
    repository: str
    """``team/shop``."""
    tag: str | None = None
    digest: str | None = None
    """``sha256:…``; it wins over the tag."""

    @property
    def name(self) -> str:
        """Without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def is_loopback(self) -> bool:
        """Whether the registry is on this machine: only there is it spoken to without TLS."""
        return is_loopback(self.registry)

    def tagged(self, tag: str) -> RegistryAddress:
        """The same repository, by tag."""
        return replace(self, tag=tag, digest=None)

    def by_digest(self, digest: str) -> RegistryAddress:
        """The same repository, by digest."""
        return replace(self, tag=None, digest=digest)

    def __str__(self) -> str:
        if self.digest:
            return f"{self.name}@{self.digest}"
        return f"{self.name}:{self.tag}" if self.tag else self.name


def parse_address(text: str) -> RegistryAddress:
    """Read an address. Raises :class:`UsageError` for what is none."""
    name, _, digest = text.partition("@")
    head, _, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    host, _, repository = f"{head}/{last}".partition("/")
    is_host = _HOST.fullmatch(host) and ("." in host or ":" in host or host == "localhost")
    parts = ((_REPOSITORY, repository), (_TAG, tag or "x"), (_DIGEST, digest or "sha256:" + "0" * 64))
    if not is_host or not all(pattern.fullmatch(part) for pattern, part in parts):
        raise UsageError("this is not an address in a registry", where=text, hint=f"write {SHAPE}")
    return RegistryAddress(host, repository, tag or None, digest or None)


def familiar_address(text: str) -> RegistryAddress:
    """Read what docker prints, where Docker Hub and its ``library`` may go unsaid: ``python@sha256:…``.

    Raises :class:`UsageError`.
    """
    host, slash, _ = text.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        return parse_address(text)
    return parse_address(f"{HUB}/{text}" if slash else f"{HUB}/library/{text}")


def is_loopback(registry: str) -> bool:
    """Whether a registry's host is this machine's loopback address."""
    host = registry[1:].partition("]")[0] if registry.startswith("[") else registry.partition(":")[0]
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Direction(Enum):
    """Seen from this machine."""

    PUSH = "push"
    PULL = "pull"


class TransferPlan(Struct, frozen=True):
    """The images, then the release. What is there already does not move."""

    direction: Direction
    release: Release
    address: RegistryAddress
    """The release's address in the registry."""

    def lines(self) -> tuple[str, ...]:
        """One line a step, aligned, with its cause."""
        verb = self.direction.value
        steps = [
            *(
                (f"{verb} image", short_id(a.image), a.reference, "a service runs it")
                for a in self.release.artifacts
            ),
            (
                f"{verb} release",
                short_id(self.release.id),
                str(self.address),
                "it says which images belong together",
            ),
        ]
        width = max(len(name) for _, _, name, _ in steps)
        return tuple(f"{what:<12}  {digits}  {name:<{width}}  because {why}" for what, digits, name, why in steps)

    def text(self) -> str:
        """The title and the lines."""
        between = "to" if self.direction is Direction.PUSH else "from"
        title = f"{self.direction.value} {short_id(self.release.id)} {between} {self.address.name}"
        return "\n".join((title, *(f"  {line}" for line in self.lines())))


class Push(msgspec.Struct, frozen=True):
    """Where a release was pushed to, or pulled from, last."""

    release: str = ""
    """``REGISTRY/REPOSITORY@sha256:…``; empty where neither ever happened."""
    images: Mapping[str, str] = msgspec.field(default_factory=dict)
    """``REGISTRY/REPOSITORY@sha256:…`` by image (config digest)."""
    is_foreign: bool = msgspec.field(name="foreign", default=False)
    """Whether it was pulled and never frozen here."""
