"""What is known of an environment that is gone: what it had, what it wrote last, what its removal freed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from previewer.domain.definition import Role
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.labels import format_time, parse_time
from previewer.domain.naming import scope
from previewer.domain.observation import Observation, ObservedContainer
from previewer.frozen import dataclass

GENERATIONS_KEPT = 3
"""Tombstones of one environment that are kept: the newest."""


@dataclass(frozen=True, slots=True)
class FormerContainer:
    """A container that is gone."""

    name: str
    service: str
    image: str
    """``sha256:…``."""
    state: str
    """The engine's word for what it was doing when it was removed."""
    exit_code: int | None
    ports: tuple[str, ...]
    """``127.0.0.1:20500->80/tcp``."""
    bytes: int | None = None
    """Of its writable layer; ``None`` where the engine did not say it in time."""


@dataclass(frozen=True, slots=True)
class FormerVolume:
    """A volume that is gone, with what it held."""

    name: str
    bytes: int | None = None
    """What it held; ``None`` where the engine did not say it in time."""


@dataclass(frozen=True, slots=True)
class LastLine:
    """A line that a container wrote shortly before it was removed."""

    container: str
    service: str
    at: datetime | None
    text: str
    """With the values of known secrets replaced."""
    is_error: bool
    """Whether it came from standard error."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An environment that is gone, as it was seen last."""

    environment: str
    generation: int
    """The newest one; what else there was of the environment is listed here too."""
    role: Role
    branch: str | None
    commit: str
    release: str
    owner: str
    """Who had made it."""
    created_at: datetime
    removed_at: datetime
    actor: str
    """Who removed it."""
    cause: str
    """Ends the sentence "removed because"."""
    containers: tuple[FormerContainer, ...]
    networks: tuple[str, ...]
    volumes: tuple[FormerVolume, ...]

    @property
    def name(self) -> str:
        """The name that its record has."""
        return scope(self.environment, self.generation)

    @property
    def bytes_freed(self) -> int | None:
        """Of writable layers and volumes; ``None`` where one of them is not known."""
        sizes = [*(c.bytes for c in self.containers), *(v.bytes for v in self.volumes)]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None


def make_tombstone(
    observed: Observation,
    *,
    removed_at: datetime,
    actor: str,
    cause: str,
    kept: Iterable[int] = (),
    sizes: Mapping[str, int] | None = None,
) -> Tombstone:
    """The tombstone of the one environment in ``observed``, which must not be empty.

    ``kept`` are its generations that were only kept to roll back to; ``sizes`` bytes by container and by volume.
    """
    known, aside = sizes or {}, frozenset(kept)
    owner = max(observed.owners, key=lambda owner: (owner.generation not in aside, owner.generation))
    return Tombstone(
        environment=owner.environment,
        generation=owner.generation,
        role=owner.role,
        branch=owner.branch,
        commit=owner.commit,
        release=owner.release,
        owner=owner.owner,
        created_at=owner.created_at,
        removed_at=removed_at.replace(microsecond=0),
        actor=actor,
        cause=cause,
        containers=tuple(_former(container, known.get(container.name)) for container in observed.containers),
        networks=tuple(network.name for network in observed.networks),
        volumes=tuple(FormerVolume(volume.name, known.get(volume.name)) for volume in observed.volumes),
    )


def join_tombstones(earlier: Tombstone, later: Tombstone) -> Tombstone:
    """The tombstone of a generation whose removal took two attempts: all that either of them saw."""
    containers = {former.name: former for former in (*later.containers, *earlier.containers)}
    volumes = {former.name: former for former in (*later.volumes, *earlier.volumes)}
    return replace(
        later,
        containers=tuple(containers[name] for name in sorted(containers)),
        networks=tuple(sorted({*earlier.networks, *later.networks})),
        volumes=tuple(volumes[name] for name in sorted(volumes)),
    )


def tombstone_to_json(tombstone: Tombstone) -> JsonObject:
    """The tombstone as it is stored and printed."""
    return {
        "environment": tombstone.environment,
        "generation": tombstone.generation,
        "role": tombstone.role.value,
        "branch": tombstone.branch,
        "commit": tombstone.commit,
        "release": tombstone.release,
        "owner": tombstone.owner,
        "created_at": format_time(tombstone.created_at),
        "removed_at": format_time(tombstone.removed_at),
        "actor": tombstone.actor,
        "cause": tombstone.cause,
        "bytes_freed": tombstone.bytes_freed,
        "containers": [_container_to_json(former) for former in tombstone.containers],
        "networks": list(tombstone.networks),
        "volumes": [{"name": former.name, "bytes": former.bytes} for former in tombstone.volumes],
    }


def tombstone_from_json(value: JsonObject) -> Tombstone:
    """Read what :func:`tombstone_to_json` wrote. Raises :class:`ValueError` or :class:`KeyError` otherwise."""
    return Tombstone(
        environment=as_text(value["environment"]),
        generation=_number(value["generation"]) or 0,
        role=Role(value["role"]),
        branch=as_text(value.get("branch")) or None,
        commit=as_text(value["commit"]),
        release=as_text(value["release"]),
        owner=as_text(value["owner"]),
        created_at=parse_time(as_text(value["created_at"])),
        removed_at=parse_time(as_text(value["removed_at"])),
        actor=as_text(value["actor"]),
        cause=as_text(value["cause"]),
        containers=tuple(_container_from_json(as_object(former)) for former in as_list(value["containers"])),
        networks=tuple(as_text(name) for name in as_list(value["networks"])),
        volumes=tuple(
            FormerVolume(as_text(former["name"]), _number(former.get("bytes")))
            for former in map(as_object, as_list(value["volumes"]))
        ),
    )


def line_to_json(line: LastLine) -> JsonObject:
    """A last line as it is stored: one object, short keys, for there are many."""
    return {
        "container": line.container,
        "service": line.service,
        "at": line.at.isoformat() if line.at else None,
        "text": line.text,
        "error": line.is_error,
    }


def line_from_json(value: JsonObject) -> LastLine:
    """Read what :func:`line_to_json` wrote. Raises :class:`ValueError` or :class:`KeyError` for other things."""
    at = as_text(value.get("at"))
    return LastLine(
        container=as_text(value["container"]),
        service=as_text(value["service"]),
        at=datetime.fromisoformat(at) if at else None,
        text=as_text(value["text"]),
        is_error=value.get("error") is True,
    )


def superseded_records(times: Mapping[str, datetime], environment: str) -> tuple[str, ...]:
    """Which of an environment's records (:attr:`Tombstone.name`) are not among the newest that are kept.

    ``times`` say when each of all records was written.
    """
    return tuple(_newest_first(times, environment)[GENERATIONS_KEPT:])


def newest_record(times: Mapping[str, datetime], environment: str) -> str | None:
    """The name of an environment's newest tombstone; ``times`` say when each of all records was written."""
    return next(iter(_newest_first(times, environment)), None)


def time_of_record(times: Mapping[str, datetime], environment: str, now: datetime) -> datetime:
    """When an environment's next record is to be written: after those in ``times``, whatever the clock says.

    In whole seconds, as records have them: a clock that was set back makes nothing older than what came before.
    """
    before = max((times[name] for name in _newest_first(times, environment)), default=None)
    return now if before is None else max(now, before + timedelta(seconds=1))


def _newest_first(times: Mapping[str, datetime], environment: str) -> list[str]:
    """By when they were written: one that is made again after it was gone may begin with generation 1 again."""
    theirs = []
    for name, at in times.items():
        before, _, generation = name.rpartition("-g")
        if before == environment and generation.isdecimal():
            theirs.append((at, int(generation), name))
    return [name for _at, _generation, name in sorted(theirs, reverse=True)]


def _former(container: ObservedContainer, size: int | None) -> FormerContainer:
    return FormerContainer(
        name=container.name,
        service=container.service,
        image=container.image,
        state=container.state.value,
        exit_code=container.exit_code,
        ports=tuple(f"{p.host_ip}:{p.host_port}->{p.target}/{p.protocol}" for p in container.ports if p.host_port),
        bytes=size,
    )


def _container_to_json(former: FormerContainer) -> JsonObject:
    return {
        "name": former.name,
        "service": former.service,
        "image": former.image,
        "state": former.state,
        "exit_code": former.exit_code,
        "ports": list(former.ports),
        "bytes": former.bytes,
    }


def _container_from_json(value: JsonObject) -> FormerContainer:
    return FormerContainer(
        name=as_text(value["name"]),
        service=as_text(value["service"]),
        image=as_text(value["image"]),
        state=as_text(value["state"]),
        exit_code=_number(value.get("exit_code")),
        ports=tuple(as_text(port) for port in as_list(value["ports"])),
        bytes=_number(value.get("bytes")),
    )


def _number(value: JsonValue) -> int | None:
    return value if isinstance(value, int) else None
