"""The facts of an inspection that are no part of its normal form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from previewer.docker_api.engine_clock import EngineClock, read_timestamp
from previewer.docker_api.reading.containers import ENDED, own_name, read_labels, read_state
from previewer.domain.drift.fields import Fields
from previewer.domain.engine.examination import ExaminedContainer, Stranger
from previewer.domain.json_value import JsonObject, as_integer, as_list, as_object, as_text
from previewer.domain.labels import COMPOSE_NUMBER, COMPOSE_ONEOFF, read_ownership
from previewer.domain.naming import named_digest

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
