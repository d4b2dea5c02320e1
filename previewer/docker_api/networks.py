"""Calls about networks."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from previewer.docker_api.answers import Created, Network
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import NAME_HINT, refusal_error, translate_errors
from previewer.docker_api.podman import idle_members
from previewer.docker_api.reading import has_labels
from previewer.docker_api.request import LIST_PATIENCE, delete, get, network_path, post
from previewer.docker_api.wire.protocol import RefusedError
from previewer.domain.engine.observation import ObservedNetwork
from previewer.domain.engine.specs import HOST_BINDING_OPTION
from previewer.domain.json_value import JsonObject
from previewer.domain.labels import COMPOSE_NETWORK, read_ownership
from previewer.errors import ConflictError, EngineError, EngineUnreachableError, ObjectNotFoundError

OVERLAPS = ("overlap", "is already used on the host")
"""In an engine's refusal of a subnet that another network has: Docker's, and Podman's."""
STILL_IN_USE = ("active endpoints", "network is being used")
"""In an engine's refusal to remove a network: Docker's, and Podman's."""
ATTEMPTS_TO_EMPTY = 20
"""Containers that another client is removing leave their networks a moment later."""
PAUSE = 0.1


class SubnetTakenError(ConflictError):
    """Another network got this subnet first."""


def list_networks(connection: DockerConnection, labels: Sequence[str]) -> tuple[ObservedNetwork, ...]:
    """Our networks with all of ``labels`` (``key=value``), sorted by name."""
    with translate_errors("list networks", subject=connection.host):
        parameters = {"filters": json.dumps({"label": list(labels)})}
        entries = get(connection, "/networks", parameters, patience=LIST_PATIENCE).read_list(Network)
    mine = (entry for entry in entries if has_labels(entry.labels, labels))
    found = [network for entry in mine if (network := _read_network(entry)) is not None]
    return tuple(sorted(found, key=lambda network: network.name))


def taken_subnets(connection: DockerConnection) -> tuple[IPv4Network | IPv6Network, ...]:
    """The address ranges of all networks of the engine, whatever they belong to."""
    with translate_errors("list networks", subject=connection.host):
        entries = get(connection, "/networks", patience=LIST_PATIENCE).read_list(Network)
    pools = (pool for entry in entries for pool in entry.pools)
    return tuple(ip_network(pool.subnet, strict=False) for pool in pools if pool.subnet)


def create_network(connection: DockerConnection, *, name: str, body: JsonObject) -> None:
    """Make a network from a raw body.

    Raises :class:`SubnetTakenError` for a subnet that overlaps and :class:`ConflictError` for a taken name.
    """
    subject = f"network {name}"
    with translate_errors("create it", subject=subject):
        try:
            made = post(connection, "/networks/create", body).read(Created).id
        except RefusedError as error:
            if not any(text in error.text.lower() for text in OVERLAPS):
                raise
            refusal = refusal_error("create it", subject, error.status, error.text)
            raise SubnetTakenError(refusal.message, where=refusal.where, hint=refusal.hint) from error
    if _first_of_name(connection, name) not in ("", made):
        remove_network(connection, made)
        raise ConflictError("there is a network of this name already", where=subject, hint=NAME_HINT)


def leave_networks(connection: DockerConnection, container: str, networks: Sequence[str]) -> None:
    """Disconnect a container from networks, so that these can be removed before it.

    Whether that worked, their removal tells. Nothing happens where it is not in one, or where either is gone.
    """
    for name in networks:
        try:
            _disconnect(connection, name, container)
        except EngineUnreachableError:
            raise
        except EngineError:
            continue


def remove_network(connection: DockerConnection, name: str) -> None:
    """Remove it; what still hangs on it, stale endpoints included, is cut off. Nothing happens if it is gone."""
    for attempt in range(ATTEMPTS_TO_EMPTY):
        try:
            with translate_errors("remove it", subject=f"network {name}"):
                delete(connection, network_path(name))
            return
        except ObjectNotFoundError:
            return
        except EngineError as error:
            if not any(text in error.message for text in STILL_IN_USE) or attempt == ATTEMPTS_TO_EMPTY - 1:
                raise
        _disconnect_all(connection, name)
        if attempt:
            time.sleep(PAUSE)


def _first_of_name(connection: DockerConnection, name: str) -> str:
    """The id of the oldest network of this name: older engines let two that are made at once both have it."""
    with translate_errors("list networks", subject=connection.host):
        parameters = {"filters": json.dumps({"name": [name]})}
        entries = get(connection, "/networks", parameters, patience=LIST_PATIENCE).read_list(Network)
    return min(((entry.created, entry.id) for entry in entries if entry.name == name), default=("", ""))[1]


def _disconnect_all(connection: DockerConnection, name: str) -> None:
    for container in _members(connection, name):
        _disconnect(connection, name, container)


def _members(connection: DockerConnection, name: str) -> list[str]:
    """The containers that have an endpoint in it; none if it is gone."""
    try:
        with translate_errors("inspect it", subject=f"network {name}"):
            network = get(connection, network_path(name)).read(Network)
    except ObjectNotFoundError:
        return []
    # A stale endpoint's container is gone: only its name is left to call it by.
    joined = [end.name or key for key, end in (network.containers or {}).items()]
    return joined + (idle_members(connection, name) if connection.is_podman else [])


def _disconnect(connection: DockerConnection, name: str, container: str) -> None:
    """Nothing happens if it is not in it, or if either is gone."""
    try:
        with translate_errors(f"disconnect {container}", subject=f"network {name}"):
            body: JsonObject = {"Container": container, "Force": True}
            post(connection, network_path(name, "/disconnect"), body)
    except EngineError as error:
        if not isinstance(error, ObjectNotFoundError) and "is not connected" not in error.message:
            raise


def _read_network(entry: Network) -> ObservedNetwork | None:
    labels = entry.labels or {}
    ownership = read_ownership(labels)
    if ownership is None:
        return None
    return ObservedNetwork(
        id=entry.id,
        name=entry.name,
        key=labels.get(COMPOSE_NETWORK, ""),
        ownership=ownership,
        binding=(entry.options or {}).get(HOST_BINDING_OPTION, ""),
    )
