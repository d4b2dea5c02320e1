"""One service of a normalised definition, read through typed properties."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text


class Condition(Enum):
    """What a service waits for in another one before it starts (Compose Specification, ``depends_on``)."""

    STARTED = "service_started"
    HEALTHY = "service_healthy"
    COMPLETED = "service_completed_successfully"


class Dependency(Struct, frozen=True):
    """One entry of ``depends_on``."""

    service: str
    condition: Condition
    required: bool


class PortMapping(Struct, frozen=True):
    """One port that is to be reachable from outside the environment."""

    target: int
    """The port inside the container."""
    protocol: str
    """``tcp``, ``udp`` or ``sctp``."""
    published: str
    """The host port or range that was asked for; empty for any free one."""
    host_ip: str
    """The host address that was asked for; empty for the role's default."""


class BuildSection(Struct, frozen=True):
    """The ``build`` of a service; its paths are relative to the root of the commit's tree."""

    context: str
    dockerfile: str
    """Relative to the context."""
    dockerfile_inline: str | None
    target: str | None
    args: Mapping[str, str]
    spec: JsonObject
    """The whole section, for keys that have no property here."""


class Service(Struct, frozen=True):
    """A service's normalised Compose mapping; properties name what decisions need, ``spec`` has the rest."""

    name: str
    spec: JsonObject

    @property
    def image(self) -> str | None:
        """The image reference as written, or ``None`` for a service that is only built."""
        return as_text(self.spec.get("image")) or None

    @property
    def build(self) -> BuildSection | None:
        """How its image is built, or ``None`` where an image is named."""
        if self.spec.get("build") is None:
            return None
        spec = as_object(self.spec.get("build"))
        return BuildSection(
            context=as_text(spec.get("context"), "."),
            dockerfile=as_text(spec.get("dockerfile"), "Dockerfile"),
            dockerfile_inline=as_text(spec.get("dockerfile_inline")) or None,
            target=as_text(spec.get("target")) or None,
            args={key: str(value) for key, value in as_object(spec.get("args")).items() if value is not None},
            spec=spec,
        )

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        """What it waits for, sorted by service."""
        found = as_object(self.spec.get("depends_on"))
        return tuple(
            Dependency(
                service=name,
                condition=Condition(as_text(as_object(found[name]).get("condition"), Condition.STARTED.value)),
                required=as_object(found[name]).get("required") is not False,
            )
            for name in sorted(found)
        )

    @property
    def ports(self) -> tuple[PortMapping, ...]:
        """The published ports, in the order of the file."""
        return tuple(
            PortMapping(
                target=int(as_text(entry.get("target")) or str(entry.get("target"))),
                protocol=as_text(entry.get("protocol"), "tcp"),
                published=str(entry.get("published") or ""),
                host_ip=as_text(entry.get("host_ip")),
            )
            for entry in map(as_object, as_list(self.spec.get("ports")))
        )

    @property
    def networks(self) -> Mapping[str, JsonObject]:
        """The networks it joins and its settings there; empty with a ``network_mode``."""
        return {key: as_object(value) for key, value in as_object(self.spec.get("networks")).items()}

    @property
    def environment(self) -> Mapping[str, str | None]:
        """Its variables; ``None`` unsets one that the image has."""
        found = as_object(self.spec.get("environment"))
        return {key: None if value is None else str(value) for key, value in found.items()}

    @property
    def has_healthcheck(self) -> bool:
        """Whether the definition itself declares a health check (the image may have one too)."""
        check = as_object(self.spec.get("healthcheck"))
        return bool(check) and check.get("disable") is not True

    @property
    def replicas(self) -> int:
        """How many containers it has: ``scale``, else ``deploy.replicas``, else 1."""
        for value in (self.spec.get("scale"), as_object(self.spec.get("deploy")).get("replicas")):
            if isinstance(value, int):
                return value
        return 1


NEVER = "no"


def restart_text(policy: JsonValue) -> str:
    """The engine's restart policy as Compose spells it; ``no`` where there is none."""
    said = as_object(policy)
    name, count = as_text(said.get("Name")) or NEVER, said.get("MaximumRetryCount")
    return f"{name}:{count}" if count and name != NEVER else name


def restart_policy(text: str) -> JsonObject:
    """What :func:`restart_text` was made of. Raises :class:`ValueError` for a count that is no number."""
    name, _, count = text.partition(":")
    return {"Name": name, "MaximumRetryCount": int(count or "0")}
