"""Where successors wait to take over: host addresses of their own, that nobody has been told of. Pure."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network

from previewer.domain.observation import ObservedContainer

REHEARSAL = IPv4Network("127.80.0.0/24")
"""Loopback addresses that successors publish their ports at until they take over."""


def is_rehearsing(container: ObservedContainer) -> bool:
    """Whether it publishes ports where successors wait to take over."""
    return any(is_rehearsal(port.host_ip) for port in container.ports)


def is_rehearsal(address: str) -> bool:
    """Whether successors wait at this address."""
    try:
        return IPv4Address(address) in REHEARSAL
    except AddressValueError:
        return False
