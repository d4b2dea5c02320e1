"""What services of an environment reach and under which names: no way out, host ports, names and addresses."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.compose.resources import NO_EGRESS_KEY
from previewer.domain.compose.routes import declared_routes
from previewer.domain.compose.service import PortMapping, Service
from previewer.domain.engine.specs import MASQUERADE_OPTION
from previewer.domain.isolation.change import Change, Circumstances, change_service
from previewer.domain.json_value import JsonObject, JsonValue, value_at
from previewer.domain.policy.rewrite_rules import EGRESS, HOST_PORT, egress_subjects, port_subjects

RAW_PACKETS = "NET_RAW"
NO_RESOLVER = "127.0.0.1"
"""The engine's resolver answers the names of siblings and asks this one for all others: nothing answers there."""


def is_shut(circumstances: Circumstances) -> bool:
    """Whether nothing of the environment may reach other machines: as the definition, else the role says."""
    if not circumstances.definition.extension.egress:
        return True
    return (
        not circumstances.limits.egress
        and circumstances.trust.grant_for(EGRESS, egress_subjects(circumstances.definition)) is None
    )


def shut_service(service: Service, circumstances: Circumstances) -> Iterator[Change]:
    """Take from a service what gets around its networks: raw packets, and the engine's way to name servers."""
    if not is_shut(circumstances):
        return
    reason = "nothing of the environment may reach other machines"
    dropped = service.cap_drop
    if not {"ALL", RAW_PACKETS} & {name.upper() for name in dropped}:
        # A program that makes its own packets could send them to the host's hardware address.
        yield change_service(service, "cap_drop", after=[*dropped, RAW_PACKETS], reason=reason)
    resolvers: list[JsonValue] = [NO_RESOLVER]
    if not service.network_mode and [*service.dns] != resolvers:
        yield change_service(service, "dns", after=resolvers, reason=reason)


def shut_networks(circumstances: Circumstances) -> Iterator[Change]:
    """Take the way out from the environment's own networks; external ones stay what they are."""
    if not is_shut(circumstances):
        return
    reason = "nothing of the environment may reach other machines"
    published = _published_networks(circumstances)
    for key, network in circumstances.definition.networks.items():
        if network.external:
            continue
        yield Change(("networks", key, NO_EGRESS_KEY), network.no_egress or None, True)
        before = network.driver_opts.get(MASQUERADE_OPTION)
        if before != "false":
            yield Change(("networks", key, "driver_opts", MASQUERADE_OPTION), before, "false", reason)
        if network.enable_ipv6:
            yield Change(("networks", key, "enable_ipv6"), True, False, reason)
        if not network.internal and (key not in published or not network.is_bridge):
            yield Change(("networks", key, "internal"), network.internal, True, reason)


def _published_networks(circumstances: Circumstances) -> frozenset[str]:
    """The networks of services that publish a port, or have a route, which is published."""
    routed = {route.service for route in declared_routes(circumstances.definition)}
    services = circumstances.definition.services.values()
    return frozenset(key for s in services if s.ports or s.name in routed for key in s.networks)


def free_ports(service: Service, circumstances: Circumstances) -> Iterator[Change]:
    """Take host ports and addresses out of ``ports``; what is then there twice is there once."""
    seen: set[tuple[object, ...]] = set()
    for index, (port, entry) in enumerate(zip(service.ports, service.entries("ports"), strict=True)):
        freed = _freed(port, entry, circumstances)
        identity = tuple(freed.get(key) for key in ("target", "protocol", "published", "host_ip"))
        if identity in seen:
            reason = "the same port is published by another line already"
            yield change_service(service, "ports", str(index), after=None, reason=reason)
        elif freed != entry:
            yield change_service(service, "ports", str(index), after=freed, reason=_reason(port))
        seen.add(identity)


def publish_routes(service: Service, circumstances: Circumstances) -> Iterator[Change]:
    """Publish the ports that ``x-previewer.routes`` gives a URL and ``ports`` does not have.

    A service without networks of its own (``network_mode``) can publish none.
    """
    if service.network_mode:
        return
    published = {port.target for port in service.ports if port.protocol == "tcp"}
    routes = [route for route in declared_routes(circumstances.definition) if route.service == service.name]
    missing = dict.fromkeys(route.port for route in routes if route.port not in published)
    entries: list[JsonValue] = [
        {"mode": "ingress", "target": port, "protocol": "tcp", "host_ip": circumstances.publish}
        for port in missing
    ]
    reason = "x-previewer.routes gives this port a URL"
    count = len(service.ports)
    if entries and not count:
        yield change_service(service, "ports", after=entries, reason=reason)
        return
    for number, entry in enumerate(entries, start=count):
        yield change_service(service, "ports", str(number), after=entry, reason=reason)


def _freed(port: PortMapping, entry: JsonObject, circumstances: Circumstances) -> JsonObject:
    if port.published and circumstances.trust.grant_for(HOST_PORT, port_subjects(port)):
        return entry
    kept = {key: value for key, value in entry.items() if key != "published"}
    return {**kept, "host_ip": circumstances.publish}


def _reason(port: PortMapping) -> str:
    if port.published:
        return "two environments cannot have the same host port; a free one on the loopback address is chosen"
    # The definition has no address here, and ``8080`` alone is the way that is recommended.
    return "an environment answers on the loopback address only" if port.host_ip else ""


_ADDRESSES = ("ipv4_address", "ipv6_address", "link_local_ips")


def free_container_names(service: Service, circumstances: Circumstances) -> Iterator[Change]:
    """Drop ``container_name``; the name stays as an alias on every network of the service."""
    del circumstances
    name = service.container_name
    if not name:
        return
    reason = "each environment's container has a name of its own; the old one stays as a network alias"
    yield change_service(service, "container_name", after=None, reason=reason)
    for key, endpoint in service.networks.items():
        if name not in (*endpoint.aliases, service.name):
            yield change_service(service, "networks", key, "aliases", after=[*endpoint.aliases, name])


def free_addresses(service: Service, circumstances: Circumstances) -> Iterator[Change]:
    """Drop the fixed addresses of a service."""
    del circumstances
    for key, endpoint in service.networks.items():
        for name in _ADDRESSES:
            if getattr(endpoint, name):
                reason = "each environment's network has other addresses; services reach each other by name"
                yield change_service(service, "networks", key, name, after=None, reason=reason)


def free_resources(circumstances: Circumstances) -> Iterator[Change]:
    """Drop the fixed names of networks, volumes, secrets and configs, and the fixed subnets of networks."""
    for section, resource in circumstances.definition.resources:
        if resource.name and not resource.external:
            derived = resource.name == f"{circumstances.definition.model.get('name')}_{resource.key}"
            noun = section.removesuffix("s")
            reason = "" if derived else f"each environment has its own {noun}, under a name of its own"
            yield Change((section, resource.key, "name"), resource.name, None, reason)
    for key, network in circumstances.definition.networks.items():
        if network.ipam.config and not network.external:
            reason = "two environments cannot have the same subnet; a free one is chosen"
            yield Change(
                ("networks", key, "ipam", "config"), value_at(network.spec, "ipam", "config"), None, reason
            )
