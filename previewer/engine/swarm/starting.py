"""Give a service its task, and wait until the task's node has started it or the managers find no node for it."""

from __future__ import annotations

import time

from previewer.background import begin
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.swarm.cluster import list_nodes
from previewer.docker_api.swarm.services import Service, await_no_tasks, inspect_service, scale_service
from previewer.docker_api.swarm.tasks import list_tasks
from previewer.domain.engine.observation import ContainerState
from previewer.engine.swarm.states import (
    NodeMap,
    Standing,
    is_refused,
    map_nodes,
    may_find_place,
    needs_what_passes,
    placement_error,
    standing,
    start_error,
)
from previewer.errors import TimedOutError

START_SECONDS = 600.0
"""How long a task may take to start: its node may have to pull the image."""
POLL_SECONDS = 0.1
ALIVE = (ContainerState.RUNNING, ContainerState.RESTARTING)


def look_at(docker: DockerConnection, name: str) -> tuple[Service, Standing, NodeMap]:
    """A service by its name on the swarm, and how it is doing. Raises :class:`ObjectNotFoundError`."""
    nodes = begin(lambda: map_nodes(list_nodes(docker)), name="previewer-nodes")
    found = inspect_service(docker, name)
    tasks = list_tasks(docker, found.id)
    return found, standing(found, tasks, nodes.result()), nodes.result()


def start_service(docker: DockerConnection, name: str) -> None:
    """Give it a task, unless it has one that runs, and wait until that has been started.

    Raises :class:`EngineError` with the manager's or the node's reason, :class:`PortTakenError` and
    :class:`ObjectNotFoundError`.
    """
    found, now, nodes = look_at(docker, name)
    if found.replicas and now.state not in ALIVE:
        _take_tasks(docker, found, nodes)
    scale_service(docker, name, 1)
    _await_start(docker, name)


def _take_tasks(docker: DockerConnection, service: Service, nodes: NodeMap) -> None:
    name, tasks = service.spec.name, list_tasks(docker, service.id)
    scale_service(docker, name, 0)
    await_no_tasks(docker, tasks, away=nodes.away, subject=f"service {name}")


def _await_start(docker: DockerConnection, name: str) -> None:
    begun, refused = time.monotonic(), ""
    while True:
        found, now, nodes = look_at(docker, name)
        if now.state in (*ALIVE, ContainerState.EXITED):
            return
        task = now.task
        if task is not None and task.has_ended:
            raise start_error(found.spec.name, now, nodes.name(task.node))
        if task is not None and is_refused(task) and not may_find_place(task, list_tasks(docker), nodes):
            # What left may have gone after the scheduler had looked: of a second task it knows that.
            if not needs_what_passes(task) or refused not in ("", task.id):
                raise placement_error(found.spec.name, now.error)
            if not refused:
                refused = task.id
                _take_tasks(docker, found, nodes)
                scale_service(docker, name, 1)
        if time.monotonic() - begun > START_SECONDS:
            state, node = (task.status.state, nodes.name(task.node)) if task else ("not scheduled", "")
            raise TimedOutError(f"it is {state} on {node or 'no node'}", where=f"service {name}")
        time.sleep(POLL_SECONDS)
