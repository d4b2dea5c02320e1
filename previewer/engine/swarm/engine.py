"""The run stage on a Docker Swarm: what is a container on one engine is a service with one task here.

A service is made once, without a task, and given one to start it and none to stop it; nothing else of it is ever
changed. What belongs to one machine (volumes, copies for debugging) is the manager's that previewer speaks to.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial

from msgspec.structs import replace

from previewer.background import begin
from previewer.docker_api.answers import Membership
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.containers import inspect_container
from previewer.docker_api.images import engine_reference, image_config
from previewer.docker_api.machine import container_sizes
from previewer.docker_api.networks import list_networks
from previewer.docker_api.swarm.cluster import list_nodes, membership
from previewer.docker_api.swarm.services import (
    await_no_tasks,
    create_service,
    inspect_service,
    list_services,
    registry_login,
    remove_service,
    scale_service,
)
from previewer.docker_api.swarm.tasks import TASK_NODE, Task, by_service, list_tasks
from previewer.domain.engine.observation import (
    ContainerDetail,
    ContainerState,
    ListeningPorts,
    Observation,
    ObservedContainer,
    OpenConnections,
)
from previewer.domain.engine.specs import ContainerSpec, NetworkSpec
from previewer.domain.json_value import as_object
from previewer.engine.create_body import complete_body, labelled_container
from previewer.engine.docker.engine import DockerEngine, docker_capabilities, label_filters, with_host_paths
from previewer.engine.docker.streams import open_log_stream
from previewer.engine.mapping.container import container_body
from previewer.engine.mapping.service import service_body, swarm_name
from previewer.engine.protocol import (
    EGRESS,
    EXAMINATION,
    HOST_BINDING,
    LOCAL_IMAGES,
    REJOINING,
    ROUTER,
    Capabilities,
    ContainerEvent,
    EngineResources,
    LogLine,
    LogOptions,
    Selection,
    Stream,
)
from previewer.engine.swarm.files import FileKeeper
from previewer.engine.swarm.networks import WAY_OUT, create_overlay, remove_overlay
from previewer.engine.swarm.starting import look_at, start_service
from previewer.engine.swarm.states import NodeMap, detail, map_nodes, observed, unreserved
from previewer.engine.swarm.streams import TaskEventStream, open_service_log
from previewer.errors import (
    ConflictError,
    EngineError,
    EngineUnreachableError,
    ObjectNotFoundError,
    UnsupportedError,
)

LEAVING_SECONDS = 20.0
"""How long a node may take to remove the container of a task that has ended."""
POLL_SECONDS = 0.1
FIXED = "what joins a network is fixed when a Swarm service is made"
PUBLISH_AT = "0.0.0.0"  # noqa: S104 - the only address that Swarm publishes at
JOIN = 'run `docker swarm init` there, or leave `engine = "swarm"` out'
MANAGER = "name a manager: --host, DOCKER_HOST or a context"


def refuse_other_engines(docker: DockerConnection) -> Membership:
    """The engine's part in a swarm. Raises :class:`UnsupportedError` unless it is a manager."""
    found = membership(docker)
    if found.is_manager:
        return found
    is_worker = found.state == "active"
    reason = "it is a worker of a swarm" if is_worker else "it is in no swarm"
    raise UnsupportedError(
        f"this engine manages no swarm: {reason}", where=docker.host, hint=MANAGER if is_worker else JOIN
    )


class SwarmEngine(DockerEngine):
    """A swarm behind one of its managers, as :class:`previewer.engine.protocol.Engine` describes an engine."""

    def __init__(self, connection: DockerConnection) -> None:
        super().__init__(connection)
        self._files = FileKeeper(connection)

    def _make_capabilities(self) -> Capabilities:
        docker = self._open()
        refuse_other_engines(docker)
        found, nodes = docker_capabilities(docker), list_nodes(docker)
        missing = {
            **found.missing,
            HOST_BINDING: "Swarm publishes ports at all addresses of a node",
            EGRESS: WAY_OUT,
            REJOINING: FIXED,
            EXAMINATION: "what tasks do on other nodes is not looked at yet",
            ROUTER: "the router is on one engine; on a swarm ports are published on nodes",
        }
        if len(nodes) > 1:
            missing[LOCAL_IMAGES] = f"each of {len(nodes)} nodes pulls the images that it runs"
        return Capabilities(
            name=f"Swarm of {found.name}",
            api_version=found.api_version,
            platform=found.platform,
            remote=found.remote,
            reach=PUBLISH_AT,
            missing=missing,
        )

    def resources(self) -> EngineResources:
        """What its usable nodes have together, and what of it no task has reserved."""
        docker = self._open()
        tasks = begin(lambda: list_tasks(docker), name="previewer-resources")
        nodes = begin(lambda: list_nodes(docker), name="previewer-resources")
        found = super().resources()
        usable = [node for node in nodes.result() if node.is_usable]
        memory = sum(node.description.resources.memory for node in usable)
        return replace(found, memory=memory or None, reservable=unreserved(usable, tasks.result()))

    def observe(self, selection: Selection) -> Observation:
        """A snapshot in a constant number of calls, made at the same time."""
        docker, wanted = self._open(), label_filters(selection)
        nodes = begin(lambda: map_nodes(list_nodes(docker)), name="previewer-observe")
        services = begin(lambda: self._look(wanted, nodes), name="previewer-observe")
        with_files = begin(lambda: self._files.owners(wanted), name="previewer-observe")
        found = super().observe(selection)
        seen = services.result()
        names = {service.name for service in seen}
        left = tuple(one for one in with_files.result() if one.name not in names)
        return Observation(
            tuple(sorted((*seen, *left, *found.containers), key=lambda container: container.name)),
            found.networks,
            found.volumes,
            machine=found.machine,
            reached_as=found.reached_as,
            nodes=nodes.result().reached_from(membership(docker).node_id),
            engine_ahead=round(docker.clock.ahead.total_seconds()) if seen or found.containers else 0,
        )

    def _look(
        self, wanted: tuple[str, ...], listed: Future[NodeMap] | None = None
    ) -> tuple[ObservedContainer, ...]:
        docker = self._open()
        tasks = begin(lambda: by_service(list_tasks(docker)), name="previewer-observe")
        nodes = listed or begin(lambda: map_nodes(list_nodes(docker)), name="previewer-observe")
        networks = begin(lambda: {n.id: n.name for n in list_networks(docker, wanted)}, name="previewer-observe")
        found = (
            observed(service, tasks.result().get(service.id, ()), nodes.result(), networks.result(), docker.clock)
            for service in list_services(docker, wanted)
        )
        return tuple(container for container in found if container is not None)

    def measure_containers(self, selection: Selection) -> Mapping[str, int]:
        """The bytes that tasks have written on the manager's own node; those of other nodes are left out."""
        docker, wanted = self._open(), label_filters(selection)
        node = f"{TASK_NODE}={membership(docker).node_id}"
        written = {name.partition(".")[0]: size for name, size in container_sizes(docker, [node]).items()}
        seen = self._look(wanted)
        theirs = {one.name: written.get(one.name, 0) for one in seen if one.name in written or not one.node}
        return {**super().measure_containers(selection), **theirs}

    def create_network(self, spec: NetworkSpec) -> None:
        """Make an overlay network that plain containers may join too."""
        docker = self._open()
        create_overlay(docker, spec, nodes=len(list_nodes(docker)))

    def remove_network(self, name: str) -> None:
        """Remove the network of this name or id, whatever still hangs on it."""
        remove_overlay(self._open(), swarm_name(name))

    def remove_volume(self, name: str) -> None:
        """Remove a volume of the manager's own node, once the node has removed the tasks that mounted it."""
        for service in list_services(self._open(), label_filters(Selection())):
            if any(mount.source == name for mount in service.spec.template.container.mounts or ()):
                where = f"volume {name}"
                raise ConflictError(f"could not remove it: the service {service.spec.name} uses it", where=where)
        deadline = time.monotonic() + LEAVING_SECONDS
        while True:
            try:
                super().remove_volume(name)
                return
            except ConflictError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(POLL_SECONDS)

    def create_container(self, spec: ContainerSpec) -> None:
        """Make a service without tasks, and the configs and secrets of it; nothing is left if that fails."""
        docker = self._open()
        node, nodes = refuse_other_engines(docker).node_id, map_nodes(list_nodes(docker))
        wanted = container_body(with_host_paths(docker, spec), api_version=docker.api_version)
        labelled = as_object(labelled_container(wanted).get("Labels"))
        inherited = complete_body(wanted.body, image_config(docker, spec.image))
        if check := inherited.get("Healthcheck"):
            # Managers do not say whether an image has one.
            wanted = replace(wanted, body={**wanted.body, "Healthcheck": check})
        wanted = replace(wanted, body={**wanted.body, "Labels": labelled})
        files = self._files.plan(spec)
        try:
            attached = self._files.create(files, spec)
            body = service_body(
                spec,
                wanted,
                image=self._image(spec),
                files=attached,
                node=node,
                addresses=nodes.addresses,
                api_version=docker.api_version,
            )
            create_service(docker, body, name=spec.name, registry_login=registry_login(spec.registry_image))
        except EngineUnreachableError:
            raise  # What stays behind bears the operation's label.
        except BaseException:
            with suppress(EngineError):  # the first error counts
                self._files.remove(files)
            raise

    def _image(self, spec: ContainerSpec) -> str:
        """What nodes run: the image that a registry has, else the one that the only node has."""
        if spec.registry_image:
            return spec.registry_image
        if reason := self.capabilities.missing.get(LOCAL_IMAGES):
            raise UnsupportedError(
                f"its image is in no registry, and {reason}",
                where=f"service {spec.service}",
                hint="set `registry` to one that all nodes reach: `up` pushes the release there",
            )
        return engine_reference(self._docker, spec.image)

    def start_container(self, name: str, *, again: bool = False) -> None:
        """Give it a task, and wait until its node has started that."""
        docker = self._open()
        try:
            start_service(docker, swarm_name(name))
        except ObjectNotFoundError:
            super().start_container(name, again=again)

    def stop_container(self, name: str, *, grace: int | None) -> None:
        """Take its task away and keep it. Swarm gives the task the grace of its definition, whatever is asked."""
        docker, own = self._open(), swarm_name(name)
        try:
            tasks = list_tasks(docker, inspect_service(docker, own).id)
        except ObjectNotFoundError:
            super().stop_container(name, grace=grace)
            return
        scale_service(docker, own, 0)
        await_no_tasks(docker, tasks, away=map_nodes(list_nodes(docker)).away, subject=f"service {name}")

    def pause_container(self, name: str) -> None:
        """Freeze a plain container; Swarm has no word for that of a service."""
        if self._has_service(name):
            raise UnsupportedError(
                "Swarm cannot pause a service", where=f"service {name}", hint="leave --pause out"
            )
        super().pause_container(name)

    def connect_network(self, container: str, network: str, *, is_gateway: bool = False) -> None:
        """Join a plain container to one more network; what services join is fixed."""
        if self._has_service(container):
            raise UnsupportedError(FIXED, where=f"service {container}")
        super().connect_network(container, swarm_name(network), is_gateway=is_gateway)

    def disconnect_container(self, container: str, networks: Sequence[str]) -> None:
        """Take a plain container out of networks; services leave theirs with their removal."""
        if not self._has_service(container):
            super().disconnect_container(container, [swarm_name(network) for network in networks])

    def remove_container(self, name: str) -> None:
        """Remove the service, wait until every node that answers has removed its tasks, and remove its files."""
        docker, own = self._open(), swarm_name(name)
        tasks = remove_service(docker, own)
        if tasks:
            await_no_tasks(docker, tasks, away=map_nodes(list_nodes(docker)).away, subject=f"service {name}")
        self._files.remove_of(own)
        super().remove_container(name)

    def inspect_container(self, name: str) -> ContainerDetail:
        """How its task is doing; more of one that is on the manager's own node."""
        try:
            found, now, nodes = look_at(self._open(), swarm_name(name))
        except ObjectNotFoundError:
            return super().inspect_container(name)
        known = detail(found, now, nodes)
        if (container := self._local(now.task)) is None:
            return known
        return replace(
            known,
            out_of_memory=container.out_of_memory,
            error=known.error or container.error,
            health_log=container.health_log,
        )

    def _local(self, task: Task | None) -> ContainerDetail | None:
        """The container of a task of this very node."""
        if task is None or not task.container or task.node != membership(self._docker).node_id:
            return None
        try:
            return inspect_container(self._docker, task.container).detail
        except ObjectNotFoundError:
            return None

    def listening_ports(self, name: str, ports: Collection[int]) -> ListeningPorts | None:
        """Which ports of a task of this very node accept connections; ``None`` for one of another node."""
        try:
            _found, now, _nodes = look_at(self._open(), swarm_name(name))
        except ObjectNotFoundError:
            return super().listening_ports(name, ports)
        if self._local(now.task) is None or now.task is None:
            return None
        return super().listening_ports(now.task.container, ports)

    def open_connections(self, name: str, ports: Collection[int]) -> OpenConnections:
        """Unknown of services: their clients are other nodes' too."""
        return OpenConnections(None) if self._has_service(name) else super().open_connections(name, ports)

    def watch(self, selection: Selection) -> Stream[Sequence[ContainerEvent]]:
        """What happens to our services from now on."""
        wanted = label_filters(selection)
        stream = TaskEventStream(lambda: self._look(wanted))
        self._register(stream)
        return stream

    def logs(self, containers: Sequence[str], options: LogOptions) -> Stream[Sequence[LogLine]]:
        """The lines of the tasks of several services, merged, from whichever node they are on."""
        opener = partial(open_service_log, is_over=self._is_over)
        stream = open_log_stream(self._open(), containers, options, open_one=opener)
        self._register(stream)
        return stream

    def _is_over(self, name: str) -> bool:
        try:
            now = look_at(self._open(), name)[1]
        except EngineError:
            return True
        return now.state in (ContainerState.EXITED, ContainerState.DEAD)

    def _has_service(self, name: str) -> bool:
        try:
            inspect_service(self._open(), swarm_name(name))
        except ObjectNotFoundError:
            return False
        return True
