"""What a container uses of its machine, once a second, until its reader closes it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.gathered_stream import LineReader
from previewer.docker_api.request import container_path, open_stream
from previewer.domain.engine.usage import UsageSample
from previewer.domain.json_value import JsonObject, JsonValue, as_object

_NO_LIMIT = 1 << 60
"""Engines say a number that no machine has, or the machine's memory, for a container without a limit."""


def open_stats(connection: DockerConnection, name: str) -> LineReader[UsageSample]:
    """Ask for a running container's samples; one that ends gives no more."""
    with translate_errors("read what it uses", subject=name):
        stream = open_stream(connection, container_path(name, "/stats"), {"stream": "true"})
    return LineReader(stream, partial(read_sample, name))


def read_sample(container: str, entry: JsonObject) -> UsageSample | None:
    """One object of ``GET /containers/NAME/stats``; ``None`` for the empty ones of a container that has ended."""
    memory, networks = as_object(entry.get("memory_stats")), as_object(entry.get("networks"))
    if "usage" not in memory:
        return None
    details = as_object(memory.get("stats"))
    droppable = _count(details.get("inactive_file", details.get("total_inactive_file")))  # cgroups 2, 1
    limit = _count(memory.get("limit"))
    return UsageSample(
        container=container,
        at=datetime.now(UTC),
        cpu=_cpu(as_object(entry.get("cpu_stats")), as_object(entry.get("precpu_stats"))),
        memory=max(0, _count(memory.get("usage")) - droppable),
        memory_limit=limit if 0 < limit < _NO_LIMIT else 0,
        received=sum(_count(as_object(one).get("rx_bytes")) for one in networks.values()),
        sent=sum(_count(as_object(one).get("tx_bytes")) for one in networks.values()),
    )


def _cpu(now: JsonObject, before: JsonObject) -> float:
    """Cores in use between two looks. Engines tell nanoseconds of the container and of all cores together."""
    used = _count(as_object(now.get("cpu_usage")).get("total_usage"))
    used_before = _count(as_object(before.get("cpu_usage")).get("total_usage"))
    system, system_before = _count(now.get("system_cpu_usage")), _count(before.get("system_cpu_usage"))
    if system <= system_before or not system_before:
        return 0.0
    return max(0, used - used_before) / (system - system_before) * (_count(now.get("online_cpus")) or 1)


def _count(value: JsonValue) -> int:
    return int(value) if isinstance(value, int | float) else 0
