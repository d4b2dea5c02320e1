"""What services of an environment reach and under which names: no way out, host ports, names and addresses."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.compose.routes import declared_routes
from previewer.domain.compose.service import Service
from previewer.domain.engine.specs import MASQUERADE_OPTION, NO_EGRESS_KEY
from previewer.domain.isolation.change import Change, Circumstances, change_service
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.policy.rewrite_rules import EGRESS, HOST_PORT, egress_subjects, port_subjects
from previewer.domain.policy.rule import is_on

RAW_PACKETS = "NET_RAW"
NO_RESOLVER = "127.0.0.1"
"""The engine's resolver answers the names of siblings and asks this one for all others: nothing answers there."""


def is_shut(given: Circumstances) -> bool:
    """Whether nothing of the environment may reach other machines: as the definition, else the role says."""
    if not given.definition.extension.egress:
        return True
    return not given.limits.egress and given.trust.grant_for(EGRESS, egress_subjects(given.definition)) is None


def shut_service(service: Service, given: Circumstances) -> Iterator[Change]:
    """Take from a service what gets around its networks: raw packets, and the engine's way to name servers."""
    if not is_shut(given):
        return
    reason = "nothing of the environment may reach other machines"
    dropped = as_list(service.spec.get("cap_drop"))
    if not {"ALL", RAW_PACKETS} & {str(name).upper() for name in dropped}:
        # A program that makes its own packets could send them to the host's hardware address.
        yield change_service(service, "cap_drop", after=[*dropped, RAW_PACKETS], reason=reason)
    resolvers: list[JsonValue] = [NO_RESOLVER]
    if not service.spec.get("network_mode") and as_list(service.spec.get("dns")) != resolvers:
        yield change_service(service, "dns", after=resolvers, reason=reason)


def shut_networks(given: Circumstances) -> Iterator[Change]:
    """Take the way out from the environment's own networks; external ones stay what they are."""
    if not is_shut(given):
        return
    reason = "nothing of the environment may reach other machines"
    published = _published_networks(given)
    for key, network in given.definition.networks.items():
        if is_on(network.get("external")):
            continue
        yield Change(("networks", key, NO_EGRESS_KEY), network.get(NO_EGRESS_KEY), True)
        before = as_object(network.get("driver_opts")).get(MASQUERADE_OPTION)
        if before != "false":
            yield Change(("networks", key, "driver_opts", MASQUERADE_OPTION), before, "false", reason)
        if is_on(network.get("enable_ipv6")):
            yield Change(("networks", key, "enable_ipv6"), True, False, reason)
        is_bridge = as_text(network.get("driver")) in ("", "default", "bridge")
        if not is_on(network.get("internal")) and (key not in published or not is_bridge):
            yield Change(("networks", key, "internal"), network.get("internal"), True, reason)


def _published_networks(given: Circumstances) -> frozenset[str]:
    """The networks of services that publish a port, or have a route, which is published."""
    routed = {route.service for route in declared_routes(given.definition)}
    services = given.definition.services.values()
    return frozenset(key for s in services if s.ports or s.name in routed for key in s.networks)


def free_ports(service: Service, given: Circumstances) -> Iterator[Change]:
    """Take host ports and addresses out of ``ports``; what is then there twice is there once."""
    seen: set[tuple[object, ...]] = set()
    for index, entry in enumerate(map(as_object, as_list(service.spec.get("ports")))):
        wanted = _freed(entry, given)
        identity = tuple(wanted.get(key) for key in ("target", "protocol", "published", "host_ip"))
        if identity in seen:
            reason = "the same port is published by another line already"
            yield change_service(service, "ports", str(index), after=None, reason=reason)
        elif wanted != entry:
            yield change_service(service, "ports", str(index), after=wanted, reason=_reason(entry))
        seen.add(identity)


def publish_routes(service: Service, given: Circumstances) -> Iterator[Change]:
    """Publish the ports that ``x-previewer.routes`` gives a URL and ``ports`` does not have.

    A service without networks of its own (``network_mode``) can publish none.
    """
    if service.spec.get("network_mode"):
        return
    published = {port.target for port in service.ports if port.protocol == "tcp"}
    routes = [route for route in declared_routes(given.definition) if route.service == service.name]
    missing = dict.fromkeys(route.port for route in routes if route.port not in published)
    entries: list[JsonValue] = [
        {"mode": "ingress", "target": port, "protocol": "tcp", "host_ip": given.publish} for port in missing
    ]
    reason = "x-previewer.routes gives this port a URL"
    count = len(service.ports)
    if entries and not count:
        yield change_service(service, "ports", after=entries, reason=reason)
        return
    for number, entry in enumerate(entries, start=count):
        yield change_service(service, "ports", str(number), after=entry, reason=reason)


def _freed(entry: JsonObject, given: Circumstances) -> JsonObject:
    if entry.get("published") and given.trust.grant_for(HOST_PORT, port_subjects(entry)):
        return entry
    kept = {key: value for key, value in entry.items() if key != "published"}
    return {**kept, "host_ip": given.publish}


def _reason(entry: JsonObject) -> str:
    if entry.get("published"):
        return "two environments cannot have the same host port; a free one on the loopback address is chosen"
    # The definition has no address here, and ``8080`` alone is the way that is recommended.
    return "an environment answers on the loopback address only" if entry.get("host_ip") else ""


_ADDRESSES = ("ipv4_address", "ipv6_address", "link_local_ips")
_NOUNS = {"networks": "network", "volumes": "volume", "secrets": "secret", "configs": "config"}


def free_container_names(service: Service, given: Circumstances) -> Iterator[Change]:
    """Drop ``container_name``; the name stays as an alias on every network of the service."""
    del given
    name = as_text(service.spec.get("container_name"))
    if not name:
        return
    reason = "each environment's container has a name of its own; the old one stays as a network alias"
    yield change_service(service, "container_name", after=None, reason=reason)
    for key, endpoint in service.networks.items():
        aliases = as_list(endpoint.get("aliases"))
        if name not in (*aliases, service.name):
            yield change_service(service, "networks", key, "aliases", after=[*aliases, name])


def free_addresses(service: Service, given: Circumstances) -> Iterator[Change]:
    """Drop the fixed addresses of a service."""
    del given
    for key, endpoint in service.networks.items():
        for name in _ADDRESSES:
            if endpoint.get(name):
                reason = "each environment's network has other addresses; services reach each other by name"
                yield change_service(service, "networks", key, name, after=None, reason=reason)


def free_resources(given: Circumstances) -> Iterator[Change]:
    """Drop the fixed names of networks, volumes, secrets and configs, and the fixed subnets of networks."""
    model = given.definition.model
    for section, noun in _NOUNS.items():
        for key, entry in as_object(model.get(section)).items():
            resource = as_object(entry)
            if is_on(resource.get("external")):
                continue
            if (name := resource.get("name")) is not None:
                derived = name == f"{as_text(model.get('name'))}_{key}"
                reason = "" if derived else f"each environment has its own {noun}, under a name of its own"
                yield Change((section, key, "name"), name, None, reason)
    for key, network in given.definition.networks.items():
        subnets = as_object(network.get("ipam")).get("config")
        if subnets and not is_on(network.get("external")):
            reason = "two environments cannot have the same subnet; a free one is chosen"
            yield Change(("networks", key, "ipam", "config"), subnets, None, reason)
