"""What an engine's machine has, what containers and volumes take of it, and when the engine was started."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias

from msgspec import Struct

from previewer.background import begin
from previewer.docker_api.answers import Info, ListedContainer, Network, Volume, Volumes
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.engine_clock import read_timestamp
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.images import ListedImage
from previewer.docker_api.request import container_path, get, open_stream
from previewer.docker_api.streams import LineReader
from previewer.domain.engine.usage import UsageSample
from previewer.errors import ObjectNotFoundError


class MachineResources(Struct, frozen=True):
    """``None`` is unknown."""

    memory: int | None
    """Memory in bytes."""
    free_disk: int | None
    """Bytes that are free where the engine keeps images and volumes."""


def machine_resources(connection: DockerConnection) -> MachineResources:
    """Ask the engine, once; the disk is looked at each time, where it is this machine's."""
    info = connection.info
    return MachineResources(
        memory=info.mem_total if info.mem_total > 0 else None, free_disk=_free_disk(connection, info)
    )


def _free_disk(connection: DockerConnection, info: Info) -> int | None:
    """An engine in a virtual machine has a root folder too, but not here: its machine's name tells them apart."""
    folder = info.docker_root_dir
    is_here = connection.host.startswith("unix://") and info.name == os.uname().nodename
    if not folder or not is_here:
        return None
    try:
        found = os.statvfs(folder)  # what shutil would do, which brings all its compressions along
        return found.f_bavail * found.f_frsize
    except OSError:
        return None


class EngineLists(Struct, frozen=True):
    """What the engine's four lists say, in its own words."""

    containers: list[ListedContainer]
    """All containers, whatever made them and whatever their state."""
    networks: list[Network]
    volumes: list[Volume]
    images: list[ListedImage]


def list_everything(connection: DockerConnection) -> EngineLists:
    """All containers, networks, volumes and images, in four calls that are made at the same time."""
    networks, volumes, images = (
        begin(partial(get, connection, path), name="previewer-examine")
        for path in ("/networks", "/volumes", "/images/json")
    )
    with translate_errors("list what there is", subject=connection.host):
        return EngineLists(
            containers=get(connection, "/containers/json", {"all": "1"}).read_list(ListedContainer),
            networks=networks.result().read_list(Network),
            volumes=volumes.result().read(Volumes).volumes or [],
            images=images.result().read_list(ListedImage),
        )


KINDS_SINCE = (1, 42)
"""The API that can be asked for volumes alone."""
DISK_PATIENCE = 3600.0
"""Seconds that an engine may take to count the files of all its volumes."""


def container_sizes(connection: DockerConnection, labels: Sequence[str]) -> Mapping[str, int]:
    """The bytes of the writable layers of containers with all of ``labels`` (``key=value``), by name."""
    with translate_errors("measure containers", subject=connection.host):
        parameters = {"all": "1", "size": "1", "filters": json.dumps({"label": list(labels)})}
        entries = get(connection, "/containers/json", parameters).read_list(ListedContainer)
    return {entry.name: max(entry.size_rw, 0) for entry in entries if entry.names}


def volume_sizes(connection: DockerConnection) -> Mapping[str, int]:
    """The bytes of all volumes of the engine, by name; without those that it cannot say it of."""
    parameters = {"type": "volume"} if connection.api_version >= KINDS_SINCE else {}
    with translate_errors("measure volumes", subject=connection.host):
        found = get(connection, "/system/df", parameters, patience=DISK_PATIENCE).read(Volumes)
    sizes = {volume.name: volume.usage_data.size for volume in found.volumes or () if volume.usage_data}
    return {name: size for name, size in sizes.items() if size >= 0}


def engine_started(connection: DockerConnection) -> datetime | None:
    """When the engine began to serve, on our clock; ``None`` without the default network, which tells.

    An engine that comes back after a crash stops the containers that it finds running, and tells of it as of
    any stop. Then it recreates its default network, and only then accepts connections. One that lets
    containers live on leaves that network alone.
    """
    if connection.is_podman:
        return None
    try:
        with translate_errors("ask when it was started", subject=connection.host):
            found = get(connection, "/networks/bridge").read(Network)
    except ObjectNotFoundError:
        return None
    created = read_timestamp(found.created)
    return connection.clock.ours(created) if created else None


_NO_LIMIT = 1 << 60
"""Engines say a number that no machine has, or the machine's memory, for a container without a limit."""

Count: TypeAlias = int | float


class _MemoryDetails(Struct, frozen=True):
    inactive_file: Count | None = None
    """By control groups 2."""
    total_inactive_file: Count = 0
    """By control groups 1."""


class _Memory(Struct, frozen=True):
    usage: Count | None = None
    limit: Count = 0
    stats: _MemoryDetails | None = None


class _CpuTime(Struct, frozen=True):
    total_usage: Count = 0


class _Cpu(Struct, frozen=True):
    """Nanoseconds of the container, and of all cores together."""

    cpu_usage: _CpuTime = _CpuTime()
    system_cpu_usage: Count = 0
    online_cpus: Count = 0


class _Traffic(Struct, frozen=True):
    rx_bytes: Count = 0
    tx_bytes: Count = 0


class Stats(Struct, frozen=True):
    """An object of ``GET /containers/NAME/stats``."""

    memory_stats: _Memory = _Memory()
    cpu_stats: _Cpu = _Cpu()
    precpu_stats: _Cpu = _Cpu()
    networks: dict[str, _Traffic] | None = None


def open_stats(connection: DockerConnection, name: str) -> LineReader[Stats, UsageSample]:
    """Ask for a running container's samples; one that ends gives no more."""
    with translate_errors("read what it uses", subject=name):
        stream = open_stream(connection, container_path(name, "/stats"), {"stream": "true"})
    return LineReader(stream, Stats, partial(read_sample, name))


def read_sample(container: str, entry: Stats) -> UsageSample | None:
    """A sample; ``None`` for the empty ones of a container that has ended."""
    memory = entry.memory_stats
    if memory.usage is None:
        return None
    details = memory.stats or _MemoryDetails()
    droppable = details.total_inactive_file if details.inactive_file is None else details.inactive_file
    return UsageSample(
        container=container,
        at=datetime.now(UTC),
        cpu=_cores(entry.cpu_stats, entry.precpu_stats),
        memory=max(0, int(memory.usage - droppable)),
        memory_limit=int(memory.limit) if 0 < memory.limit < _NO_LIMIT else 0,
        received=int(sum(one.rx_bytes for one in (entry.networks or {}).values())),
        sent=int(sum(one.tx_bytes for one in (entry.networks or {}).values())),
    )


def _cores(now: _Cpu, before: _Cpu) -> float:
    """Cores in use between two looks."""
    if now.system_cpu_usage <= before.system_cpu_usage or not before.system_cpu_usage:
        return 0.0
    used = max(0, now.cpu_usage.total_usage - before.cpu_usage.total_usage)
    return used / (now.system_cpu_usage - before.system_cpu_usage) * (now.online_cpus or 1)
