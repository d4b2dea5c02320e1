"""Swarms of a test's own engines: of one node, or of several in network namespaces that reach each other."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from previewer.docker_api.answers import Network
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.request import get, post
from previewer.docker_api.swarm.files import FileKind, list_files
from previewer.docker_api.swarm.services import Service
from tests.docker.base_image import is_static_busybox
from tests.docker.own_engine import OwnEngine, why_not

PORT = 2377


def own_engine(*flags: str) -> OwnEngine:
    """An engine that is no part of a swarm yet; the test is skipped where there can be none."""
    if (reason := why_not()) or not is_static_busybox():
        pytest.skip(reason or "no static /bin/busybox")
    return OwnEngine(Path(tempfile.mkdtemp(prefix="pvs")), *flags)


def start_swarm(connection: DockerConnection, address: str = "127.0.0.1") -> None:
    """Make an engine the manager of a swarm, which other nodes reach at ``address``."""
    body = {"ListenAddr": f"{address}:{PORT}", "AdvertiseAddr": address}
    # The answer is the node's id, and no object.
    post(connection, "/swarm/init", body)


def swarm_remains_of(connection: DockerConnection) -> list[str]:
    """The services, overlay networks (but the swarm's own), configs and secrets that are left on it."""
    services = get(connection, "/services").read_list(Service)
    files = [file for kind in FileKind for file in list_files(connection, kind, ())]
    networks = get(connection, "/networks").read_list(Network)
    return sorted(
        [f"service {service.spec.name}" for service in services]
        + [f"file {file.spec.name}" for file in files]
        + [
            f"network {network.name}"
            for network in networks
            if network.driver == "overlay" and not is_ingress(network)
        ]
    )


def is_ingress(network: Network) -> bool:
    """Whether it is the one that every swarm has."""
    return network.name == "ingress"
