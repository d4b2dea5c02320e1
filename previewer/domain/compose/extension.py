"""``x-previewer``, the keys of a definition that are previewer's own, as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from previewer.domain.json_value import JsonObject
from previewer.domain.stored import convert
from previewer.domain.units import parse_duration_seconds
from previewer.errors import DefinitionError

KEY = "x-previewer"
Quantity = str | int | float | None
"""Such as ``512m`` or 1.5; ``None`` where nothing is said."""


class OwnLimits(Struct, frozen=True):
    """What containers of services without limits of their own may use."""

    memory: Quantity = None
    cpus: Quantity = None
    pids: Quantity = None


class Freezing(Struct, frozen=True):
    """How images are built."""

    args: Mapping[str, str | bool | int | float] = {}
    """Build arguments for every service."""
    encrypted_files: bool = False
    """Whether contexts may have files that git-crypt or the like has encrypted."""


class PolicyRequest(Struct, frozen=True):
    """What the definition needs that is refused by default."""

    request: tuple[str, ...] = ()
    """Names of rules."""


class DeclaredRoute(Struct, frozen=True):
    """A port that gets a URL."""

    service: str
    port: int | str
    name: str = ""
    host: str = ""
    path: str = ""
    host_header: str = ""
    tcp: bool = False


class DeclaredAllowance(Struct, frozen=True):
    """A difference to other environments that is meant to be."""

    path: str
    reason: str = ""
    against: str = ""


class ProbeRequest(Struct, frozen=True):
    """One request that is sent to two environments, to compare what they answer."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = {}
    body: str = ""
    service: str = ""
    """Empty for the environment's main URL."""
    port: int | None = None
    """The service's port in its container; ``None`` for its first."""

    def __str__(self) -> str:
        return f"{self.method} {self.service + ':' if self.service else ''}{self.path}"


class IgnoredParts(Struct, frozen=True):
    """What of two answers may differ."""

    headers: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


class DeclaredProbe(Struct, frozen=True):
    """What both environments are asked."""

    requests: tuple[str | ProbeRequest, ...] = ()
    """A text is the path of a GET request."""
    ignore: IgnoredParts = IgnoredParts()
    slower: float | None = None


class ParityRules(Struct, frozen=True):
    """What comparisons take for granted, and what they ask of what runs."""

    allow: tuple[DeclaredAllowance, ...] = ()
    probe: DeclaredProbe = DeclaredProbe()


class DeclaredJob(Struct, frozen=True):
    """A service that works on data and ends: a seed, or the mask."""

    run: str
    """The service."""
    volumes: tuple[str, ...] = ()
    command: Any = None
    """A command as in ``services``; ``None`` for the service's own."""
    sources: tuple[str, ...] = field(default=(), name="from")
    incremental: bool = False


class DataRules(Struct, frozen=True):
    """How data of what runs may be used elsewhere."""

    mask: DeclaredJob | None = None


class Extension(Struct, frozen=True):
    """The keys that decide how a definition is run."""

    ttl: str = ""
    """``90m 10h 5d 1d12h never``; empty for the role's."""
    immutability: Literal["enforce", "detect", "off"] = "detect"
    egress: bool = True
    """Whether its services may reach other machines."""
    writable: Mapping[str, tuple[str, ...]] = {}
    """By service, the directories that may be written to."""
    await_ports: Literal[False] | Mapping[str, tuple[int, ...]] = {}
    """By service, the ports that have to accept connections; ``False`` for none."""
    settle: str = ""
    """How long a service has to run where nothing else says that it works; empty for the setting's."""
    limits: OwnLimits = field(default_factory=OwnLimits)
    freeze: Freezing = field(default_factory=Freezing)
    policy: PolicyRequest = field(default_factory=PolicyRequest)
    parity: ParityRules = field(default_factory=ParityRules)
    routes: tuple[DeclaredRoute, ...] = ()
    seeds: Mapping[str, DeclaredJob] = {}
    data: DataRules = DataRules()
    lifetime: Mapping[str, str] = {}
    """By volume, ``generation`` or ``environment``."""

    @property
    def settle_seconds(self) -> float | None:
        """:attr:`settle`; ``None`` where it says nothing."""
        return parse_duration_seconds(self.settle) if self.settle else None


def read_extension(value: JsonObject, *, where: str) -> Extension:
    """``x-previewer`` of a model. Raises :class:`DefinitionError` that names the key of a wrong type."""
    written = {key: inner for key, inner in value.items() if inner is not None}
    try:
        return convert(written, Extension)
    except ValueError as error:
        raise DefinitionError(f"{KEY}.{error}", where=where) from error
