"""How a new generation comes by the host ports of the one that serves: decided before anything is made.

Two containers cannot have one port of one host address. A successor is therefore rehearsed on another loopback
address, with the same port numbers, until it is healthy. Networks say where published ports are bound, so joining
the successor to one more network (its *edge*) moves its ports to the address that people know, at the moment that
the predecessor lets go of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from msgspec import Struct

from previewer.domain.compose.definition import Definition
from previewer.domain.compose.routes import EVERY_ADDRESS, declared_routes
from previewer.domain.compose.service import Service
from previewer.domain.engine.observation import ContainerState, Observation, ObservedContainer
from previewer.domain.engine.specs import HOST_BINDING_OPTION
from previewer.domain.environment.host_ports import InheritedPorts, PortKey
from previewer.domain.naming import RESERVED_NAMES

EDGE = f"{RESERVED_NAMES}edge"
"""The key of the network that a successor's ports are taken over with; definitions have none of that name."""
ENDED = frozenset({ContainerState.CREATED, ContainerState.EXITED, ContainerState.DEAD})
"""Containers in these states hold no port."""


class Handover(Enum):
    """How host ports pass from one generation to the next."""

    NONE = "none"
    """The wanted ports are free."""
    REHEARSED = "rehearsed"
    """The successor is healthy on another address when it takes over: the gap is a fraction of a second."""
    STOPPED_FIRST = "stopped first"
    """What has the ports is stopped before its successor starts: the gap is the successor's start."""
    NEXT_PORTS = "next ports"
    """The successor has other ports: there is no gap, and the URLs change."""


class PortHandover(Struct, frozen=True):
    """What was decided for one new generation."""

    handover: Handover = Handover.NONE
    binding: str = ""
    """The host address that its networks bind published ports to; empty where each port names its own."""
    edge: str = ""
    """The address that its ports move to in the end; empty where they stay."""
    holders: tuple[ObservedContainer, ...] = ()
    """What runs of its predecessors and has ports that it is to have."""


UNCONTESTED = PortHandover()
"""The ports are free, and each names its own address."""


def decide_port_handover(
    definition: Definition,
    ports: Mapping[PortKey, int],
    *,
    predecessors: Observation,
    can_bind: bool,
    is_free: Callable[[str, int], bool],
    is_kept: bool = False,
) -> PortHandover:
    """How ``definition`` comes by ``ports``.

    ``can_bind`` says whether the engine lets networks decide about host addresses, ``is_free`` whether a port of a
    rehearsal address is available. One that ``is_kept`` once it is replaced is rehearsed even if nothing has the
    ports: it can then be rehearsed again when it comes back.
    """
    numbers = set(ports.values())
    holders = tuple(
        container
        for container in sorted(predecessors.containers, key=lambda container: container.name)
        if container.state is not ContainerState.EXITED
        and any(port.host_port in numbers for port in container.ports)
    )
    address = published_address(definition) if can_bind else None
    if address is None:
        return PortHandover(Handover.STOPPED_FIRST if holders else Handover.NONE, holders=holders)
    if not holders and not is_kept:
        return PortHandover(binding=address)
    standby_address = next((candidate for candidate in _standby_addresses(numbers, is_free)), None)
    if standby_address is None:
        return PortHandover(Handover.STOPPED_FIRST if holders else Handover.NONE, binding=address, holders=holders)
    return PortHandover(Handover.REHEARSED, binding=standby_address, edge=address, holders=holders)


def decide_return(
    definition: Definition, kept: Observation, *, predecessors: Observation, can_bind: bool
) -> PortHandover:
    """How the generation ``kept``, which is stopped, comes by its ports again.

    It waits where its own networks publish them while its ports' edge is left. One without an edge (an earlier
    previewer made it, or its ports are for every address) has to have its ports from the start.
    """
    holders = tuple(
        container
        for container in sorted(predecessors.containers, key=lambda container: container.name)
        if container.state not in ENDED and container.ports
    )
    bindings = {network.key == EDGE: network.binding for network in kept.networks if network.binding}
    base, edge = bindings.get(False, ""), bindings.get(True, "")
    if edge and is_rehearsal(base):
        return PortHandover(Handover.REHEARSED, binding=base, edge=edge, holders=holders)
    is_named = any(container.names for container in kept.containers)
    if is_named or not publishing_services(definition) or not (can_bind or has_fixed_ports(definition)):
        return UNCONTESTED  # its ports, if it has any, are no other's
    return PortHandover(Handover.STOPPED_FIRST if holders else Handover.NONE, holders=holders)


def inherited_ports(observation: Observation) -> InheritedPorts:
    """The host ports that containers have, to be had by their successors."""
    ports: dict[PortKey, tuple[int, ...]] = {}
    for container in observation.containers:
        for port in container.ports:
            key = PortKey(container.service, container.number, port.target, port.protocol)
            ports[key] = (*ports.get(key, ()), port.host_port)
    return ports


def keeps_ports(definition: Definition) -> bool:
    """Whether its host ports have to stay what they are, although a router gives it names."""
    return has_fixed_ports(definition) or any(route.is_tcp for route in declared_routes(definition))


def has_fixed_ports(definition: Definition) -> bool:
    """Whether isolation left any host port as it was written."""
    return any(port.published for service in definition.services.values() for port in service.ports)


def published_address(definition: Definition) -> str | None:
    """The one IPv4 host address that all published ports are for, if networks can say it; else ``None``.

    They cannot where a port is for every address or a range, where addresses differ, or where a service is in a
    network that is not the environment's own ordinary bridge: that network would decide.
    """
    addresses: set[str] = set()
    for service in definition.services.values():
        if not service.ports:
            continue
        if service.network_mode or not all(_can_say(definition, key) for key in service.networks):
            return None
        for port in service.ports:
            if port.published and not port.published.isdecimal():
                return None
            addresses.add(port.host_ip)
    if len(addresses) != 1:
        return None
    (address,) = addresses
    return address if address not in EVERY_ADDRESS and _is_ipv4(address) else None


def publishing_services(definition: Definition) -> tuple[Service, ...]:
    """The services whose published ports the engine binds: those in internal networks only have none."""
    return tuple(
        service
        for service in definition.services.values()
        if service.ports
        and any(not (n := definition.networks.get(key)) or not n.internal for key in service.networks)
    )


def _can_say(definition: Definition, key: str) -> bool:
    network = definition.networks.get(key)
    if network is None or network.external or network.enable_ipv6:
        return False
    return network.is_bridge and HOST_BINDING_OPTION not in network.driver_opts


def _standby_addresses(numbers: Collection[int], is_free: Callable[[str, int], bool]) -> Iterator[str]:
    for address in map(str, STANDBY_ADDRESSES.hosts()):
        if all(is_free(address, number) for number in numbers):
            yield address


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


STANDBY_ADDRESSES = IPv4Network("127.80.0.0/24")
"""Loopback addresses that successors publish their ports at until they take over."""


def is_on_standby(container: ObservedContainer) -> bool:
    """Whether it publishes ports where successors wait to take over."""
    return any(is_rehearsal(port.host_ip) for port in container.ports)


def is_rehearsal(address: str) -> bool:
    """Whether successors wait at this address."""
    try:
        return IPv4Address(address) in STANDBY_ADDRESSES
    except AddressValueError:
        return False
