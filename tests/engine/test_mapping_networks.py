"""The mapping of what a service has to do with networks, and of networks and volumes themselves."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

import pytest

from previewer.domain.engine.specs import NetworkSpec, VolumeSpec
from previewer.domain.json_value import JsonObject, JsonValue, as_object
from previewer.engine.mapping.networks import network_body, volume_body
from previewer.errors import UnsupportedError
from tests.engine.mapped import NEW, OLD, mapped


def test_ports_are_exposed_and_bound() -> None:
    body = mapped(
        {
            "ports": [
                {"target": 80, "protocol": "tcp", "host_ip": "127.0.0.1", "mode": "ingress"},
                {"target": 80, "protocol": "tcp", "published": "8080-8082"},
                {"target": 53, "protocol": "udp", "published": "53"},
            ]
        }
    ).body
    assert body["ExposedPorts"] == {"80/tcp": {}, "53/udp": {}}
    assert as_object(body["HostConfig"])["PortBindings"] == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}, {"HostIp": "", "HostPort": "8080-8082"}],
        "53/udp": [{"HostIp": "", "HostPort": "53"}],
    }


TWO_NETWORKS: JsonObject = {
    "container_name": "old-name",
    "networks": {"back": None, "default": {"priority": 5, "aliases": ["api", "web"], "ipv4_address": "10.0.0.5"}},
}
FIRST_ENDPOINT = {"Aliases": ["e-g1-web-1", "web", "old-name", "api"], "IPAMConfig": {"IPv4Address": "10.0.0.5"}}
SECOND_ENDPOINT = {"Aliases": ["e-g1-web-1", "web", "old-name"]}


def test_a_new_engine_gets_all_networks_at_creation() -> None:
    found = mapped(TWO_NETWORKS, NEW)
    assert as_object(found.body["HostConfig"])["NetworkMode"] == "e-g1_default"
    assert found.body["NetworkingConfig"] == {
        "EndpointsConfig": {"e-g1_default": FIRST_ENDPOINT, "e-g1_back": SECOND_ENDPOINT}
    }
    assert found.later_networks == ()


def test_an_old_engine_gets_one_and_the_others_later() -> None:
    found = mapped(TWO_NETWORKS, OLD)
    assert found.body["NetworkingConfig"] == {"EndpointsConfig": {"e-g1_default": FIRST_ENDPOINT}}
    assert [(joined.network, joined.endpoint) for joined in found.later_networks] == [
        ("e-g1_back", SECOND_ENDPOINT)
    ]


def test_links_name_containers() -> None:
    found = mapped({"networks": {"default": None}, "links": ["db", "db:database"], "external_links": ["x:y"]})
    endpoint = as_object(as_object(as_object(found.body["NetworkingConfig"])["EndpointsConfig"])["e-g1_default"])
    assert endpoint["Links"] == ["e-g1-db-1:db", "e-g1-db-1:database", "x:y"]


@pytest.mark.parametrize(("api_version", "place"), [(OLD, "config"), (NEW, "endpoint")])
def test_a_mac_address_goes_where_the_engine_takes_it(api_version: tuple[int, int], place: str) -> None:
    found = mapped({"networks": {"default": None}, "mac_address": "02:42:ac:11:00:01"}, api_version)
    endpoint = as_object(as_object(as_object(found.body["NetworkingConfig"])["EndpointsConfig"])["e-g1_default"])
    assert (found.body.get("MacAddress") is not None, endpoint.get("MacAddress") is not None) == (
        place == "config",
        place == "endpoint",
    )


def _network(compose: JsonObject) -> NetworkSpec:
    return NetworkSpec("n", {"own": "label"}, compose, "10.0.0.0/16", 28)


def test_a_network_of_the_definition() -> None:
    compose: JsonObject = {
        "driver": "bridge",
        "internal": True,
        "driver_opts": {"mtu": "1400"},
        "name": "x",
        "labels": {"a": "b"},
    }
    assert network_body(_network(compose), IPv4Network("10.0.0.0/28"), api_version=OLD) == {
        "Name": "n",
        "Driver": "bridge",
        "Internal": True,
        "Options": {"mtu": "1400"},
        "IPAM": {"Config": [{"Subnet": "10.0.0.0/28"}]},
        "Labels": {"own": "label", "a": "b"},
        "CheckDuplicate": True,
    }
    assert "CheckDuplicate" not in network_body(_network({}), None, api_version=NEW)


def test_a_network_with_ipv6_gets_a_subnet_of_each_kind() -> None:
    spec = _network({"enable_ipv6": True})
    body = network_body(spec, IPv4Network("10.0.0.0/28"), ipv6=IPv6Network("fd00::/64"), api_version=OLD)
    assert body["EnableIPv6"] is True
    assert body["IPAM"] == {"Config": [{"Subnet": "10.0.0.0/28"}, {"Subnet": "fd00::/64"}]}


def test_a_subnet_of_the_definition_is_kept() -> None:
    compose: JsonObject = {
        "ipam": {"driver": "default", "config": [{"subnet": "10.9.0.0/24", "gateway": "10.9.0.1"}]}
    }
    assert network_body(_network(compose), None, api_version=NEW)["IPAM"] == {
        "Driver": "default",
        "Config": [{"Subnet": "10.9.0.0/24", "Gateway": "10.9.0.1"}],
    }


@pytest.mark.parametrize("compose", [{"from_the_future": 1}, {"enable_ipv4": False}])
def test_a_network_key_that_cannot_be_honoured_is_refused(compose: dict[str, JsonValue]) -> None:
    with pytest.raises(UnsupportedError):
        network_body(_network(compose), None, api_version=OLD)


def test_a_volume_of_the_definition() -> None:
    spec = VolumeSpec("v", {"own": "label"}, {"driver": "local", "driver_opts": {"type": "tmpfs"}, "name": "x"})
    assert volume_body(spec) == {
        "Name": "v",
        "Driver": "local",
        "DriverOpts": {"type": "tmpfs"},
        "Labels": {"own": "label"},
    }
    with pytest.raises(UnsupportedError):
        volume_body(VolumeSpec("v", {}, {"from_the_future": 1}))
