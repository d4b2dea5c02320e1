"""No egress: who decides it, and what becomes of a definition."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from previewer.domain.compose.definition import Definition, Location, Role
from previewer.domain.engine.specs import MASQUERADE_OPTION, NO_EGRESS_KEY, NetworkSpec
from previewer.domain.isolation.isolate import Isolated, isolate
from previewer.domain.json_value import as_list, as_object
from previewer.domain.policy.check import explain
from previewer.domain.policy.table import read_grant
from previewer.domain.policy.trust import Limits, Trust
from previewer.engine.mapping.networks import GATEWAY_ADDRESS, network_body
from tests.definition.trees import load_text

TEXT = """
services:
  web: {{image: i, ports: ['80'], networks: [front, back], cap_drop: {dropped}}}
  db: {{image: i, networks: [back, data]}}
networks: {{front: {{enable_ipv6: true}}, back: {{}}, data: {{}}}}
{more}
"""
SHUT = "x-previewer: {egress: false}"
DENIED = Limits(egress=False)
GRANT = read_grant("egress", source=Location("previewer.toml"))


def definition(more: str = "", dropped: str = "[]") -> Definition:
    return load_text(TEXT.format(more=more, dropped=dropped))


def isolated(
    more: str = "", *, limits: Limits | None = None, granted: bool = False, dropped: str = "[]"
) -> Isolated:
    trust = Trust(limits=limits or Limits(), grants=(GRANT,) if granted else ())
    return isolate(definition(more, dropped), role=Role.PREVIEW, trust=trust)


def is_shut(found: Isolated) -> bool:
    return all(network.no_egress for network in found.definition.networks.values())


@pytest.mark.parametrize(
    ("more", "limits", "granted", "shut"),
    [
        ("", None, False, False),
        (SHUT, None, False, True),
        (SHUT, None, True, True),
        ("", DENIED, False, True),
        ("", DENIED, True, False),
        ("x-previewer: {egress: true}", DENIED, False, True),
        ("x-previewer: {egress: true}", DENIED, True, False),
    ],
)
def test_a_definition_may_tighten_and_only_trust_loosens(
    more: str, limits: Limits | None, granted: bool, shut: bool
) -> None:
    assert is_shut(isolated(more, limits=limits, granted=granted)) is shut


def test_networks_that_publish_nothing_are_internal_too() -> None:
    networks = isolated(SHUT).definition.networks
    assert {key: bool(network.internal) for key, network in networks.items()} == {
        "front": False,
        "back": False,
        "data": True,
    }
    assert all(network.driver_opts[MASQUERADE_OPTION] == "false" for network in networks.values())
    assert networks["front"].enable_ipv6 is False


def test_the_network_of_a_routed_port_is_not_internal() -> None:
    more = "x-previewer: {egress: false, routes: [{service: db, port: 5432}]}"
    assert isolated(more).definition.networks["data"].internal is None


@pytest.mark.parametrize(
    ("dropped", "after"), [("[]", ["NET_RAW"]), ("[CHOWN]", ["CHOWN", "NET_RAW"]), ("[all]", ["all"])]
)
def test_raw_packets_and_foreign_names_are_taken(dropped: str, after: list[str]) -> None:
    web = isolated(SHUT, dropped=dropped).definition.services["web"].spec
    assert web["cap_drop"] == after
    assert web["dns"] == ["127.0.0.1"]


def test_isolating_twice_is_isolating_once() -> None:
    once = isolated(SHUT).definition
    assert isolate(once, role=Role.PREVIEW).rewrites == ()


def test_the_policy_says_that_the_way_out_is_taken() -> None:
    trust = Trust(limits=DENIED)
    (found,) = [o for o in explain(definition(), trust).outcomes if o.rule.id == "egress"]
    assert found.verdict == "rewritten"
    (found,) = [o for o in explain(definition(SHUT), trust).outcomes if o.rule.id == "egress"]
    assert found.verdict == "clear"


def test_the_gateway_of_a_shut_network_is_unreachable() -> None:
    spec = NetworkSpec("n", {}, {NO_EGRESS_KEY: True}, "10.0.0.0/24", 28)
    body = network_body(spec, IPv4Network("10.0.0.16/28"), api_version=(1, 41))
    (config,) = as_list(as_object(body["IPAM"])["Config"])
    assert config == {"Subnet": "10.0.0.16/28", "AuxiliaryAddresses": {GATEWAY_ADDRESS: "10.0.0.30"}}
