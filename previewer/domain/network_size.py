"""How large a network's subnet has to be. Pure."""

from __future__ import annotations

from previewer.domain.definition import Definition

RESERVED = 3
"""Addresses of a subnet that no container gets: the network's own, its gateway's and its broadcast address."""
SPARE = 2
"""Addresses for copies that somebody looks into, and for the gateway's second one where nothing leads out."""


def prefix_for(addresses: int, *, longest: int) -> int:
    """The longest IPv4 prefix, at most ``longest``, that leaves so many addresses for containers."""
    needed = 32 - (addresses + RESERVED - 1).bit_length()
    return min(longest, needed)


def network_prefix(definition: Definition, key: str, *, longest: int) -> int:
    """The prefix length of a network of the definition: ``longest``, or shorter where many services join it."""
    joined = sum(service.replicas for service in definition.services.values() if key in service.networks)
    return prefix_for(joined + SPARE, longest=longest)


def subnets_taken(prefix: int, *, usual: int) -> int:
    """How many subnets of the ``usual`` prefix length one of length ``prefix`` takes up."""
    return 1 << max(usual - prefix, 0)
