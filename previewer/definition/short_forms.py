"""Short forms of ports, volumes and other values."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

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
    match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", text)
    first, last = (int(match.group(1)), int(match.group(2) or match.group(1))) if match else (1, 0)
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


PROPAGATIONS = frozenset({"rprivate", "private", "rshared", "shared", "rslave", "slave"})
HOST_PATH = re.compile(r"[./~]|\\\\|[A-Za-z]:")
"""How a source begins that is a path of the host and not the name of a volume."""
LONGEST_BARE_TARGET = 2
"""Texts up to this length are a target alone, whatever they hold."""


def expand_volume(text: str) -> list[Value]:
    """The long form, as the only item of a list."""
    return [parse_volume(text)]


def parse_volume(text: str) -> Table:
    """The long form that ``text`` stands for; options that Compose does not know are ignored, as Compose does.

    Raises :class:`ModelError` for empty sections and for more than three of them.
    """
    if not text:
        raise ModelError("this volume is empty")
    if len(text) <= LONGEST_BARE_TARGET:
        return {"type": "volume", "target": posixpath.normpath(text)}
    sections = _split_sections(text)
    if "" in sections:
        raise ModelError(f"{text!r} has an empty section between colons")
    if len(sections) > 3:
        raise ModelError(f"{text!r} has too many colons")
    source = sections[0] if len(sections) > 1 else ""
    options = sections[2].split(",") if len(sections) == 3 else []
    volume: Table = {"target": clean_target(sections[0] if len(sections) == 1 else sections[1])}
    if source:
        volume["source"] = source
    is_bind = HOST_PATH.match(source) is not None
    volume["type"] = "bind" if is_bind else "volume"
    bind: Table = {"create_host_path": True} if is_bind else {}
    named: Table = {}
    for option in options:
        _apply_option(option, volume, bind, named)
    if bind:
        volume["bind"] = bind
    if named or not is_bind:
        volume["volume"] = named
    return volume


def clean_target(path: str) -> str:
    """A path in a container without ``.``, ``..`` and doubled slashes."""
    cleaned = posixpath.normpath(path) if path else path
    return f"/{cleaned.lstrip('/')}" if cleaned.startswith("//") else cleaned


def _apply_option(option: str, volume: Table, bind: Table, named: Table) -> None:
    if option in ("ro", "rw"):
        volume["read_only"] = option == "ro"
    elif option == "nocopy":
        named["nocopy"] = True
    elif option in PROPAGATIONS:
        bind["propagation"] = option
    elif option in ("z", "Z"):
        bind["selinux"] = option


def _split_sections(text: str) -> list[str]:
    """Split at colons, except after a drive letter and inside ``${...}``."""
    sections: list[str] = []
    begin = 0
    open_variables = 0
    for position, sign in enumerate(text):
        if sign == "$" and text.startswith("{", position + 1):
            open_variables += 1
        elif sign == "}" and open_variables:
            open_variables -= 1
        elif sign == ":" and not open_variables:
            section = text[begin:position]
            if not (len(section) == 1 and section.isalpha()):
                sections.append(section)
                begin = position + 1
    return [*sections, text[begin:]]


Forms: TypeAlias = Mapping[str, Callable[[Value], Value]]
"""By key: what makes its value a long form."""


def one_as_list(value: Value) -> Value:
    """One text where a list may stand."""
    return [value] if isinstance(value, str) else value


def names_as_table(value: Value) -> Value:
    """A list of names where a mapping may stand: each without settings."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return {str(name): None for name in value}
    return value


def sources_as_tables(value: Value) -> Value:
    """Secrets and configs: a name is the mapping with that ``source``."""
    if not isinstance(value, list):
        return value
    return [{"source": item} if isinstance(item, str) else item for item in value]


def assignments_as_table(value: Value) -> Value:
    """A list of ``key=value``."""
    if not isinstance(value, list):
        return value
    table: Table = {}
    for item in value:
        key, equals, assigned = item.partition("=") if isinstance(item, str) else ("", "", "")
        if not equals:
            raise ModelError(f"{item!r} is not of the form key=value")
        table[key] = assigned
    return table


def each_item(expand: Callable[[str], list[Value]]) -> Callable[[Value], Value]:
    """Expand every text of a list, each to any number of items."""

    def expand_items(value: Value) -> Value:
        if not isinstance(value, list):
            return value
        expanded: list[Value] = []
        for index, item in enumerate(value):
            try:
                expanded += expand(item) if isinstance(item, str) else [item]
            except ModelError as error:
                raise error.under(str(index)) from error
        return expanded

    return expand_items
