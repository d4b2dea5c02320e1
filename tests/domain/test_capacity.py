"""Capacity: what fits, what does not, and why, without an engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.engine.addresses import count_free, free_subnets
from previewer.domain.engine.capacity import Bound, Load, Need, Quota, Supply, bounds, need_of, slow_lines
from previewer.domain.units import format_memory, parse_memory
from tests.definition.trees import load_text

GIB = 1 << 30
ONE = Need(networks=1, memory=GIB)
RESERVING = Need(networks=1, reserved=3 * GIB, largest_reservation=2 * GIB)
QUOTAS = st.builds(
    Quota,
    environments=st.none() | st.integers(1, 50),
    memory=st.none() | st.integers(1, 100 * GIB),
    overcommit=st.none() | st.floats(0.1, 10),
    free_disk=st.none() | st.integers(0, 10 * GIB),
)
SUPPLIES = st.builds(
    Supply,
    subnets=st.integers(0, 5000),
    memory=st.none() | st.integers(1, 100 * GIB),
    disk=st.none() | st.integers(0, 100 * GIB),
)
LOADS = st.builds(
    Load,
    memory=st.integers(0, 200 * GIB),
    own_environments=st.integers(0, 60),
    own_memory=st.integers(0, 200 * GIB),
)
NEEDS = st.builds(Need, networks=st.integers(0, 5), memory=st.integers(0, 10 * GIB), is_new=st.booleans())


@pytest.mark.parametrize(
    ("supply", "need", "load", "quota", "name", "free_capacity"),
    [
        (Supply(10), ONE, Load(), Quota(), "addresses", 10),
        (Supply(10), Need(networks=3), Load(), Quota(), "addresses", 3),
        (Supply(0), ONE, Load(), Quota(), "addresses", 0),
        (Supply(0), Need(networks=0), Load(), Quota(), "addresses", 1),
        (Supply(9, memory=4 * GIB), ONE, Load(memory=5 * GIB), Quota(), "memory", 3),
        (Supply(9, memory=4 * GIB), ONE, Load(memory=5 * GIB), Quota(overcommit=1.0), "memory", 0),
        (Supply(9), ONE, Load(own_environments=4), Quota(environments=5), "quota.environments", 1),
        (Supply(9), ONE, Load(own_environments=5), Quota(environments=5), "quota.environments", 0),
        (Supply(9), ONE, Load(own_memory=GIB), Quota(memory=3 * GIB), "quota.memory", 2),
        (Supply(9, disk=1), ONE, Load(), Quota(), "disk", 0),
        (Supply(9, reservable=(GIB, 3 * GIB)), RESERVING, Load(), Quota(), "reservations", 1),
        (Supply(9, reservable=(GIB, GIB, GIB)), RESERVING, Load(), Quota(), "reservations", 0),
        (Supply(9, reservable=(GIB,)), ONE, Load(), Quota(), "addresses", 9),
        (Supply(9), RESERVING, Load(), Quota(), "addresses", 9),
    ],
)
def test_what_runs_out_first(
    supply: Supply, need: Need, load: Load, quota: Quota, name: str, free_capacity: int
) -> None:
    tightest = bounds(supply, need, load, quota)[0]
    assert (tightest.name, tightest.free_capacity) == (name, free_capacity)
    assert tightest.reason
    assert tightest.hint


def test_what_takes_another_s_place_needs_no_place_in_the_quota() -> None:
    load, quota = Load(own_environments=5), Quota(environments=5)
    found = bounds(Supply(9), Need(networks=1, is_new=False), load, quota)
    assert [bound.name for bound in found] == ["addresses"]


@pytest.mark.parametrize("quota", [Quota(overcommit=None), Quota()])
def test_what_is_not_known_bounds_nothing(quota: Quota) -> None:
    assert [bound.name for bound in bounds(Supply(9), ONE, Load(memory=999 * GIB), quota)] == ["addresses"]


@given(SUPPLIES, NEEDS, LOADS, QUOTAS)
def test_as_many_fit_as_are_said_to(supply: Supply, need: Need, load: Load, quota: Quota) -> None:
    """After one more environment each bound has room for one less, and at none left it refuses."""
    before = {bound.name: bound.free_capacity for bound in bounds(supply, need, load, quota)}
    if min(before.values()) < 1:
        return
    more = Supply(supply.subnets - need.networks, supply.memory, supply.disk)
    then = Load(load.memory + need.memory, load.own_environments + 1, load.own_memory + need.memory)
    after = {bound.name: bound.free_capacity for bound in bounds(more, need, then, quota)}
    for name, free_capacity in after.items():
        if name != "addresses" or need.networks:
            assert free_capacity == max(before[name] - 1, 0)


@given(SUPPLIES, NEEDS, LOADS, QUOTAS)
def test_the_tightest_comes_first(supply: Supply, need: Need, load: Load, quota: Quota) -> None:
    rooms = [bound.free_capacity for bound in bounds(supply, need, load, quota)]
    assert rooms == sorted(rooms)
    assert all(free_capacity >= 0 for free_capacity in rooms)
    assert all(isinstance(bound, Bound) for bound in bounds(supply, need, load, quota))


def test_what_a_definition_needs() -> None:
    text = """
services:
  web: {image: i, mem_limit: 1g, scale: 2, networks: [a, b]}
  db: {image: i, deploy: {resources: {limits: {memory: 512m}}}, networks: [b]}
  free: {image: i, network_mode: none}
networks: {a: {}, b: {}}
"""
    need = need_of(load_text(text), subnet_prefix=28)
    assert need == Need(networks=2, memory=2 * GIB + 512 * (1 << 20))


def test_a_large_network_counts_as_several() -> None:
    text = "services: {web: {image: i, scale: 40, networks: [a, b]}}\nnetworks: {a: {}, b: {external: true}}\n"
    assert need_of(load_text(text), subnet_prefix=28).networks == 4
    assert need_of(load_text(text), subnet_prefix=24).networks == 1


@given(st.sets(st.integers(0, 15)))
def test_free_subnets_are_counted_as_they_are_given(slots: set[int]) -> None:
    everything = list(free_subnets("10.0.0.0/24", 28, (), "x"))
    taken = [everything[slot] for slot in slots]
    assert count_free("10.0.0.0/24", 28, taken) == len(list(free_subnets("10.0.0.0/24", 28, taken, "x")))


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1 KiB"), (1536 << 20, "1.5 GiB"), (640 << 20, "640 MiB")],
)
def test_amounts_of_memory_for_people(size: int, text: str) -> None:
    assert format_memory(size) == text


@given(st.integers(1024, 1 << 48))
def test_amounts_of_memory_are_read_again_nearly(size: int) -> None:
    assert abs(parse_memory(format_memory(size)) - size) <= size * 0.06


@pytest.mark.parametrize(
    ("web", "events"),
    [
        ("image: i, ports: ['80']", ()),
        ("image: i, scale: 25", ("25 containers with 0 published ports",)),
        ("image: i, ports: ['1-50']", ("1 container with 50 published ports",)),
        ("image: i, ports: ['1-10'], scale: 5", ("5 containers with 50 published ports",)),
    ],
)
def test_what_the_engine_takes_a_while_for_is_told_beforehand(web: str, events: tuple[str, ...]) -> None:
    lines = slow_lines(load_text(f"services: {{web: {{{web}}}}}\n"))
    assert tuple(line.split(" take", 1)[0] for line in lines) == events
