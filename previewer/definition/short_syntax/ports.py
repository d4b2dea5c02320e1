"""Short form of ``ports``: ``[IP:][HOST[-END]:]CONTAINER[-END][/PROTOCOL]`` (IPv6 addresses may have brackets)."""

from __future__ import annotations

import ipaddress
import re

from previewer.definition.values import ModelError, Table, Value
from previewer.definition.yaml.scalars import go_text

PROTOCOLS = ("tcp", "udp", "sctp")
LARGEST_PORT = 65535
MAX_PORTS = LARGEST_PORT + 1
"""Of one service, after ranges."""


def expand_ports(value: Value) -> Value:
    """Every port of a list in its long form; a range becomes one entry for each container port."""
    if not isinstance(value, list):
        return value
    expanded: list[Value] = []
    for index, item in enumerate(value):
        if isinstance(item, bool) or not isinstance(item, (str, int, float)):
            expanded.append(item)
            continue
        try:
            expanded += parse_port(go_text(item))
        except ModelError as error:
            raise error.under(str(index)) from error
        if len(expanded) > MAX_PORTS:
            raise ModelError(f"a service has at most {MAX_PORTS} ports")
    return expanded


def parse_port(text: str) -> list[Table]:
    """The long forms that ``text`` stands for, sorted as Compose does: by container port *as text*.

    A range of host ports for one container port stays a range: the engine picks a free one.
    """
    address, _, protocol = text.partition("/")
    protocol = protocol.lower() or "tcp"
    host_ip, host, container = _split_address(address)
    if host_ip:
        check_ip_address(host_ip)
    if not container:
        raise ModelError(f"{text!r} names no container port")
    if protocol not in PROTOCOLS:
        raise ModelError(f"{protocol!r} is none of the protocols {', '.join(PROTOCOLS)}")
    first, last = _port_range(container, "container port")
    published = _port_range(host, "host port") if host else None
    if published and first != last and published[1] - published[0] != last - first:
        raise ModelError(f"the ranges of host ports ({host}) and container ports ({container}) differ in length")
    ports = [_long_form(first, offset, last, protocol, host_ip, published) for offset in range(last - first + 1)]
    return sorted(ports, key=lambda port: str(port["target"]))


def check_ip_address(text: str) -> None:
    """Raises :class:`ModelError` for what is no IP address (an IPv6 zone may follow)."""
    try:
        ipaddress.ip_address(text.split("%", 1)[0])
    except ValueError as error:
        raise ModelError(f"{text!r} is not an IP address") from error


def _split_address(address: str) -> tuple[str, str, str]:
    """The host's IP address, host port and container port as text; colons count from the right."""
    parts = address.rsplit(":", 2)
    host_ip, host, container = ["", "", *parts][-3:]
    if host_ip.startswith("[") and host_ip.endswith("]"):
        host_ip = host_ip[1:-1]
    return host_ip, host, container


def _port_range(text: str, what: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", text)
    first, last = (int(found.group(1)), int(found.group(2) or found.group(1))) if found else (1, 0)
    if not first <= last <= LARGEST_PORT:
        raise ModelError(f"{text!r} is no {what} and no range of them")
    return first, last


def _long_form(
    first: int, offset: int, last: int, protocol: str, host_ip: str, published: tuple[int, int] | None
) -> Table:
    port: Table = {"mode": "ingress", "target": first + offset, "protocol": protocol}
    if host_ip:
        port["host_ip"] = host_ip
    if published:
        is_choice = first == last and published[0] != published[1]
        port["published"] = f"{published[0]}-{published[1]}" if is_choice else str(published[0] + offset)
    return port
