"""Which subnet a new network gets, and how large it has to be."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from previewer.domain.compose.definition import Definition
from previewer.errors import ConflictError, UsageError

Network = IPv4Network | IPv6Network


def allocate(pool: str, prefix_length: int, taken: Iterable[Network], start_hint: str) -> IPv4Network:
    """The first free subnet of ``pool`` (a CIDR range) with ``prefix_length``.

    The search starts at a place that ``start_hint`` (the network's name) decides, and goes round: previewers that
    run at the same time seldom want the same subnet. Raises :class:`ConflictError` when none is free and
    :class:`UsageError` for a pool that makes no sense.
    """
    for subnet in free_subnets(pool, prefix_length, taken, start_hint):
        return subnet
    raise ConflictError(
        f"the address pool {pool} has no free subnet of length /{prefix_length}",
        hint="remove unused environments (`previewer down`), or set a larger pool (`network.pool`)",
    )


def allocate_ipv6(taken: Iterable[Network], start_hint: str) -> IPv6Network:
    """A free /64 of the unique local addresses (RFC 4193): ``start_hint`` decides which is tried first."""
    used = [network for network in taken if isinstance(network, IPv6Network)]
    tried = (_unique_local(f"{start_hint} {attempt}") for attempt in itertools.count())
    return next(subnet for subnet in tried if not any(subnet.overlaps(network) for network in used))


def _unique_local(hint: str) -> IPv6Network:
    chosen = hashlib.sha256(hint.encode("utf-8", "surrogateescape")).digest()[:7]
    return IPv6Network((int.from_bytes(b"\xfd" + chosen) << 64, 64))


def free_subnets(
    pool: str, prefix_length: int, taken: Iterable[Network], start_hint: str
) -> Iterator[IPv4Network]:
    """Every free subnet of ``pool``, in the order in which they should be tried."""
    whole = read_pool(pool, prefix_length)
    size = 1 << (whole.max_prefixlen - prefix_length)
    count = whole.num_addresses // size
    first = int(whole.network_address)
    used = _used_slots(whole, size, taken)
    start = int.from_bytes(hashlib.sha256(start_hint.encode("utf-8", "surrogateescape")).digest()[:8]) % count
    for offset in range(count):
        slot = (start + offset) % count
        if slot not in used:
            yield IPv4Network((first + slot * size, prefix_length))


def count_free(pool: str, prefix_length: int, taken: Iterable[Network]) -> int:
    """How many free subnets ``pool`` has. Raises :class:`UsageError` for a pool that makes no sense."""
    whole = read_pool(pool, prefix_length)
    size = 1 << (whole.max_prefixlen - prefix_length)
    return whole.num_addresses // size - len(_used_slots(whole, size, taken))


def read_pool(pool: str, prefix_length: int) -> IPv4Network:
    """The pool, checked. Raises :class:`UsageError`."""
    try:
        network = ip_network(pool)
    except ValueError as error:
        raise UsageError(f"the address pool {pool!r} is not a CIDR range: {error}") from error
    if not isinstance(network, IPv4Network):
        raise UsageError(f"the address pool {pool!r} is not an IPv4 range")
    if not network.prefixlen <= prefix_length <= 29:
        raise UsageError(
            f"subnets of length /{prefix_length} do not fit the address pool {pool}",
            hint=f"choose a length from {network.prefixlen} to 29, which leaves 5 addresses for containers",
        )
    return network


def _used_slots(whole: IPv4Network, size: int, taken: Iterable[Network]) -> set[int]:
    first, last = int(whole.network_address), int(whole.broadcast_address)
    used: set[int] = set()
    for network in taken:
        if not isinstance(network, IPv4Network) or not network.overlaps(whole):
            continue
        low = max(int(network.network_address), first)
        high = min(int(network.broadcast_address), last)
        used.update(range((low - first) // size, (high - first) // size + 1))
    return used


RESERVED = 3
"""Addresses of a subnet that no container gets: the network's own, its gateway's and its broadcast address."""
SPARE = 2
"""Addresses for debug copies, and for the gateway's second one where nothing leads out."""


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
