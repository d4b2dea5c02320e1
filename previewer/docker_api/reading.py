"""What engines say of containers, as domain values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from previewer.docker_api.answers import Container, Labels, ListedContainer, Mount, PortBindings, RawContainer
from previewer.docker_api.engine_clock import EngineClock, read_timestamp
from previewer.domain.compose.service import restart_text
from previewer.domain.drift.fields import Fields
from previewer.domain.engine.examination import ExaminedContainer, Stranger
from previewer.domain.engine.observation import (
    ContainerDetail,
    ContainerState,
    Health,
    ObservedContainer,
    PublishedPort,
)
from previewer.domain.json_value import JsonObject
from previewer.domain.labels import (
    COMPOSE_NUMBER,
    COMPOSE_ONEOFF,
    ROUTER,
    read_memory,
    read_names,
    read_ownership,
    read_routes,
)
from previewer.domain.naming import named_digest

_HEALTH_IN_STATUS = re.compile(r"\((?:health: )?(starting|healthy|unhealthy)\)")
_EXIT_IN_STATUS = re.compile(r"^Exited \((-?\d+)\)")
ENDED = (ContainerState.EXITED, ContainerState.DEAD)


class InspectedContainer(Struct, frozen=True):
    """What an inspection says of a container."""

    detail: ContainerDetail
    has_terminal: bool
    """Whether it has a terminal: its log is then one stream without frames."""
    labels: dict[str, str]
    id: str = ""
    process: int = 0
    """The number of its first process on the engine's machine; 0 where it does not run."""
    grace: int | None = None
    """Seconds that its definition gives it to end; ``None`` where it says nothing."""


def read_listed(entry: ListedContainer, clock: EngineClock) -> ObservedContainer | None:
    """A listed container; ``None`` if it is not ours.

    The list has everything that an observation needs, so that nothing is inspected one by one: health and exit
    code stand in the text of its status (``Up 3 seconds (healthy)``, ``Exited (1) 2 minutes ago``).
    """
    labels = entry.labels or {}
    ownership = read_ownership(labels)
    if ownership is None:
        return None
    state = read_state(entry.state)
    return ObservedContainer(
        id=entry.id,
        name=entry.name,
        number=_number(labels),
        image=named_digest(entry.image) or entry.image_id,
        state=state,
        health=health_in_status(entry.status) if state is ContainerState.RUNNING else Health.NONE,
        exit_code=exit_code_in_status(entry.status) if state in ENDED else None,
        created_at=clock.ours(datetime.fromtimestamp(entry.created, UTC)),
        ports=_sorted(
            PublishedPort(
                target=port.private_port, protocol=port.type, host_ip=port.ip, host_port=port.public_port
            )
            for port in entry.ports or ()
            if port.public_port
        ),
        ownership=ownership,
        routes=read_routes(labels),
        memory=read_memory(labels),
        is_one_off=labels.get(COMPOSE_ONEOFF) == "True",
        networks=tuple((entry.network_settings and entry.network_settings.networks) or ()),
        volumes=tuple(mount.name for mount in entry.mounts or () if mount.type == "volume"),
        names=read_names(labels),
        router=labels.get(ROUTER, ""),
    )


def read_inspected(entry: Container) -> InspectedContainer:
    """An inspected container."""
    found, host = entry.state, entry.host_config
    state = read_state(found.status)
    is_judged = found.health is not None and state is ContainerState.RUNNING
    detail = ContainerDetail(
        state=state,
        health=read_health(found.health.status) if found.health and is_judged else Health.NONE,
        exit_code=found.exit_code if state in (*ENDED, ContainerState.RESTARTING) else None,
        out_of_memory=found.oom_killed,
        error=found.error,
        health_log=tuple(
            f"{run.exit_code}: {run.output.strip()}" for run in (found.health and found.health.log) or ()
        ),
        ports=_held_ports(entry.network_settings.ports),
        memory=max(host.memory, 0),
        pids=max(host.pids_limit or 0, 0),
        restarts=entry.restart_count,
        restart_policy=restart_text(host.restart_policy),
    )
    return InspectedContainer(
        detail,
        entry.config.tty,
        entry.config.labels or {},
        id=entry.id,
        process=found.pid,
        grace=entry.config.stop_timeout or None,
    )


def read_state(word: str) -> ContainerState:
    """The engine's word for a state. Podman's words that Docker has not mean one that has ended or will soon."""
    try:
        return ContainerState(word)
    except ValueError:
        return ContainerState.CREATED if word in ("configured", "initialized") else ContainerState.EXITED


def read_health(word: str) -> Health:
    """The engine's word for a verdict; none for a word that is not known."""
    try:
        return Health(word)
    except ValueError:
        return Health.NONE


def health_in_status(status: str) -> Health:
    """The verdict in a status text: ``Up 2 seconds (health: starting)``."""
    found = _HEALTH_IN_STATUS.search(status)
    return Health(found[1]) if found else Health.NONE


def exit_code_in_status(status: str) -> int | None:
    """The exit code in a status text: ``Exited (137) 5 minutes ago``."""
    found = _EXIT_IN_STATUS.match(status)
    return int(found[1]) if found else None


def _held_ports(held: PortBindings) -> tuple[PublishedPort, ...]:
    """The same of an inspection."""
    return _sorted(
        PublishedPort(
            target=int(target) if (target := key.partition("/")[0]).isdecimal() else 0,
            protocol=key.partition("/")[2] or "tcp",
            host_ip=binding.host_ip,
            host_port=binding.host_number,
        )
        for key, bindings in (held or {}).items()
        for binding in bindings or ()
    )


def _sorted(ports: Iterator[PublishedPort]) -> tuple[PublishedPort, ...]:
    return tuple(sorted(ports, key=lambda port: (port.target, port.protocol, port.host_ip, port.host_port)))


def _number(labels: Mapping[str, str]) -> int:
    number = labels.get(COMPOSE_NUMBER, "1")
    return int(number) if number.isdecimal() else 1


def has_labels(labels: Labels, wanted: Iterable[str]) -> bool:
    """Whether labels are among them that say each of ``wanted`` (``key=value``).

    Podman lists volumes that bear any of the labels asked for, Docker those that bear all.
    """
    said = labels or {}
    return all(said.get(key) == text for key, _, text in (label.partition("=") for label in wanted))


OTHERS = "container:"
"""Before the id of the container whose namespace is joined."""
NEVER = datetime(1, 1, 1, tzinfo=UTC)


def read_examined(entry: Container, fields: Fields, clock: EngineClock) -> ExaminedContainer | None:
    """An inspected container, with its normal form; ``None`` if it is not ours."""
    labels, state = entry.config.labels or {}, read_state(entry.state.status)
    ownership = read_ownership(labels)
    if ownership is None:
        return None
    created, started = read_timestamp(entry.created), read_timestamp(entry.state.started_at)
    return ExaminedContainer(
        id=entry.id,
        name=entry.name.lstrip("/"),
        number=_number(labels),
        ownership=ownership,
        is_one_off=labels.get(COMPOSE_ONEOFF) == "True",
        state=state,
        exit_code=entry.state.exit_code if state in ENDED else None,
        created_at=clock.ours(created) if created else NEVER,
        started_at=clock.ours(started) if started else None,
        restarts=entry.restart_count,
        out_of_memory=entry.state.oom_killed,
        commands=len(entry.exec_ids or ()),
        fields=fields,
        volumes=_volumes(entry.mounts),
        mounted=frozenset(
            {mount.destination for mount in entry.mounts or ()} | set(entry.host_config.tmpfs or ())
        ),
        host_ports={
            port: tuple(
                int(one.host_port) for one in bindings or () if one.host_port.isdecimal() and int(one.host_port)
            )
            for port, bindings in (entry.host_config.port_bindings or {}).items()
        },
        names=read_names(labels),
    )


def read_stranger(entry: ListedContainer, inspected: Container | None) -> Stranger:
    """A foreign container, as listed; an inspection tells of more namespaces than a list does."""
    endpoints = (entry.network_settings and entry.network_settings.networks) or {}
    host = inspected.host_config if inspected else entry.host_config
    joined = {"network": host.network_mode, "pid": host.pid_mode, "ipc": host.ipc_mode} if host else {}
    return Stranger(
        id=entry.id,
        name=entry.name,
        image=entry.image,
        networks=frozenset(endpoint.network_id if endpoint else "" for endpoint in endpoints.values()),
        volumes=_volumes(entry.mounts),
        sources=frozenset(mount.source for mount in entry.mounts or ()),
        shares={what: mode.removeprefix(OTHERS) for what, mode in joined.items() if mode.startswith(OTHERS)},
    )


def _volumes(mounts: list[Mount] | None) -> frozenset[str]:
    return frozenset(mount.name for mount in mounts or () if mount.type == "volume")


def shaped_as_body(entry: RawContainer) -> JsonObject:
    """An inspection in the shape of a create body."""
    config = entry.config or {}
    named = str(config.get("Image", ""))
    return {
        **config,
        # Made by its digest, it is that image, whatever this engine calls it by.
        "Image": named if named.startswith("sha256:") or named_digest(named) else entry.image,
        "HostConfig": entry.host_config,
        "NetworkingConfig": {"EndpointsConfig": entry.network_settings.networks},
    }
