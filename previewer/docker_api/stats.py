"""What a container uses of its machine, once a second, until its reader closes it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias

from msgspec import Struct

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.gathered_stream import LineReader
from previewer.docker_api.request import container_path, open_stream
from previewer.domain.engine.usage import UsageSample

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
