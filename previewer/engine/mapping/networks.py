"""The networks that a container joins, its names there, and its ports."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from msgspec import Struct

from previewer.domain.engine.specs import NO_EGRESS_KEY, ContainerSpec, NetworkSpec, VolumeSpec
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.engine.mapping import values
from previewer.engine.mapping.host_access import container_of
from previewer.engine.mapping.part import Part, Raw, filled, malformed, merge_labels, too_old
from previewer.errors import EngineError, UnsupportedError

MAC_ADDRESS_SINCE = (1, 44)
GATEWAY_PRIORITY_SINCE = (1, 48)
INTERFACE_NAME_SINCE = (1, 49)
HIGHEST_PRIORITY = 2**31 - 1
INTERFACE_NAME_OPTION = "com.docker.network.endpoint.ifname"


class Joined(Struct, frozen=True):
    """One network that a container joins."""

    network: str
    """The engine's name of it."""
    endpoint: Raw
    """The API's ``EndpointConfig``."""


def joined_networks(spec: ContainerSpec, api_version: tuple[int, int]) -> tuple[Joined, ...]:
    """The networks in the order they are joined: highest priority first, then by key.

    Empty with a ``network_mode`` and for a service without networks.
    """
    if spec.compose.get("network_mode"):
        return ()
    settings = {key: as_object(value) for key, value in as_object(spec.compose.get("networks")).items()}
    keys = sorted(settings, key=lambda key: (-values.integer(settings[key].get("priority") or 0), key))
    found = []
    for position, key in enumerate(keys):
        if key not in spec.networks:
            raise malformed(spec, f"networks.{key}", "there is no such network in this environment")
        endpoint = _endpoint(spec, key, settings[key], api_version, is_first=position == 0)
        found.append(Joined(spec.networks[key], endpoint))
    return tuple(found)


def gateway_endpoint(api_version: tuple[int, int]) -> Raw:
    """The endpoint that makes a network a container's way out. Older engines go by the network's name."""
    return {"GwPriority": HIGHEST_PRIORITY} if api_version >= GATEWAY_PRIORITY_SINCE else {}


def _endpoint(
    spec: ContainerSpec, key: str, settings: JsonObject, api_version: tuple[int, int], *, is_first: bool
) -> Raw:
    mac_address = as_text(settings.get("mac_address"))
    if mac_address and api_version < MAC_ADDRESS_SINCE:
        raise too_old(spec, f"networks.{key}.mac_address", since="Docker 25")
    if is_first and api_version >= MAC_ADDRESS_SINCE:
        mac_address = mac_address or as_text(spec.compose.get("mac_address"))
    priority = settings.get("gw_priority")
    if priority and api_version < GATEWAY_PRIORITY_SINCE:
        raise too_old(spec, f"networks.{key}.gw_priority", since="Docker 28")
    return filled(
        Aliases=_aliases(spec, settings),
        IPAMConfig=filled(
            IPv4Address=settings.get("ipv4_address"),
            IPv6Address=settings.get("ipv6_address"),
            LinkLocalIPs=settings.get("link_local_ips"),
        ),
        Links=_links(spec),
        DriverOpts=_driver_options(spec, key, settings, api_version),
        MacAddress=mac_address,
        GwPriority=priority,
    )


def _aliases(spec: ContainerSpec, settings: JsonObject) -> list[JsonValue]:
    """The container's name, the service's and what the file adds, each once."""
    names = [spec.name, spec.service, as_text(spec.compose.get("container_name"))]
    names += [values.text(alias) for alias in as_list(settings.get("aliases"))]
    return list(dict.fromkeys(name for name in names if name))


def _links(spec: ContainerSpec) -> list[JsonValue]:
    """``service:alias`` as ``container:alias``; external links name containers themselves."""
    found: list[JsonValue] = []
    for link in as_list(spec.compose.get("links")):
        service, _, alias = values.text(link).partition(":")
        found.append(f"{container_of(spec, 'links', service)}:{alias or service}")
    for link in as_list(spec.compose.get("external_links")):
        container, _, alias = values.text(link).partition(":")
        found.append(f"{container}:{alias or container}")
    return found


def _driver_options(spec: ContainerSpec, key: str, settings: JsonObject, api_version: tuple[int, int]) -> Raw:
    options = values.text_map(settings.get("driver_opts") or {})
    if name := as_text(settings.get("interface_name")):
        if api_version < INTERFACE_NAME_SINCE:
            raise too_old(spec, f"networks.{key}.interface_name", since="Docker 28.1")
        options[INTERFACE_NAME_OPTION] = name
    return options


def map_ports(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``ports`` and ``expose``. An empty host port lets the engine choose a free one."""
    del api_version
    exposed: dict[str, JsonValue] = {}
    bindings: dict[str, list[JsonValue]] = {}
    for entry in as_list(spec.compose.get("expose")):
        exposed.update((port, {}) for port in _expand(values.spell(entry)))
    for entry in map(as_object, as_list(spec.compose.get("ports"))):
        port = f"{values.integer(entry.get('target'))}/{as_text(entry.get('protocol'), 'tcp')}"
        exposed[port] = {}
        published = entry.get("published")
        bindings.setdefault(port, []).append(
            {
                "HostIp": as_text(entry.get("host_ip")),
                "HostPort": "" if published is None else values.spell(published),
            }
        )
    return Part(config=filled(ExposedPorts=exposed), host=filled(PortBindings=bindings))


def _expand(text: str) -> list[str]:
    """``200-201/udp`` as its single ports."""
    ports, _, protocol = text.partition("/")
    first, _, last = ports.partition("-")
    return [
        f"{port}/{protocol or 'tcp'}" for port in range(values.integer(first), values.integer(last or first) + 1)
    ]


NETWORK_KEYS_NEEDED_ELSEWHERE = {
    "external": "the policy decides whether an external network may be joined",
    "name": "previewer gives the names",
}
_KNOWN_NETWORK_KEYS = {
    "attachable",
    "driver",
    "driver_opts",
    "enable_ipv4",
    "enable_ipv6",
    "internal",
    "ipam",
    "labels",
}
ENABLE_IPV4_SINCE = (1, 48)
GATEWAY_ADDRESS = "DefaultGatewayIPv4"
"""The bridge driver's name for the address that containers take for their gateway, instead of its own."""
NAMES_UNIQUE_SINCE = (1, 44)
"""Older engines make a second network of the same name unless they are asked not to."""


def network_body(
    spec: NetworkSpec,
    subnet: IPv4Network | None,
    *,
    ipv6: IPv6Network | None = None,
    api_version: tuple[int, int],
) -> Raw:
    """The body of ``POST /networks/create``, without ``subnet`` and ``ipv6`` where the definition names its own.

    Raises :class:`UnsupportedError` for a key that cannot be honoured.
    """
    compose = spec.compose
    for key in compose:
        if key not in _KNOWN_NETWORK_KEYS | set(NETWORK_KEYS_NEEDED_ELSEWHERE) and not key.startswith("x-"):
            raise UnsupportedError(f"{key}: previewer does not know this key", where=f"network {spec.name}")
    if compose.get("enable_ipv4") is False and api_version < ENABLE_IPV4_SINCE:
        raise UnsupportedError("enable_ipv4: the engine is too old for it", where=f"network {spec.name}")
    try:
        return filled(
            Name=spec.name,
            Driver=as_text(compose.get("driver")),
            Options=values.text_map(compose.get("driver_opts") or {}),
            Internal=compose.get("internal"),
            Attachable=compose.get("attachable"),
            EnableIPv4=compose.get("enable_ipv4"),
            EnableIPv6=compose.get("enable_ipv6"),
            IPAM=_ipam(compose, subnet, ipv6),
            Labels=merge_labels(compose, spec.labels, where=f"network {spec.name}"),
            CheckDuplicate=True if api_version < NAMES_UNIQUE_SINCE else None,
        )
    except ValueError as error:
        raise EngineError(str(error), where=f"network {spec.name}") from error


def wants_ipv6(spec: NetworkSpec) -> bool:
    """Whether its containers get IPv6 addresses too. Older engines choose no subnet for those."""
    return spec.compose.get("enable_ipv6") is True


def has_own_subnet(spec: NetworkSpec) -> bool:
    """Whether the definition names an address range itself."""
    return any(
        as_object(entry).get("subnet") for entry in as_list(as_object(spec.compose.get("ipam")).get("config"))
    )


def _ipam(compose: JsonObject, subnet: IPv4Network | None, ipv6: IPv6Network | None) -> Raw:
    ipam = as_object(compose.get("ipam"))
    entries: list[JsonValue] = [
        filled(
            Subnet=entry.get("subnet"),
            Gateway=entry.get("gateway"),
            IPRange=entry.get("ip_range"),
            AuxiliaryAddresses=entry.get("aux_addresses"),
        )
        for entry in map(as_object, as_list(ipam.get("config")))
    ]
    if subnet is not None:
        entries = [filled(Subnet=str(subnet), AuxiliaryAddresses=_reserved_gateway(compose, subnet))]
    if ipv6 is not None:
        entries.append(filled(Subnet=str(ipv6)))
    return filled(Driver=ipam.get("driver"), Options=values.text_map(ipam.get("options") or {}), Config=entries)


def _reserved_gateway(compose: JsonObject, subnet: IPv4Network) -> Raw:
    """The last address of the subnet as the containers' gateway: no machine has it: nothing gets out."""
    return {GATEWAY_ADDRESS: str(subnet[-2])} if compose.get(NO_EGRESS_KEY) is True else {}


VOLUME_KEYS_NEEDED_ELSEWHERE = {
    "external": "the policy decides whether an external volume may be used",
    "name": "previewer gives the names",
}
_KNOWN_VOLUME_KEYS = {"driver", "driver_opts", "labels"}


def volume_body(spec: VolumeSpec) -> Raw:
    """The body of ``POST /volumes/create``. Raises :class:`UnsupportedError` for an unsupported key."""
    for key in spec.compose:
        if key not in _KNOWN_VOLUME_KEYS | set(VOLUME_KEYS_NEEDED_ELSEWHERE) and not key.startswith("x-"):
            raise UnsupportedError(f"{key}: previewer does not know this key", where=f"volume {spec.name}")
    try:
        return filled(
            Name=spec.name,
            Driver=as_text(spec.compose.get("driver")),
            DriverOpts=values.text_map(spec.compose.get("driver_opts") or {}),
            Labels=merge_labels(spec.compose, spec.labels, where=f"volume {spec.name}"),
        )
    except ValueError as error:
        raise EngineError(str(error), where=f"volume {spec.name}") from error
