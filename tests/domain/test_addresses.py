"""Subnets for new networks."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.engine.addresses import Network, allocate, allocate_ipv6, free_subnets
from previewer.errors import ConflictError, UsageError

POOL = "10.213.0.0/22"


@given(
    st.lists(st.tuples(st.integers(0, 2**10 - 1), st.integers(22, 30)), max_size=12),
    st.integers(24, 29),
    st.text(),
)
def test_a_subnet_lies_in_the_pool_and_overlaps_nothing(
    others: list[tuple[int, int]], prefix_length: int, hint: str
) -> None:
    start = int(IPv4Network(POOL).network_address)
    taken = [IPv4Network((start + offset, length), strict=False) for offset, length in others]
    free = {
        subnet
        for subnet in IPv4Network(POOL).subnets(new_prefix=prefix_length)
        if not any(subnet.overlaps(other) for other in taken)
    }
    tried = list(free_subnets(POOL, prefix_length, taken, hint))
    assert set(tried) == free
    assert len(tried) == len(free)


@given(st.lists(st.integers(0, 3), max_size=3))
def test_ipv6_subnets_are_unique_local_and_overlap_nothing(attempts: list[int]) -> None:
    taken: list[Network] = [IPv4Network("10.0.0.0/8")]
    for _attempt in attempts:
        subnet = allocate_ipv6(taken, "net")
        assert subnet.prefixlen == 64
        assert subnet.subnet_of(IPv6Network("fd00::/8"))
        assert not any(isinstance(other, IPv6Network) and subnet.overlaps(other) for other in taken)
        taken.append(subnet)
    assert allocate_ipv6((), "net") == allocate_ipv6((), "net") != allocate_ipv6((), "other")


def test_a_full_pool_is_filled_to_the_last_subnet() -> None:
    taken: list[IPv4Network] = []
    for number in range(16):
        taken.append(allocate("10.0.0.0/24", 28, taken, f"network {number}"))
    assert set(taken) == set(IPv4Network("10.0.0.0/24").subnets(new_prefix=28))
    with pytest.raises(ConflictError):
        allocate("10.0.0.0/24", 28, taken, "one too many")


def test_different_names_start_at_different_places() -> None:
    found = {allocate("10.0.0.0/8", 28, (), f"network {number}") for number in range(100)}
    assert len(found) == 100
    assert allocate("10.0.0.0/8", 28, (), "same") == allocate("10.0.0.0/8", 28, (), "same")


def test_other_families_and_other_ranges_take_nothing() -> None:
    others = [ip_network("fd00::/8"), ip_network("192.168.0.0/16")]
    assert len(list(free_subnets(POOL, 24, others, ""))) == 4


@pytest.mark.parametrize(
    ("pool", "prefix_length"),
    [("10.0.0.1/8", 28), ("fd00::/64", 80), ("nonsense", 28), ("10.0.0.0/28", 24), ("10.0.0.0/8", 30)],
)
def test_a_pool_that_makes_no_sense_is_refused(pool: str, prefix_length: int) -> None:
    with pytest.raises(UsageError):
        allocate(pool, prefix_length, (), "")
