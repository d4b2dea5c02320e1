"""The networks that a container joins, its names there, and its ports."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from msgspec import Struct

from previewer.domain.compose.resources import Network, Resource, Volume
from previewer.domain.compose.service import Endpoint
from previewer.domain.engine.specs import ContainerSpec, NetworkSpec, VolumeSpec
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.engine.mapping import values
from previewer.engine.mapping.host_access import container_of
from previewer.engine.mapping.part import Part, Raw, filled, malformed, merge_labels, too_old
from previewer.errors import UnsupportedError

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
    if spec.declared.network_mode:
        return ()
    settings = spec.declared.networks
    keys = sorted(settings, key=lambda key: (-settings[key].priority, key))
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
    spec: ContainerSpec, key: str, settings: Endpoint, api_version: tuple[int, int], *, is_first: bool
) -> Raw:
    mac_address = settings.mac_address
    if mac_address and api_version < MAC_ADDRESS_SINCE:
        raise too_old(spec, f"networks.{key}.mac_address", since="Docker 25")
    if is_first and api_version >= MAC_ADDRESS_SINCE:
        mac_address = mac_address or spec.declared.mac_address
    if settings.gw_priority and api_version < GATEWAY_PRIORITY_SINCE:
        raise too_old(spec, f"networks.{key}.gw_priority", since="Docker 28")
    return filled(
        Aliases=_aliases(spec, settings),
        IPAMConfig=filled(
            IPv4Address=settings.ipv4_address,
            IPv6Address=settings.ipv6_address,
            LinkLocalIPs=[*settings.link_local_ips],
        ),
        Links=_links(spec),
        DriverOpts=_driver_options(spec, key, settings, api_version),
        MacAddress=mac_address,
        GwPriority=settings.gw_priority or None,
    )


def _aliases(spec: ContainerSpec, settings: Endpoint) -> list[JsonValue]:
    """The container's name, the service's and what the file adds, each once."""
    names = [spec.name, spec.service, spec.declared.container_name, *settings.aliases]
    return list(dict.fromkeys(name for name in names if name))


def _links(spec: ContainerSpec) -> list[JsonValue]:
    """``service:alias`` as ``container:alias``; external links name containers themselves."""
    found: list[JsonValue] = []
    for link in spec.declared.links:
        service, _, alias = link.partition(":")
        found.append(f"{container_of(spec, 'links', service)}:{alias or service}")
    for link in spec.declared.external_links:
        container, _, alias = link.partition(":")
        found.append(f"{container}:{alias or container}")
    return found


def _driver_options(spec: ContainerSpec, key: str, settings: Endpoint, api_version: tuple[int, int]) -> Raw:
    options: Raw = {**settings.driver_opts}
    if name := settings.interface_name:
        if api_version < INTERFACE_NAME_SINCE:
            raise too_old(spec, f"networks.{key}.interface_name", since="Docker 28.1")
        options[INTERFACE_NAME_OPTION] = name
    return options


def map_ports(spec: ContainerSpec, api_version: tuple[int, int]) -> Part:
    """``ports`` and ``expose``. An empty host port lets the engine choose a free one."""
    del api_version
    exposed: dict[str, JsonValue] = {}
    bindings: dict[str, list[JsonValue]] = {}
    for entry in spec.declared.expose:
        exposed.update((port, {}) for port in _expand(entry))
    for mapping in spec.declared.ports:
        port = f"{mapping.target}/{mapping.protocol}"
        exposed[port] = {}
        bindings.setdefault(port, []).append({"HostIp": mapping.host_ip, "HostPort": mapping.published})
    return Part(config=filled(ExposedPorts=exposed), host=filled(PortBindings=bindings))


def _expand(text: str) -> list[str]:
    """``200-201/udp`` as its single ports."""
    ports, _, protocol = text.partition("/")
    first, _, last = ports.partition("-")
    return [
        f"{port}/{protocol or 'tcp'}" for port in range(values.integer(first), values.integer(last or first) + 1)
    ]


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
    _check_keys(Network, spec.compose, where=f"network {spec.name}")
    network = spec.declared
    if network.enable_ipv4 is False and api_version < ENABLE_IPV4_SINCE:
        raise UnsupportedError("enable_ipv4: the engine is too old for it", where=f"network {spec.name}")
    return filled(
        Name=spec.name,
        Driver=network.driver,
        Options=network.driver_opts,
        Internal=network.internal,
        Attachable=network.attachable,
        EnableIPv4=network.enable_ipv4,
        EnableIPv6=network.enable_ipv6,
        IPAM=_ipam(network, subnet, ipv6),
        Labels=merge_labels(network.labels, spec.labels, where=f"network {spec.name}"),
        CheckDuplicate=True if api_version < NAMES_UNIQUE_SINCE else None,
    )


def _check_keys(kind: type[Resource], compose: JsonObject, *, where: str) -> None:
    """The policy decides about ``external``, and previewer gives the names; every other field is mapped."""
    for key in compose:
        if key not in kind.__struct_encode_fields__ and not key.startswith("x-"):
            raise UnsupportedError(f"{key}: previewer does not know this key", where=where)


def wants_ipv6(spec: NetworkSpec) -> bool:
    """Whether its containers get IPv6 addresses too. Older engines choose no subnet for those."""
    return spec.declared.enable_ipv6 is True


def has_own_subnet(spec: NetworkSpec) -> bool:
    """Whether the definition names an address range itself."""
    return spec.declared.has_own_subnet


def _ipam(network: Network, subnet: IPv4Network | None, ipv6: IPv6Network | None) -> Raw:
    entries: list[JsonValue] = [
        filled(
            Subnet=entry.subnet,
            Gateway=entry.gateway,
            IPRange=entry.ip_range,
            AuxiliaryAddresses=entry.aux_addresses,
        )
        for entry in network.ipam.config
    ]
    if subnet is not None:
        # The last address of the subnet as the containers' gateway: no machine has it, so nothing gets out.
        gateway = {GATEWAY_ADDRESS: str(subnet[-2])} if network.no_egress else {}
        entries = [filled(Subnet=str(subnet), AuxiliaryAddresses=gateway)]
    if ipv6 is not None:
        entries.append(filled(Subnet=str(ipv6)))
    return filled(Driver=network.ipam.driver, Options=network.ipam.options, Config=entries)


def volume_body(spec: VolumeSpec) -> Raw:
    """The body of ``POST /volumes/create``. Raises :class:`UnsupportedError` for an unsupported key."""
    _check_keys(Volume, spec.compose, where=f"volume {spec.name}")
    volume = spec.declared
    return filled(
        Name=spec.name,
        Driver=volume.driver,
        DriverOpts=volume.driver_opts,
        Labels=merge_labels(volume.labels, spec.labels, where=f"volume {spec.name}"),
    )
