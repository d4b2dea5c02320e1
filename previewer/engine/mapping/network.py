"""The create bodies of networks and volumes."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from previewer.domain.engine.specs import NO_EGRESS_KEY, NetworkSpec, VolumeSpec
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.engine.mapping import values
from previewer.engine.mapping.part import Raw, filled, merge_labels
from previewer.errors import EngineError, UnsupportedError

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
        entries = [filled(Subnet=str(subnet), AuxiliaryAddresses=_nobody(compose, subnet))]
    if ipv6 is not None:
        entries.append(filled(Subnet=str(ipv6)))
    return filled(Driver=ipam.get("driver"), Options=values.text_map(ipam.get("options") or {}), Config=entries)


def _nobody(compose: JsonObject, subnet: IPv4Network) -> Raw:
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
