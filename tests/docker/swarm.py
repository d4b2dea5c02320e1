"""Swarms of a test's own engines: of one node, or of several in network namespaces that reach each other."""

from __future__ import annotations

import os
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from previewer.docker_api.answers import ListedContainer, Network, Volumes
from previewer.docker_api.connection import DockerConnection, connect
from previewer.docker_api.request import get, post
from previewer.docker_api.swarm.cluster import list_nodes, node_names
from previewer.docker_api.swarm.files import FileKind, list_files
from previewer.docker_api.swarm.services import Service
from tests.docker.base_image import is_static_busybox
from tests.docker.own_engine import OwnEngine, why_not
from tests.docker.registry_server import PROGRAM

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
        + [f"network {name}" for name in overlays(networks)]
    )


def overlays(networks: list[Network]) -> list[str]:
    """The names of those that span nodes, but for the one that every swarm has."""
    return [network.name for network in networks if network.driver == "overlay" and network.name != "ingress"]


class Cluster:
    """Several engines, in network namespaces that reach each other and nothing else. They are no swarm yet."""

    def __init__(self, *, nodes: int) -> None:
        self.registry = ""
        """The registry's host, which is the same on every node and here."""
        self.engines: list[OwnEngine] = []
        self.connections: list[DockerConnection] = []
        self._registries: list[subprocess.Popen[bytes]] = []
        self._settings = Path()
        self._hub = f"pvh-{uuid.uuid4().hex[:8]}"
        _ip("netns", "add", self._hub)
        try:
            _ip("-n", self._hub, "link", "add", "hub", "type", "bridge")
            _ip("-n", self._hub, "link", "set", "hub", "up")
            for _node in range(nodes):
                self._add()
        except BaseException:
            self.wipe()
            raise

    def _add(self) -> None:
        engine, node = own_engine(), len(self.engines)
        self.engines.append(engine)
        inside = ("-n", engine.namespace)
        _ip(*inside, "link", "add", "eth0", "type", "veth", "peer", "name", f"node{node}", "netns", self._hub)
        _ip("-n", self._hub, "link", "set", f"node{node}", "master", "hub", "up")
        _ip(*inside, "address", "add", f"{self.address(node)}/24", "dev", "eth0")
        _ip(*inside, "link", "set", "eth0", "up")
        self.connections.append(connect(engine.host))

    def address(self, node: int) -> str:
        """The address at which other nodes reach one; TEST-NET-1 of RFC 5737."""
        return f"192.0.2.{node + 1}"

    def node_at(self, url: str) -> int:
        """The node that a published port is on."""
        host = urlsplit(url).hostname
        return next(node for node in range(len(self.engines)) if self.address(node) == host)

    def name(self, node: int) -> str:
        """What previewer calls a node."""
        nodes = list_nodes(self.connections[0])
        return next(node_names(nodes)[found.id] for found in nodes if found.address == self.address(node))

    def shell(self, node: int, script: str, **variables: str) -> str:
        """What a script of a document prints, run on a node."""
        environment = {**os.environ, **variables, "DOCKER_HOST": self.engines[node].host}
        done = subprocess.run(
            ["sh", "-e", "-c", script], capture_output=True, text=True, env=environment, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def registries(self, settings: Path) -> Iterator[None]:
        """A registry server on each node, over the same files as the one that ``settings`` describe."""
        self._settings = settings
        self._registries = [self._start_registry(node) for node in range(len(self.engines))]
        try:
            yield
        finally:
            for process in self._registries:
                process.kill()
                process.wait()

    def _start_registry(self, node: int) -> subprocess.Popen[bytes]:
        assert PROGRAM is not None
        enter = ("nsenter", f"--net=/run/netns/{self.engines[node].namespace}", "--")
        command = [*enter, PROGRAM, "serve", str(self._settings)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @contextmanager
    def without_registry(self, *nodes: int) -> Iterator[None]:
        """Nodes that reach no registry, and have forgotten what they pulled before."""
        for node in nodes:
            self._registries[node].kill()
            self._registries[node].wait()
            for image in self.connections[node].api.images(quiet=True):
                self.connections[node].api.remove_image(image, force=True)
        try:
            yield
        finally:
            for node in nodes:
                self._registries[node] = self._start_registry(node)

    def fetch(self, url: str) -> str:
        """A page, as the first node sees it."""
        return self.engines[0].fetch(url)

    def answers(self, url: str) -> bool:
        """Whether a page can be had."""
        try:
            return bool(self.fetch(url))
        except subprocess.CalledProcessError:
            return False

    def running(self, node: int) -> list[str]:
        """The names of the containers that run on a node."""
        found = get(self.connections[node], "/containers/json").read_list(ListedContainer)
        return [container.name for container in found]

    @contextmanager
    def filtered(self, node: int, *rule: str) -> Iterator[None]:
        """A node whose packets of a kind get lost on their way out."""
        command = (*self.engines[node].prefix, "iptables", "-w")
        subprocess.run([*command, "-I", "OUTPUT", *rule, "-j", "DROP"], check=True)
        try:
            yield
        finally:
            subprocess.run([*command, "-D", "OUTPUT", *rule, "-j", "DROP"], check=True)

    @contextmanager
    def cut_off(self, node: int) -> Iterator[None]:
        """A node whose cable is pulled: what runs there goes on."""
        _ip("-n", self._hub, "link", "set", f"node{node}", "down")
        try:
            yield
        finally:
            _ip("-n", self._hub, "link", "set", f"node{node}", "up")

    def is_empty(self, node: int) -> bool:
        """Whether no container, volume or overlay network is left on a node."""
        connection = self.connections[node]
        containers = get(connection, "/containers/json", {"all": "1"}).read_list(ListedContainer)
        volumes = get(connection, "/volumes").read(Volumes).volumes
        return not containers and not volumes and not overlays(get(connection, "/networks").read_list(Network))

    def crash(self, node: int) -> None:
        """End an engine and all that it runs, as a power failure would."""
        self.engines[node].crash()
        self._registries[node].wait()

    def restart(self, node: int) -> None:
        """Bring a node back with what is on its disk."""
        self.engines[node].start()
        self._registries[node] = self._start_registry(node)

    def wipe(self) -> None:
        """Remove everything."""
        for connection in self.connections:
            connection.close()
        for engine in self.engines:
            engine.wipe()
        subprocess.run(["ip", "netns", "delete", self._hub], check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
