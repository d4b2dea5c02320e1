"""What a swarm is: the engine's own part in it, and its nodes."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import field

from previewer.docker_api.answers import Answer, Membership
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import LIST_PATIENCE, get
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.routes import EVERY_ADDRESS

ACTIVE = "active"
READY = "ready"
UNDECIDED = "unknown"
"""The state of a node that a leader has not heard of since it became one."""


class _NodeSpec(Answer, frozen=True):
    role: str = "worker"
    availability: str = ACTIVE
    labels: dict[str, str] | None = None


class NodeResources(Answer, frozen=True):
    """What a node has for its tasks."""

    nano_cpus: int = field(default=0, name="NanoCPUs")
    memory: int = field(default=0, name="MemoryBytes")


class _Description(Answer, frozen=True):
    host_name: str = field(default="", name="Hostname")
    resources: NodeResources = NodeResources()


class _NodeStatus(Answer, frozen=True):
    state: str = ""
    address: str = field(default="", name="Addr")
    message: str = ""


class _ManagerStatus(Answer, frozen=True):
    address: str = field(default="", name="Addr")


class Node(Answer, frozen=True):
    """One of ``GET /nodes``."""

    id: str = field(name="ID")
    spec: _NodeSpec = _NodeSpec()
    description: _Description = _Description()
    status: _NodeStatus = _NodeStatus()
    manager: _ManagerStatus | None = field(default=None, name="ManagerStatus")

    @property
    def address(self) -> str:
        """Where other nodes reach it. Of a manager that was started again its status may say `every address`."""
        if self.status.address in EVERY_ADDRESS and self.manager is not None:
            return self.manager.address.rpartition(":")[0].strip("[]")
        return self.status.address

    @property
    def is_usable(self) -> bool:
        """Whether new tasks run there."""
        return self.status.state == READY and self.spec.availability == ACTIVE


def membership(connection: DockerConnection) -> Membership:
    """The engine's part in a swarm. Raises :class:`EngineError` where it does not answer."""
    return connection.info.swarm or Membership()


def list_nodes(connection: DockerConnection) -> tuple[Node, ...]:
    """All nodes of the swarm, by their ids."""
    with translate_errors("list the nodes of the swarm", subject=connection.host):
        found = get(connection, "/nodes", patience=LIST_PATIENCE).read_list(Node)
    return tuple(sorted(found, key=lambda node: node.id))


def node_names(nodes: tuple[Node, ...]) -> Mapping[str, str]:
    """What to call nodes, by their ids: the host name, with the id where several have the same one."""
    hosts = [node.description.host_name for node in nodes]
    return {
        node.id: name if name and hosts.count(name) == 1 else f"{name or 'node'}/{short_id(node.id)}"
        for node in nodes
        for name in (node.description.host_name,)
    }
