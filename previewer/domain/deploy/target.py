"""What one generation of an environment consists of, complete down to the last label."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from previewer.domain import labels, naming
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.mounted_files import FileOwner, file_references
from previewer.domain.compose.references import filled
from previewer.domain.compose.resources import Network
from previewer.domain.compose.routes import reachable_address, routes_of, url_of
from previewer.domain.compose.served_files import VolumeContent
from previewer.domain.compose.service import Service
from previewer.domain.compose.start_order import effective_dependencies
from previewer.domain.data.beginning import VolumeData, clone_labels, data_variables
from previewer.domain.deploy.takeover import EDGE, UNCONTESTED, PortHandover, publishing_services
from previewer.domain.engine.addresses import network_prefix, prefix_for
from previewer.domain.engine.nodes import NODE_ADDRESS, EngineNodes
from previewer.domain.engine.specs import (
    HOST_BINDING_OPTION,
    MASQUERADE_OPTION,
    NO_EGRESS_KEY,
    SIBLINGS_OPTION,
    CloneSpec,
    ContainerSpec,
    FillSpec,
    NetworkSpec,
    VolumeSpec,
)
from previewer.domain.environment.host_ports import PortKey
from previewer.domain.environment.urls import injected_variables
from previewer.domain.json_value import JsonObject, JsonValue, as_object, digest_of
from previewer.domain.labels import Ownership, RankedPort
from previewer.domain.policy.quantity_rules import memory_limit
from previewer.domain.release.release import Artifact
from previewer.domain.routing.host_names import NamedService
from previewer.errors import DefinitionError

COMPOSE_SUFFIXES = (".yaml", ".yml")
SMALLEST = 29
"""The longest prefix of a subnet."""


class VolumeFill(Struct, frozen=True):
    """What one volume holds before any service sees it."""

    content: VolumeContent
    archive: Callable[[FileOwner], Iterator[bytes]]
    """See :class:`FillSpec`."""


class Target(Struct, frozen=True, eq=False):
    """One generation of an environment, as wanted."""

    ownership: Ownership
    definition: Definition
    """Already rewritten for isolation."""
    artifacts: Mapping[str, Artifact]
    """Images by service. A service without one is planned but cannot be executed: it is not frozen yet."""
    ports: Mapping[PortKey, int]
    address_pool: str
    """CIDR range that networks take their subnets from."""
    prefix_length: int
    """The prefix length of each subnet, unless so many containers join that it has to be larger."""
    fills: Mapping[str, VolumeFill] = field(default_factory=dict)
    """What volumes hold before any service sees them, by their keys."""
    contents: Mapping[str, bytes] = field(default_factory=dict)
    """What configs and secrets contain, by ``configs/KEY`` and ``secrets/KEY``."""
    port_handover: PortHandover = UNCONTESTED
    """How it comes by its ports."""
    data: Mapping[str, VolumeData] = field(default_factory=dict)
    """What volumes begin with, by their keys; others begin empty."""
    places: Mapping[str, str] = field(default_factory=dict)
    """``REGISTRY/REPOSITORY@sha256:…`` by image, where the engine has others pull them."""
    writers: tuple[str, ...] = ()
    """What runs of its predecessors and has to end, as nothing else may write to data that is handed over."""
    machine: str = ""
    """The name of the engine's machine where that is another one; see :class:`Observation`."""
    reached_as: str = ""
    """The host name that its ports are reached at, where the user says it."""
    nodes: EngineNodes | None = None
    """Where ports are, where the engine is several machines."""
    names: tuple[NamedService, ...] = ()
    """The names of its ports; empty where no router gives them any."""
    router: str = ""
    """The router that knows the names."""

    @property
    def edge(self) -> str:
        """The engine's name of the network that its ports are taken over with."""
        return naming.handover_network_name(self.ownership.environment, self.ownership.generation)

    def container_name(self, service: str, number: int) -> str:
        """The engine's name of a service's n-th container."""
        owner = self.ownership
        return naming.container_name(owner.environment, owner.generation, service, number)

    def container_names(self, service: str) -> tuple[str, ...]:
        """The engine's names of all containers of a service."""
        count = self.definition.services[service].replicas
        return tuple(self.container_name(service, number) for number in range(1, count + 1))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Target) and self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash(self._compared())

    def _compared(self) -> tuple[object, ...]:
        return (
            self.ownership,
            self.definition,
            self.artifacts,
            self.ports,
            self.address_pool,
            self.prefix_length,
            self.contents,
            self.port_handover,
            self.data,
            self.writers,
            self.machine,
            self.reached_as,
            self.nodes,
            self.names,
        )

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name != "contents")
        return f"Target({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def network_specs(target: Target) -> Iterator[tuple[str, NetworkSpec]]:
    """The networks by their key in the definition, and the edge where ports are to be taken over."""
    owner = target.ownership
    for key in sorted(target.definition.networks):
        yield (
            key,
            NetworkSpec(
                name=naming.network_name(owner.environment, owner.generation, key),
                labels={**_common_labels(target), labels.COMPOSE_NETWORK: key},
                compose=_bound(target.definition.networks[key], target.port_handover.binding),
                address_pool=target.address_pool,
                prefix_length=network_prefix(target.definition, key, longest=target.prefix_length),
            ),
        )
    if target.port_handover.edge:
        yield EDGE, _handover_network_spec(target)


def volume_specs(target: Target) -> Iterator[tuple[str, VolumeSpec]]:
    """The volumes by their key in the definition."""
    owner = target.ownership
    for key in sorted(target.definition.volumes):
        data = target.data.get(key)
        yield (
            key,
            VolumeSpec(
                name=naming.volume_name(owner.environment, owner.generation, key),
                labels={
                    **_common_labels(target),
                    labels.COMPOSE_VOLUME: key,
                    **(clone_labels(data) if data else {}),
                },
                compose=target.definition.volumes[key].spec,
                clone=_clone_spec(target, data) if data else None,
            ),
        )


def _clone_spec(target: Target, data: VolumeData) -> CloneSpec:
    return CloneSpec(
        own=data.own,
        own_labels=data.own_labels or _common_labels(target),
        layers=data.layers,
        copies=data.copies,
        image=_any_image(target),
        labels={**labels.ownership_labels(target.ownership), labels.COMPOSE_ONEOFF: "True"},
    )


def _any_image(target: Target) -> str:
    return min((artifact.image for artifact in target.artifacts.values()), default="")


def _handover_network_spec(target: Target) -> NetworkSpec:
    """As small as may be; the services in it do not meet there, and have the way out that they had."""
    services = publishing_services(target.definition)
    networks = target.definition.networks
    joined = [networks[key] for service in services for key in service.networks if key in networks]
    options: dict[str, JsonValue] = {HOST_BINDING_OPTION: target.port_handover.edge, SIBLINGS_OPTION: "false"}
    masquerades = {network.driver_opts.get(MASQUERADE_OPTION) for network in joined}
    if masquerades == {"false"}:
        options[MASQUERADE_OPTION] = "false"
    is_shut = any(network.no_egress for network in joined)
    containers = sum(service.replicas for service in services)
    return NetworkSpec(
        name=target.edge,
        labels={**_common_labels(target), labels.COMPOSE_NETWORK: EDGE},
        compose={"driver_opts": options, **({NO_EGRESS_KEY: True} if is_shut else {})},
        address_pool=target.address_pool,
        # Without egress, the gateway's address belongs to no machine.
        prefix_length=prefix_for(containers + is_shut, longest=SMALLEST),
    )


def _bound(network: Network, address: str) -> JsonObject:
    """A network that publishes its containers' ports at ``address``, where it is one that can."""
    if not address or network.external or network.internal:
        spec: JsonObject = network.spec
        return spec
    return {**network.spec, "driver_opts": {**network.driver_opts, HOST_BINDING_OPTION: address}}


def fill_specs(target: Target) -> Iterator[tuple[str, FillSpec]]:
    """What volumes are filled with, by their keys: through the image of the service that owns it."""
    owner = target.ownership
    for key, fill in sorted(target.fills.items()):
        service = target.definition.services.get(fill.content.service)
        artifact = target.artifacts.get(fill.content.service)
        yield (
            key,
            FillSpec(
                volume=naming.volume_name(owner.environment, owner.generation, key),
                image=artifact.image if artifact else _any_image(target),
                labels={**labels.ownership_labels(owner), labels.COMPOSE_ONEOFF: "True"},
                archive=fill.archive,
                user=service.user if service else None,
            ),
        )


def container_spec(target: Target, service: Service, number: int) -> ContainerSpec:
    """The n-th container of a service."""
    owner = target.ownership
    artifact = target.artifacts.get(service.name)
    return ContainerSpec(
        name=target.container_name(service.name, number),
        service=service.name,
        image=artifact.image if artifact else "",
        platform=artifact.platform if artifact else "",
        registry_image=target.places.get(artifact.image, "") if artifact else "",
        labels=_container_labels(target, service, number),
        compose=_compose_of(target, service, number),
        networks={key: naming.network_name(owner.environment, owner.generation, key) for key in service.networks},
        volumes={
            key: naming.volume_name(owner.environment, owner.generation, key) for key in target.definition.volumes
        },
        containers={name: target.container_name(name, 1) for name in target.definition.services},
        contents={
            reference: target.contents[reference]
            for reference, _description in file_references(target.definition, service)
            if reference in target.contents
        },
    )


def _common_labels(target: Target) -> dict[str, str]:
    owner = target.ownership
    return {
        **labels.ownership_labels(owner),
        labels.COMPOSE_PROJECT: naming.scope(owner.environment, owner.generation),
        labels.COMPOSE_VERSION: labels.COMPOSE_VERSION_VALUE,
    }


def _container_labels(target: Target, service: Service, number: int) -> dict[str, str]:
    artifact = target.artifacts.get(service.name)
    depends_on = ",".join(
        f"{dependency.service}:{dependency.condition.value}:false"
        for dependency in effective_dependencies(target.definition, service)
    )
    return {
        **_common_labels(target),
        **labels.ownership_labels(replace(target.ownership, service=service.name)),
        labels.ROUTES: labels.route_label(
            RankedPort(rank, route.port)
            for rank, route in enumerate(routes_of(target.definition))
            if route.service == service.name
        ),
        labels.NAMES: labels.names_label(named.route for named in target.names if named.service == service.name),
        labels.ROUTER: target.router if any(named.service == service.name for named in target.names) else "",
        labels.MEMORY: str(memory_limit(service)),
        labels.COMPOSE_SERVICE: service.name,
        labels.COMPOSE_NUMBER: str(number),
        labels.COMPOSE_ONEOFF: "False",
        labels.COMPOSE_CONFIG_HASH: digest_of(service.spec).removeprefix("sha256:"),
        labels.COMPOSE_IMAGE: artifact.image if artifact else "",
        labels.COMPOSE_DEPENDS_ON: depends_on,
        labels.COMPOSE_WORKING_DIR: f"previewer:{target.ownership.commit}",
        labels.COMPOSE_CONFIG_FILES: ",".join(
            file for file in target.definition.files if file.endswith(COMPOSE_SUFFIXES)
        ),
    }


def run_variables(target: Target, reader: str = "") -> Mapping[str, str]:
    """The ``PREVIEWER_*`` variables of every container.

    Where the scheduler chooses nodes, only a service's first container, the ``reader``, is told of its own.
    """
    urls, routes = _urls(target, reader), routes_of(target.definition)
    found = injected_variables(target.ownership, urls, routes)
    if target.nodes is not None and routes and (routes[0].service, routes[0].port) not in urls:
        found.pop("PREVIEWER_URL", None)  # the next one's is not the main one
    return {**found, **data_variables(target.data.values())}


def _compose_of(target: Target, service: Service, number: int) -> JsonObject:
    """The service's mapping with its host ports and the ``PREVIEWER_*`` variables filled in."""
    variables = run_variables(target, service.name if number == 1 else "")
    where = f"{target.ownership.environment}, service {service.name}"
    spec = filled(service.spec, variables, where=where)
    if NODE_ADDRESS in repr({key: value for key, value in spec.items() if key != "environment"}):
        raise DefinitionError(
            "its URL is not known before the scheduler has chosen its node",
            where=where,
            hint="only `environment` can have it; or name a node in `deploy.placement.constraints`",
        )
    ports: list[JsonValue] = []
    for port, entry in zip(service.ports, service.entries("ports"), strict=True):
        key = PortKey(service.name, number, port.target, port.protocol)
        assigned = None if port.published else target.ports.get(key)
        chosen: JsonObject = {**entry, "published": str(assigned)} if assigned else entry
        # The networks say at which address, so that it can change while the container runs.
        ports.append({**chosen, "host_ip": ""} if target.port_handover.binding else chosen)
    return {
        **spec,
        "environment": {**as_object(spec.get("environment")), **variables},
        **({"ports": ports} if ports else {}),
    }


def _urls(target: Target, reader: str) -> Mapping[tuple[str, int], str]:
    """The URLs of the published TCP ports of each service's first container, by service and container port."""
    found: dict[tuple[str, int], str] = {}
    for named in target.names:
        found.setdefault((named.service, named.route.port), named.route.url)
    for service in target.definition.services.values():
        for port in service.ports:
            host_port = target.ports.get(PortKey(service.name, 1, port.target, port.protocol))
            address = _address(target, service, port.host_ip, reader)
            if port.protocol == "tcp" and host_port and address:
                found.setdefault((service.name, port.target), url_of(address, host_port, target=port.target))
    return found


def _address(target: Target, service: Service, host_ip: str, reader: str) -> str:
    """Where a port of a service's first container is reached; empty where the scheduler decides that later."""
    if target.nodes is not None and not target.reached_as:
        if not (host_ip := target.nodes.address_for(service)):
            return NODE_ADDRESS if service.name == reader else ""
        return reachable_address(host_ip, target.machine or None) or ""
    # On another machine's own loopback address it is reached by a tunnel to the same address here.
    return reachable_address(host_ip, target.machine or None, target.reached_as) or host_ip
