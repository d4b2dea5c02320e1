"""Overlay networks: one that its managers cannot allocate is there, and never works."""

from __future__ import annotations

import time

from msgspec.structs import replace

from previewer.docker_api import networks
from previewer.docker_api.answers import Network
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.networks import SubnetTakenError
from previewer.docker_api.request import get, network_path
from previewer.domain.engine.specs import NO_EGRESS_KEY, NetworkSpec
from previewer.domain.json_value import JsonObject, as_object, as_text
from previewer.engine.docker.engine import create_network
from previewer.engine.mapping.service import swarm_name
from previewer.errors import EngineError, UnsupportedError

WAY_OUT = "Swarm gives every task that publishes a port a way out"
OVERLAY = "overlay"
DEFAULT_DRIVERS = ("", "default", "bridge", OVERLAY)
BRIDGE_OPTIONS = "com.docker.network.bridge."
LARGEST = 24
"""The shortest prefix of a subnet that gets addresses for the nodes."""
ALLOCATION_SECONDS = 5.0
"""How long the managers may take to give a network its driver and addresses."""
EMPTY_SECONDS = 150.0
"""How long services may take to leave a network that is removed: their tasks end first."""
IN_USE = "is in use by"
"""In a manager's refusal to remove a network of services or tasks."""
POLL_SECONDS = 0.1


def create_overlay(docker: DockerConnection, spec: NetworkSpec, *, nodes: int) -> None:
    """Make a network over all nodes, of which each needs an address of its own.

    Raises :class:`UnsupportedError` for what only one machine has.
    """
    compose, where = spec.compose, f"network {spec.name}"
    if compose.get(NO_EGRESS_KEY) is True and compose.get("internal") is not True:
        raise UnsupportedError(
            f"it cannot be kept from reaching other machines: {WAY_OUT}",
            where=where,
            hint="publish none of its ports, or allow it: x-previewer.egress and limits.ROLE.egress",
        )
    driver = as_text(compose.get("driver"))
    if driver not in DEFAULT_DRIVERS:
        raise UnsupportedError(f"driver: {driver} networks do not span nodes", where=where, hint="leave it out")
    if compose.get("enable_ipv6") is True:
        raise UnsupportedError("enable_ipv6: overlay networks of previewer have IPv4 only", where=where)
    options = {
        key: value
        for key, value in as_object(compose.get("driver_opts")).items()
        if not key.startswith(BRIDGE_OPTIONS)
    }
    overlay: JsonObject = {**compose, "driver": OVERLAY, "attachable": True, "driver_opts": options}
    length = min(spec.prefix_length, max(LARGEST, spec.prefix_length - nodes.bit_length()))
    create_network(
        docker, replace(spec, name=swarm_name(spec.name), compose=overlay, prefix_length=length), make=_allocate
    )


def _allocate(docker: DockerConnection, *, name: str, body: JsonObject) -> None:
    """Managers take a network that overlaps another one, and never give it what it needs."""
    networks.create_network(docker, name=name, body=body)
    deadline = time.monotonic() + ALLOCATION_SECONDS
    while not _is_allocated(docker, name):
        if time.monotonic() > deadline:
            networks.remove_network(docker, name)
            raise SubnetTakenError("the managers did not allocate it", where=f"network {name}")
        time.sleep(POLL_SECONDS)


def _is_allocated(docker: DockerConnection, name: str) -> bool:
    with translate_errors("inspect it", subject=f"network {name}"):
        return get(docker, network_path(name), {"scope": "swarm"}).read(Network).driver == OVERLAY


def remove_overlay(docker: DockerConnection, name: str) -> None:
    """Remove a network once the services that are on it, which others may be removing, are gone.

    Nothing happens if it is gone. Raises :class:`EngineError` where a service stays.
    """
    deadline = time.monotonic() + EMPTY_SECONDS
    while True:
        try:
            networks.remove_network(docker, name)
            return
        except EngineError as error:
            if IN_USE not in error.message or time.monotonic() > deadline:
                raise
        time.sleep(POLL_SECONDS)
