"""Names and addresses that only one environment could have."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.isolation.change import Change, Circumstances, change_service
from previewer.domain.json_value import as_list, as_object, as_text
from previewer.domain.policy.finders import is_on
from previewer.domain.service import Service

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
