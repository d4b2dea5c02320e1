"""Host ports: a free one on the loopback address, unless the branch is trusted with more; one for every route."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.isolation.change import Change, Circumstances, change_service
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object
from previewer.domain.policy.rewrite_rules import HOST_PORT, port_subjects
from previewer.domain.routes import declared_routes
from previewer.domain.service import Service

LOOPBACK = "127.0.0.1"


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
        {"mode": "ingress", "target": port, "protocol": "tcp", "host_ip": LOOPBACK} for port in missing
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
    return {**kept, "host_ip": LOOPBACK}


def _reason(entry: JsonObject) -> str:
    if entry.get("published"):
        return "two environments cannot have the same host port; a free one on the loopback address is chosen"
    # Nobody wrote an address where there is none, and ``8080`` alone is the way that is recommended.
    return "an environment answers on the loopback address only" if entry.get("host_ip") else ""
