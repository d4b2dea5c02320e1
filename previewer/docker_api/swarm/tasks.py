"""Tasks: what a service's replicas are, were, and why they are not more than that."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import groupby

from msgspec import field

from previewer.docker_api.answers import Answer
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import LIST_PATIENCE, get

WAITING = frozenset({"new", "pending", "assigned", "accepted", "preparing", "ready"})
"""States of a task whose container has not been started yet."""
STARTING, RUNNING = "starting", "running"
COMPLETE = "complete"
ENDED = frozenset({COMPLETE, "failed", "rejected", "shutdown", "orphaned", "remove"})
TASK_NODE = "com.docker.swarm.node.id"
"""The label of a task's container that says which node it is on; its name is ``SERVICE.SLOT.TASK``."""
UNHEALTHY = "unhealthy container"
"""In the error of a task that Swarm ended because its health check failed."""
NEVER_RAN = "starting container failed"
"""In the error of a task whose program could not be started."""


class _Container(Answer, frozen=True):
    id: str = field(default="", name="ContainerID")
    process: int = field(default=0, name="PID")
    exit_code: int = 0


class TaskPort(Answer, frozen=True):
    """A port that a task has on its node."""

    protocol: str = "tcp"
    target: int = field(default=0, name="TargetPort")
    published: int = field(default=0, name="PublishedPort")


class _Ports(Answer, frozen=True):
    ports: tuple[TaskPort, ...] | None = None


class _Status(Answer, frozen=True):
    state: str = ""
    message: str = ""
    error: str = field(default="", name="Err")
    container: _Container | None = field(default=None, name="ContainerStatus")
    ports: _Ports | None = field(default=None, name="PortStatus")


class _NetworkSpec(Answer, frozen=True):
    name: str = ""


class _TaskNetwork(Answer, frozen=True):
    spec: _NetworkSpec = _NetworkSpec()


class _Attachment(Answer, frozen=True):
    network: _TaskNetwork = _TaskNetwork()
    addresses: tuple[str, ...] | None = None


class _TaskResources(Answer, frozen=True):
    memory: int = field(default=0, name="MemoryBytes")


class _Resources(Answer, frozen=True):
    reservations: _TaskResources | None = None


class TaskSpec(Answer, frozen=True):
    """What a task is asked to be, as far as nodes reserve something for it."""

    resources: _Resources | None = None


class Task(Answer, frozen=True):
    """One of ``GET /tasks``."""

    id: str = field(name="ID")
    created: str = field(default="", name="CreatedAt")
    service: str = field(default="", name="ServiceID")
    node: str = field(default="", name="NodeID")
    spec: TaskSpec = TaskSpec()
    status: _Status = _Status()
    desired: str = field(default="", name="DesiredState")
    attachments: tuple[_Attachment, ...] | None = field(default=None, name="NetworksAttachments")

    @property
    def container(self) -> str:
        """The id of its container on its node; empty where it has none."""
        return self.status.container.id if self.status.container else ""

    @property
    def exit_code(self) -> int:
        """Its container's; 0 where it has none."""
        return self.status.container.exit_code if self.status.container else 0

    @property
    def has_ended(self) -> bool:
        """Whether its container has ended, or will never be started."""
        return self.status.state in ENDED

    @property
    def ports(self) -> tuple[TaskPort, ...]:
        """Its ports on its node. Engines tell each one twice."""
        found = self.status.ports.ports if self.status.ports else None
        return tuple(sorted(set(found or ()), key=lambda port: (port.target, port.protocol, port.published)))

    def address_in(self, network: str) -> str:
        """Its address in a network; empty where it has none there yet."""
        found = (one for one in self.attachments or () if one.network.spec.name == network)
        return next((one.addresses[0].partition("/")[0] for one in found if one.addresses), "")

    @property
    def reserved_memory(self) -> int:
        """Bytes that it reserves on its node."""
        reservations = self.spec.resources.reservations if self.spec.resources else None
        return reservations.memory if reservations else 0


def list_tasks(connection: DockerConnection, service: str | None = None) -> tuple[Task, ...]:
    """The tasks of one service (a name or id), or of all, oldest first: those that ended lately are among them."""
    filters = {"filters": json.dumps({"service": [service]})} if service else {}
    with translate_errors("list tasks", subject=f"service {service}" if service else connection.host):
        found = get(connection, "/tasks", filters, patience=LIST_PATIENCE).read_list(Task)
    return tuple(sorted(found, key=lambda task: task.created))


def by_service(tasks: Iterable[Task]) -> Mapping[str, tuple[Task, ...]]:
    """Tasks by the id of their service, in the order in which they come."""
    sorted_tasks = sorted(tasks, key=lambda task: task.service)
    return {service: tuple(found) for service, found in groupby(sorted_tasks, key=lambda task: task.service)}
