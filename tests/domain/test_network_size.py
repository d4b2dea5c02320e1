from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.deploy.target import network_specs
from previewer.domain.engine.addresses import RESERVED, SPARE, network_prefix, prefix_for, subnets_taken
from tests.definition.trees import load_text
from tests.domain.values import make_target


@given(st.integers(0, 5000), st.integers(16, 29))
def test_all_fit_and_nothing_is_wasted(addresses: int, longest: int) -> None:
    found = prefix_for(addresses, longest=longest)
    assert IPv4Network((0, found)).num_addresses - RESERVED >= addresses
    assert found == longest or IPv4Network((0, found + 1)).num_addresses - RESERVED < addresses


@pytest.mark.parametrize(
    ("scale", "prefix"), [(1, 28), (13 - SPARE, 28), (14 - SPARE, 27), (29 - SPARE, 27), (60, 25)]
)
def test_a_network_has_an_address_for_each_container(scale: int, prefix: int) -> None:
    web, db = f"{{image: i, scale: {scale}, networks: [a, b]}}", "{image: i, networks: [b]}"
    target = make_target(load_text(f"services: {{web: {web}, db: {db}}}\nnetworks: {{a: , b: }}\n"))
    assert {key: spec.prefix_length for key, spec in network_specs(target)}["a"] == prefix
    assert network_prefix(target.definition, "b", longest=28) == prefix_for(scale + 1 + SPARE, longest=28)


def test_larger_subnets_take_the_place_of_several() -> None:
    assert [subnets_taken(prefix, usual=28) for prefix in (29, 28, 27, 24)] == [1, 1, 2, 16]
