"""What a service and its tasks mean, in the words of the engine protocol, and why one does not start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct, field

from previewer.docker_api.engine_clock import EngineClock, read_timestamp
from previewer.docker_api.errors import refusal_error
from previewer.docker_api.swarm.cluster import READY, UNDECIDED, Node, node_names
from previewer.docker_api.swarm.services import Service
from previewer.docker_api.swarm.tasks import (
    COMPLETE,
    NEVER_RAN,
    RUNNING,
    STARTING,
    UNHEALTHY,
    WAITING,
    Task,
)
from previewer.domain.engine.nodes import EngineNodes
from previewer.domain.engine.observation import (
    ContainerDetail,
    ContainerState,
    Health,
    ObservedContainer,
    PublishedPort,
)
from previewer.domain.labels import (
    COMPOSE_IMAGE,
    COMPOSE_NUMBER,
    ROUTER,
    read_memory,
    read_names,
    read_ownership,
    read_routes,
)
from previewer.errors import EngineError, ImageGoneError, PortTakenError

POLICIES = {"any": "always", "none": "no", "on-failure": "on-failure"}
NO_NODE = "no suitable node"
"""In what the scheduler says of a task that it finds no node for; the reasons and numbers of nodes follow."""
PORT_IN_USE = "host-mode port already in use"
NO_RESOURCES = "insufficient resources"
NOT_AVAILABLE = "not available for new tasks"
LEAVING = ("shutdown", "remove")
"""What tasks are to become whose service has no use for them any more."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Standing(Struct, frozen=True):
    """How a service is doing: of its tasks, the one that counts."""

    state: ContainerState
    health: Health = Health.NONE
    exit_code: int | None = None
    error: str = ""
    """What the manager or the node says where it does not run."""
    task: Task | None = None
    """The newest that runs or is to run, else the last that ended."""
    restarts: int = 0


class NodeMap(Struct, frozen=True):
    """The swarm's nodes, as far as tasks need them."""

    names: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Where nodes are reached, by their ids."""
    away: frozenset[str] = frozenset()
    """The ids of those that do not answer the managers."""
    is_undecided: bool = False
    """Whether the managers do not know yet of one whether it answers: a new leader asks all of them."""

    def reached_from(self, node: str) -> EngineNodes:
        """Where ports are; ``node`` is the one that has the volumes."""
        by_name = {self.names[one]: address for one, address in self.addresses.items()}
        return EngineNodes(
            {**by_name, **self.addresses}, home=self.addresses.get(node, ""), home_name=self.name(node)
        )

    def name(self, node: str) -> str:
        """What to call a node; empty for none."""
        return self.names.get(node, node)


def map_nodes(nodes: tuple[Node, ...]) -> NodeMap:
    """What tasks need of the swarm's nodes."""
    return NodeMap(
        names=node_names(nodes),
        addresses={node.id: node.address for node in nodes},
        away=frozenset(node.id for node in nodes if node.status.state != READY),
        is_undecided=any(node.status.state == UNDECIDED for node in nodes),
    )


def unreserved(nodes: Sequence[Node], tasks: Sequence[Task]) -> tuple[int, ...]:
    """Bytes of memory of each of ``nodes`` that no task on it has reserved, as the scheduler counts them."""
    reserved = Counter[str]()
    for task in tasks:
        if not task.has_ended:
            reserved[task.node] += task.reserved_memory
    return tuple(max(node.description.resources.memory - reserved[node.id], 0) for node in nodes)


def standing(service: Service, tasks: Sequence[Task], nodes: NodeMap) -> Standing:
    """How ``service`` is doing, whose ``tasks`` are given oldest first.

    Swarm ends what is unhealthy: such a task counts as one that runs and is unhealthy, for that is what it was.
    """
    live = [task for task in tasks if not task.has_ended and task.desired not in LEAVING]
    ended = [task for task in tasks if task.has_ended]
    if service.replicas == 0:
        if any(not task.has_ended and task.node not in nodes.away for task in tasks):
            return Standing(ContainerState.RUNNING, task=tasks[-1])
        return Standing(ContainerState.CREATED if service.previous is None else ContainerState.EXITED)
    if not live:
        return _ended(ended[-1], nodes, len(ended) - 1) if ended else Standing(ContainerState.CREATED)
    task, state = live[-1], live[-1].status.state
    if state in WAITING:
        if not ended:
            return Standing(ContainerState.CREATED, error=task.status.error, task=task)
        before = _ended(ended[-1], nodes, len(ended))
        is_over = before.state in (ContainerState.EXITED, ContainerState.DEAD)
        return _changed(before, ContainerState.RESTARTING) if is_over else before
    if task.node in nodes.away:
        error = f"its node {nodes.name(task.node)} does not answer"
        return Standing(ContainerState.DEAD, error=error, task=task, restarts=len(ended))
    has_check = bool(service.spec.template.container.health) and not _is_off(service)
    if state == STARTING and not has_check:
        return Standing(ContainerState.CREATED, task=task, restarts=len(ended))
    health = Health.NONE if not has_check else Health.HEALTHY if state == RUNNING else Health.STARTING
    return Standing(ContainerState.RUNNING, health, task=task, restarts=len(ended))


def _is_off(service: Service) -> bool:
    return (service.spec.template.container.health or {}).get("Test") == ["NONE"]


def _changed(before: Standing, state: ContainerState) -> Standing:
    return Standing(state, before.health, before.exit_code, before.error, before.task, before.restarts)


def _ended(task: Task, nodes: NodeMap, restarts: int) -> Standing:
    error, state = task.status.error, task.status.state
    if state == COMPLETE:
        return Standing(ContainerState.EXITED, exit_code=0, task=task, restarts=restarts)
    if UNHEALTHY in error:
        return Standing(ContainerState.RUNNING, Health.UNHEALTHY, error=error, task=task, restarts=restarts)
    if NEVER_RAN in error or state == "rejected":
        told = f"on node {nodes.name(task.node)}: {error}" if task.node else error
        return Standing(ContainerState.CREATED, error=told, task=task, restarts=restarts)
    if state == "failed":
        return Standing(ContainerState.EXITED, exit_code=task.exit_code, task=task, restarts=restarts)
    return Standing(ContainerState.DEAD, error=error or task.status.message, task=task, restarts=restarts)


def observed(
    service: Service, tasks: Sequence[Task], nodes: NodeMap, networks: Mapping[str, str], clock: EngineClock
) -> ObservedContainer | None:
    """A service as a container; ``None`` if it is not ours. ``networks`` are names by id."""
    labels = dict(service.labels)
    ownership = read_ownership(labels)
    if ownership is None:
        return None
    now, template = standing(service, tasks, nodes), service.spec.template
    number, created = labels.get(COMPOSE_NUMBER, "1"), read_timestamp(service.created)
    return ObservedContainer(
        id=service.id,
        name=service.spec.name,
        number=int(number) if number.isdecimal() else 1,
        image=labels.get(COMPOSE_IMAGE) or template.container.image,
        state=now.state,
        health=now.health,
        exit_code=now.exit_code,
        created_at=clock.ours(created) if created else LONG_AGO,
        ports=held_ports(now, nodes),
        ownership=ownership,
        routes=read_routes(labels),
        memory=read_memory(labels),
        networks=tuple(networks.get(one.target, one.target) for one in template.networks or ()),
        volumes=tuple(m.source for m in template.container.mounts or () if m.kind == "volume" and m.source),
        names=read_names(labels),
        router=labels.get(ROUTER, ""),
        node=nodes.name(now.task.node) if now.task else "",
        left_on=tuple(sorted({nodes.name(t.node) for t in tasks if t.node in nodes.away and not t.has_ended})),
    )


def held_ports(now: Standing, nodes: NodeMap) -> tuple[PublishedPort, ...]:
    """The ports that a service's task has on its node."""
    if now.task is None or now.state is not ContainerState.RUNNING:
        return ()
    address = nodes.addresses.get(now.task.node, "")
    return tuple(PublishedPort(port.target, port.protocol, address, port.published) for port in now.task.ports)


def detail(service: Service, now: Standing, nodes: NodeMap) -> ContainerDetail:
    """What waiting for a service, and a diagnosis, are made of."""
    restart = service.spec.template.restart
    policy = POLICIES.get(restart.condition, "always") if restart and service.replicas else "no"
    attempts = f":{restart.attempts}" if restart and restart.attempts and policy == "on-failure" else ""
    limits = service.spec.template.resources
    return ContainerDetail(
        state=now.state,
        health=now.health,
        exit_code=now.exit_code,
        out_of_memory=False,
        error=now.error,
        health_log=(),
        ports=held_ports(now, nodes),
        memory=limits.limits.memory if limits and limits.limits else 0,
        pids=limits.limits.pids if limits and limits.limits else 0,
        restarts=now.restarts,
        restart_policy=f"{policy}{attempts}",
    )


def start_error(name: str, now: Standing, node: str) -> EngineError:
    """The error for a service whose task ended before its program ran."""
    error = refusal_error("start it", f"service {name}", 0, now.error)
    if isinstance(error, ImageGoneError):
        hint = f"node {node} cannot pull it: `registry` has to be one that all nodes reach"
        return EngineError(error.message, where=f"service {name}", hint=hint)
    return error


def is_refused(task: Task) -> bool:
    """Whether the scheduler found no node for a task. It looks again whenever anything changes."""
    return task.status.state == "pending" and NO_NODE in task.status.error


def needs_what_passes(task: Task) -> bool:
    """Whether a refused task lacks what another one may have that is about to end."""
    return any(reason in task.status.error for reason in (PORT_IN_USE, NO_RESOURCES))


def may_find_place(task: Task, tasks: Sequence[Task], nodes: NodeMap) -> bool:
    """Whether a refused task may get a node without anybody's doing: ``tasks`` are those of all services."""
    if NOT_AVAILABLE in task.status.error and nodes.is_undecided:
        return True
    is_leaving = any(one.desired in LEAVING and not one.has_ended and one.node not in nodes.away for one in tasks)
    return needs_what_passes(task) and is_leaving


def placement_error(name: str, reason: str) -> EngineError:
    """The error for a service that the scheduler finds no node for, in its words."""
    where = f"service {name}"
    if PORT_IN_USE in reason:
        return PortTakenError(
            f"could not start it: {reason}", where=where, hint="another service has that port on every node"
        )
    if NO_RESOURCES in reason:
        hint = "lower `deploy.resources.reservations`, or add a node"
    elif "constraints" in reason:
        hint = (
            "`deploy.placement.constraints` fit no node, or its data is on a node that is away: `docker node ls`"
        )
    else:
        hint = "`docker node ls` and `docker service ps` say more"
    return EngineError(f"could not start it: {reason}", where=where, hint=hint)
