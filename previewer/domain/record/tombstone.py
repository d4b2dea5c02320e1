"""What is known of an environment that is gone: what it had, what it wrote last, what its removal freed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from previewer.domain.compose.definition import Role
from previewer.domain.engine.observation import Observation, ObservedContainer, ObservedVolume
from previewer.domain.json_value import JsonObject
from previewer.domain.naming import scope
from previewer.domain.stored import Instant, to_json

GENERATIONS_KEPT = 3
"""Tombstones of one environment that are kept: the newest."""


class FormerContainer(msgspec.Struct, frozen=True):
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
    """The size of its writable layer; ``None`` where the engine did not say it in time."""


class FormerVolume(msgspec.Struct, frozen=True):
    """A volume that is gone, with what it held."""

    name: str
    bytes: int | None = None
    """What it held; ``None`` where the engine did not say it in time."""
    snapshot: str = ""
    """The id of the snapshot that its data went back to; empty for none."""
    origin: str = ""
    """What it began with, for people."""


class LastLine(msgspec.Struct, frozen=True):
    """A line that a container wrote shortly before it was removed."""

    container: str
    service: str
    at: Instant | None
    text: str
    """The line, with the values of known secrets replaced."""
    is_error: bool = msgspec.field(name="error", default=False)
    """Whether it came from standard error."""


class Tombstone(msgspec.Struct, frozen=True):
    """An environment that is gone, as it was seen last."""

    environment: str
    generation: int
    """The newest one; what else there was of the environment is listed here too."""
    role: Role
    branch: str | None
    commit: str
    release: str
    owner: str
    created_at: Instant
    removed_at: Instant
    actor: str
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
        """The size of writable layers and volumes; ``None`` where one of them is not known."""
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
        volumes=tuple(_former_volume(volume, known.get(volume.name)) for volume in observed.volumes),
    )


def _former_volume(volume: ObservedVolume, size: int | None) -> FormerVolume:
    """One that shows layers holds nothing itself: what was written to it is in another volume."""
    return FormerVolume(volume.name, 0 if volume.layers else size, volume.snapshot, volume.origin)


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
    return {**to_json(tombstone), "bytes_freed": tombstone.bytes_freed}


def line_to_bytes(line: LastLine) -> bytes:
    """A last line as it is stored, with its time as exact as it is known, and whatever it holds as ASCII."""
    return json.dumps(msgspec.to_builtins(line)).encode()


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
    """Sorted by when they were written: an environment that is made again may begin with generation 1."""
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
