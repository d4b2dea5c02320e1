"""What engines say of containers, networks and volumes, as domain values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from msgspec import Struct

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
from previewer.domain.json_value import JsonObject, JsonValue, as_integer, as_list, as_object, as_text
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


def read_listed(entry: JsonObject, clock: EngineClock) -> ObservedContainer | None:
    """A container of ``GET /containers/json``; ``None`` if it is not ours.

    The list has everything that an observation needs, so that nothing is inspected one by one: health and exit
    code stand in the text of its status (``Up 3 seconds (healthy)``, ``Exited (1) 2 minutes ago``).
    """
    labels = read_labels(entry.get("Labels"))
    ownership = read_ownership(labels)
    if ownership is None:
        return None
    state, status = read_state(entry.get("State")), as_text(entry.get("Status"))
    number = labels.get(COMPOSE_NUMBER, "1")
    return ObservedContainer(
        id=as_text(entry.get("Id")),
        name=own_name(entry),
        number=int(number) if number.isdecimal() else 1,
        image=named_digest(as_text(entry.get("Image"))) or as_text(entry.get("ImageID")),
        state=state,
        health=health_in_status(status) if state is ContainerState.RUNNING else Health.NONE,
        exit_code=exit_code_in_status(status) if state in ENDED else None,
        created_at=clock.ours(datetime.fromtimestamp(as_integer(entry.get("Created")), UTC)),
        ports=read_ports(entry.get("Ports")),
        ownership=ownership,
        routes=read_routes(labels),
        memory=read_memory(labels),
        is_one_off=labels.get(COMPOSE_ONEOFF) == "True",
        networks=tuple(as_object(as_object(entry.get("NetworkSettings")).get("Networks"))),
        volumes=tuple(
            as_text(mount.get("Name"))
            for mount in map(as_object, as_list(entry.get("Mounts")))
            if mount.get("Type") == "volume"
        ),
        names=read_names(labels),
        router=labels.get(ROUTER, ""),
    )


def read_inspected(entry: JsonObject) -> InspectedContainer:
    """A container of ``GET /containers/NAME/json``."""
    found, config = as_object(entry.get("State")), as_object(entry.get("Config"))
    state, health = read_state(found.get("Status")), as_object(found.get("Health"))
    host = as_object(entry.get("HostConfig"))
    detail = ContainerDetail(
        state=state,
        health=read_health(health.get("Status")) if state is ContainerState.RUNNING else Health.NONE,
        exit_code=as_integer(found.get("ExitCode")) if state in (*ENDED, ContainerState.RESTARTING) else None,
        out_of_memory=found.get("OOMKilled") is True,
        error=as_text(found.get("Error")),
        health_log=tuple(_health_line(as_object(run)) for run in as_list(health.get("Log"))),
        ports=read_held_ports(as_object(as_object(entry.get("NetworkSettings")).get("Ports"))),
        memory=max(as_integer(host.get("Memory")), 0),
        pids=max(as_integer(host.get("PidsLimit")), 0),
        restarts=as_integer(entry.get("RestartCount")),
        restart_policy=restart_text(host.get("RestartPolicy")),
    )
    return InspectedContainer(
        detail,
        config.get("Tty") is True,
        read_labels(config.get("Labels")),
        id=as_text(entry.get("Id")),
        process=as_integer(found.get("Pid")),
        grace=as_integer(config.get("StopTimeout")) or None,
    )


def own_name(entry: JsonObject) -> str:
    """The name of a listed container: links add names such as ``/other/alias``, its own one has a single slash."""
    names = [as_text(name).lstrip("/") for name in as_list(entry.get("Names"))]
    return next((name for name in names if "/" not in name), names[0] if names else "")


def read_state(value: JsonValue) -> ContainerState:
    """The engine's word for a state. Podman's words that Docker has not mean one that has ended or will soon."""
    try:
        return ContainerState(as_text(value))
    except ValueError:
        return {"configured": ContainerState.CREATED, "initialized": ContainerState.CREATED}.get(
            as_text(value), ContainerState.EXITED
        )


def read_health(value: JsonValue) -> Health:
    """The engine's word for a verdict; none for a word that is not known."""
    try:
        return Health(as_text(value))
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


def read_ports(value: JsonValue) -> tuple[PublishedPort, ...]:
    """The published ones of a container's ports, sorted."""
    ports = [
        PublishedPort(
            target=as_integer(entry.get("PrivatePort")),
            protocol=as_text(entry.get("Type"), "tcp"),
            host_ip=as_text(entry.get("IP")),
            host_port=as_integer(entry.get("PublicPort")),
        )
        for entry in map(as_object, as_list(value))
        if entry.get("PublicPort")
    ]
    return tuple(sorted(ports, key=lambda port: (port.target, port.protocol, port.host_ip, port.host_port)))


def read_held_ports(value: JsonObject) -> tuple[PublishedPort, ...]:
    """The same of ``NetworkSettings.Ports`` of an inspection: bindings by ``8080/tcp``."""
    ports = [
        PublishedPort(
            target=int(target) if (target := key.partition("/")[0]).isdecimal() else 0,
            protocol=key.partition("/")[2] or "tcp",
            host_ip=as_text(binding.get("HostIp")),
            host_port=int(number) if (number := as_text(binding.get("HostPort"))).isdecimal() else 0,
        )
        for key, bindings in value.items()
        for binding in map(as_object, as_list(bindings))
    ]
    return tuple(sorted(ports, key=lambda port: (port.target, port.protocol, port.host_ip, port.host_port)))


def read_labels(value: JsonValue) -> dict[str, str]:
    """Labels; null means none."""
    return {key: as_text(text) for key, text in as_object(value).items()}


def has_labels(value: JsonValue, wanted: Iterable[str]) -> bool:
    """Whether labels are among them that say each of ``wanted`` (``key=value``).

    Podman lists volumes that bear any of the labels asked for, Docker those that bear all.
    """
    labels = read_labels(value)
    return all(labels.get(key) == text for key, _, text in (label.partition("=") for label in wanted))


def _health_line(run: JsonObject) -> str:
    return f"{as_integer(run.get('ExitCode'))}: {as_text(run.get('Output')).strip()}"


NAMESPACES = {"network": "NetworkMode", "pid": "PidMode", "ipc": "IpcMode"}
OTHERS = "container:"
"""Before the id of the container whose namespace is joined."""
NEVER = datetime(1, 1, 1, tzinfo=UTC)


def read_examined(entry: JsonObject, fields: Fields, clock: EngineClock) -> ExaminedContainer | None:
    """A container of ``GET /containers/ID/json``, with its normal form; ``None`` if it is not ours."""
    config, state = as_object(entry.get("Config")), as_object(entry.get("State"))
    labels = read_labels(config.get("Labels"))
    ownership = read_ownership(labels)
    if ownership is None:
        return None
    created, started = read_timestamp(entry.get("Created")), read_timestamp(state.get("StartedAt"))
    said, number = read_state(state.get("Status")), labels.get(COMPOSE_NUMBER, "1")
    return ExaminedContainer(
        id=as_text(entry.get("Id")),
        name=as_text(entry.get("Name")).lstrip("/"),
        number=int(number) if number.isdecimal() else 1,
        ownership=ownership,
        is_one_off=labels.get(COMPOSE_ONEOFF) == "True",
        state=said,
        exit_code=as_integer(state.get("ExitCode")) if said in ENDED else None,
        created_at=clock.ours(created) if created else NEVER,
        started_at=clock.ours(started) if started else None,
        restarts=as_integer(entry.get("RestartCount")),
        out_of_memory=state.get("OOMKilled") is True,
        commands=len(as_list(entry.get("ExecIDs"))),
        fields=fields,
        volumes=mounted_volumes(entry),
        mounted=_mounted(entry),
        host_ports=_host_ports(as_object(as_object(entry.get("HostConfig")).get("PortBindings"))),
        names=read_names(labels),
    )


def read_stranger(entry: JsonObject, inspected: JsonObject | None) -> Stranger:
    """A foreign container, as listed; an inspection tells of more namespaces than a list does."""
    endpoints = as_object(as_object(entry.get("NetworkSettings")).get("Networks")).values()
    host = {**as_object(entry.get("HostConfig")), **as_object((inspected or {}).get("HostConfig"))}
    joined = {what: as_text(host.get(key)) for what, key in NAMESPACES.items()}
    return Stranger(
        id=as_text(entry.get("Id")),
        name=own_name(entry),
        image=as_text(entry.get("Image")),
        networks=frozenset(as_text(as_object(endpoint).get("NetworkID")) for endpoint in endpoints),
        volumes=mounted_volumes(entry),
        sources=frozenset(as_text(as_object(mount).get("Source")) for mount in as_list(entry.get("Mounts"))),
        shares={what: mode.removeprefix(OTHERS) for what, mode in joined.items() if mode.startswith(OTHERS)},
    )


def mounted_volumes(entry: JsonObject) -> frozenset[str]:
    """The names of the volumes in a listed or inspected container."""
    mounts = map(as_object, as_list(entry.get("Mounts")))
    return frozenset(as_text(mount.get("Name")) for mount in mounts if mount.get("Type") == "volume")


def shaped_as_body(entry: JsonObject) -> JsonObject:
    """An inspection in the shape of a create body."""
    config = as_object(entry.get("Config"))
    named = as_text(config.get("Image"))
    return {
        **config,
        # Made by its digest, it is that image, whatever this engine calls it by.
        "Image": named if named.startswith("sha256:") or named_digest(named) else entry.get("Image"),
        "HostConfig": entry.get("HostConfig"),
        "NetworkingConfig": {"EndpointsConfig": as_object(entry.get("NetworkSettings")).get("Networks")},
    }


def _mounted(entry: JsonObject) -> frozenset[str]:
    found = {as_text(as_object(mount).get("Destination")) for mount in as_list(entry.get("Mounts"))}
    return frozenset({*found, *as_object(as_object(entry.get("HostConfig")).get("Tmpfs"))})


def _host_ports(bindings: JsonObject) -> Mapping[str, tuple[int, ...]]:
    return {
        port: tuple(
            int(number)
            for binding in as_list(entries)
            if (number := as_text(as_object(binding).get("HostPort"))).isdecimal() and int(number)
        )
        for port, entries in bindings.items()
    }
