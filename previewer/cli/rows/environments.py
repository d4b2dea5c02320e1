"""Environments and their services, and what became of them: lifetimes, sleep, removal."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct, convert

from previewer.cli.rows.cells import show_age, show_id, show_sign, show_time_left, timestamp
from previewer.domain.engine.observation import told_data
from previewer.domain.environment.environment import Environment, PortUrl, ServiceStatus
from previewer.domain.json_value import JsonObject, JsonValue, entries_at
from previewer.domain.units import format_memory
from previewer.present.tables import ABSENT, Column
from previewer.present.values import Span, Tone

if TYPE_CHECKING:
    from previewer.operations.down import DownResult
    from previewer.operations.extend import ExtendResult
    from previewer.operations.sleep import SleepResult


def lifetime_columns(now: datetime) -> tuple[Column, ...]:
    """The columns of ``previewer extend`` and ``previewer pin``."""
    return (
        Column("environment", "ENVIRONMENT", gives_way=True),
        Column("expires_at", "TTL", show=show_time_left(now)),
        Column("before", "BEFORE", show=show_time_left(now)),
        Column("pinned", "PINNED"),
    )


def lifetime_row(result: ExtendResult) -> JsonObject:
    """One environment; ``null`` for one that never expires."""
    return {
        "environment": result.environment.name,
        "expires_at": timestamp(result.environment.expires_at),
        "before": timestamp(result.before.expires_at),
        "pinned": result.environment.notes.pinned,
        "changed": result.changed,
    }


def environment_columns(
    now: datetime, *, names_project: bool = False, has_marks: bool = False
) -> tuple[Column, ...]:
    """The columns of ``previewer ls``; ``has_marks``: whether any environment has a mark."""
    return (
        Column("environment", "ENVIRONMENT", gives_way=True),
        *((Column("project", "PROJECT", gives_way=True, spare=2),) if names_project else ()),
        Column("role", "ROLE", spare=1),
        Column("state", "STATE", show=show_sign),
        Column("url", "URL"),
        Column("branch", "BRANCH", gives_way=True, spare=3),
        Column("commit", "COMMIT", show=show_id, spare=4),
        Column("created_at", "AGE", show=show_age(now), spare=2),
        Column("expires_at", "TTL", show=show_time_left(now), spare=1),
        *((Column("marks", "MARKS", spare=1),) if has_marks else ()),
    )


def detail_columns(
    now: datetime, *, has_marks: bool = False, has_data: bool = False, has_requests: bool = False
) -> tuple[Column, ...]:
    """The columns of the head of ``previewer status``."""
    return (
        *environment_columns(now, has_marks=has_marks),
        Column("release", "RELEASE", show=show_id),
        Column("generation", "GENERATION"),
        Column("owner", "OWNER"),
        *((Column("data", "DATA", show=_show_data),) if has_data else ()),
        *((Column("requests_per_minute", "REQUESTS/MIN"),) if has_requests else ()),
    )


class DataRow(Struct, frozen=True):
    """One of :func:`data_rows`."""

    volume: str
    origin: str | None
    snapshot: str | None
    environment: str = ""

    @property
    def text(self) -> str:
        """``db-data: seed db (3f2a91c4b0de)``."""
        return told_data(self.volume, self.origin or "", self.snapshot or "")


def _show_data(value: JsonValue) -> Span:
    """``db-data: seed db (3f2a91c4b0de)``, for each volume."""
    return Span(", ".join(row.text for row in convert(value, tuple[DataRow, ...])))


def service_columns(*, has_nodes: bool = False) -> tuple[Column, ...]:
    """The columns of the services in ``previewer status``; a swarm has several nodes."""
    return (
        Column("service", "SERVICE", gives_way=True),
        Column("state", "STATE", show=show_sign),
        Column("containers", "CONTAINERS", spare=2),
        *((Column("nodes", "NODES"),) if has_nodes else ()),
        Column("exit_codes", "EXIT", spare=1),
        Column("image", "IMAGE", show=show_id, spare=3),
        Column("ports", "PORTS", show=_show_ports),
    )


def _show_ports(value: JsonValue) -> Span:
    """``8080 → http://127.0.0.1:20080``, for each port in the container."""
    return Span(", ".join(f"{entry['port']} → {entry['url']}" for entry in entries_at(value)) or ABSENT)


def url_columns() -> tuple[Column, ...]:
    """Of what ``previewer up`` prints in the end."""
    return (Column("service", "SERVICE", gives_way=True), Column("port", "PORT"), Column("url", "URL"))


def environment_row(environment: Environment) -> JsonObject:
    """An environment without its services."""
    ownership = environment.ownership
    return {
        "environment": environment.name,
        "project": ownership.project,
        "role": environment.role.value,
        "state": environment.state.value,
        "url": environment.url,
        "branch": ownership.branch,
        "commit": ownership.commit,
        "release": ownership.release,
        "generation": ownership.generation,
        "owner": ownership.owner,
        "created_at": timestamp(environment.created_at),
        "expires_at": timestamp(environment.expires_at),
        "asleep_since": timestamp(environment.notes.asleep_since),
        "pinned": environment.notes.pinned,
        "tainted": environment.notes.tainted or None,
        "marks": list(marks_of(environment)),
        "data": data_rows(environment),
    }


def data_rows(environment: Environment) -> list[JsonObject]:
    """What each volume that began with data, or whose data outlives the generation, is."""
    return [
        {
            "volume": volume.key,
            "origin": volume.origin or None,
            "snapshot": volume.snapshot or None,
            "lifetime": "environment" if volume.outlives else "generation",
        }
        for volume in environment.data
    ]


def marks_of(environment: Environment) -> tuple[str, ...]:
    """What is to be known of an environment besides its state, in a word each."""
    notes = environment.notes
    kept = f"{len(notes.kept)} kept" if notes.kept else ""
    states = {"tainted": notes.tainted, "pinned": notes.pinned, "shared": notes.shares}
    return tuple(filter(None, (*(mark for mark, is_so in states.items() if is_so), kept)))


def nodes_of(service: ServiceStatus) -> tuple[str, ...]:
    """The names of the nodes that a service is on; none on a single engine."""
    return tuple(dict.fromkeys(container.node for container in service.containers if container.node))


def service_row(service: ServiceStatus) -> JsonObject:
    """A service of an environment."""
    return {
        "service": service.name,
        "state": service.state.value,
        "containers": len(service.containers),
        **({"nodes": list(nodes)} if (nodes := nodes_of(service)) else {}),
        "exit_codes": [c.exit_code for c in service.containers if c.exit_code is not None],
        "image": service.image,
        "urls": list(service.urls),
        "ports": [{"port": port.port, "url": port.url} for port in service.ports],
    }


def url_rows(environment: Environment) -> tuple[JsonObject, ...]:
    """Every URL with its service and the port in its container, the main one first."""
    return tuple(
        {"service": service, "port": port.port, "url": port.url, "address": port.address or None}
        for service, port in named_ports(environment)
    )


def named_ports(environment: Environment) -> tuple[tuple[str, PortUrl], ...]:
    """Every port with its service, the main one first."""
    services = {port: service.name for service in environment.services for port in service.ports}
    return tuple((services[port], port) for port in environment.ports)


def urls_by_service(environment: Environment) -> JsonObject:
    """The URLs of every service that has some."""
    urls: dict[str, list[JsonValue]] = {}
    for service, port in named_ports(environment):
        urls.setdefault(service, []).append(port.url)
    return {service: urls[service] for service in sorted(urls)}


SLEEP_COLUMNS = (Column("environment", "ENVIRONMENT", gives_way=True), Column("result", "RESULT"))
"""The columns of ``previewer sleep``."""


def sleep_rows(result: SleepResult) -> tuple[JsonObject, ...]:
    """Every environment that was named."""
    return (
        *({"environment": name, "result": "asleep"} for name in result.environments),
        *({"environment": name, "result": "asleep already"} for name in result.already_asleep),
    )


def removal_columns() -> tuple[Column, ...]:
    """The columns of ``previewer down``."""
    return (
        Column("environment", "ENVIRONMENT", gives_way=True),
        Column("result", "RESULT"),
        Column("bytes_freed", "FREED", show=show_bytes),
    )


def removal_rows(result: DownResult) -> tuple[JsonObject, ...]:
    """Every environment that was named."""
    freed = {stone.environment: stone.bytes_freed for stone in result.tombstones}
    return (
        *(_row(name, "removed", freed.get(name)) for name in result.environments),
        *(_row(name, "already gone", 0) for name in result.already_gone),
    )


def _row(name: str, result: str, freed: int | None) -> JsonObject:
    return {"environment": name, "result": result, "bytes_freed": freed}


def show_bytes(value: JsonValue) -> Span:
    """``12.3 MiB``; ``unknown`` where the engine did not say it."""
    return Span(format_memory(value)) if isinstance(value, int) else Span("unknown", Tone.QUIET)
