"""No way out: networks of which nothing leads to other machines, while published ports still answer.

An ``internal`` network of the engine publishes no ports. Where one is needed, the network is an ordinary one whose
containers are told a gateway that is nobody's: what is on the network (siblings, and the engine's host, through
which published ports come in) is reached, anything else is not.
"""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.isolation.change import Change, Circumstances, change_service
from previewer.domain.json_value import JsonValue, as_list, as_object, as_text
from previewer.domain.policy.egress_rules import EGRESS, egress_subjects
from previewer.domain.policy.finders import is_on
from previewer.domain.routes import declared_routes
from previewer.domain.service import Service
from previewer.domain.specification import MASQUERADE_OPTION, NO_EGRESS_KEY

RAW_PACKETS = "NET_RAW"
NO_RESOLVER = "127.0.0.1"
"""The engine's resolver answers the names of siblings and asks this one for all others: nobody is there."""


def is_shut(given: Circumstances) -> bool:
    """Whether nothing of the environment may reach other machines: as the definition, else the role says."""
    if given.definition.extension.get("egress") is False:
        return True
    return not given.limits.egress and given.trust.grant_for(EGRESS, egress_subjects(given.definition)) is None


def shut_service(service: Service, given: Circumstances) -> Iterator[Change]:
    """Take from a service what gets around its networks: raw packets, and the engine's way to name servers."""
    if not is_shut(given):
        return
    reason = "nothing of the environment may reach other machines"
    dropped = as_list(service.spec.get("cap_drop"))
    if not {"ALL", RAW_PACKETS} & {str(name).upper() for name in dropped}:
        # Whoever makes his own packets could send them to the host's hardware address.
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
