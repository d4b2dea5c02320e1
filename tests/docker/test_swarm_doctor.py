"""What `doctor` says of the nodes of a test's own swarm: found by connecting, where managers report health."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from previewer.engine.docker.router_image import find_program
from tests.docker.swarm import Cluster
from tests.docker.swarm_site import SwarmSite

pytestmark = [pytest.mark.docker, pytest.mark.slow]

NODES = ("nodes", "registry", "published ports", "overlay", "overlay MTU", "virtual addresses")
VXLAN = ("-p", "udp", "--dport", "4789")


@pytest.fixture
def inside(cluster: Cluster, swarm_site: SwarmSite) -> SwarmSite:
    """Its commands run on the manager, where the nodes' addresses are reached."""
    if find_program(cluster.connections[0].platform) is None:
        pytest.skip("no static caddy")
    swarm_site.prefix = cluster.engines[0].prefix
    return swarm_site


def checks(site: SwarmSite, code: int = 0) -> dict[str, dict[str, str]]:
    found = {check["check"]: check for check in json.loads(site.run("doctor", "-o", "json", code=code))}
    assert set(NODES) <= set(found)
    site.assert_nothing_left()
    return found


def test_what_works_is_told_from_what_only_the_kernel_lacks(cluster: Cluster, inside: SwarmSite) -> None:
    found = checks(inside)
    assert {name: found[name]["verdict"] for name in NODES[:-1]} == dict.fromkeys(NODES[:-1], "ok")
    has_virtual_servers = Path("/proc/net/ip_vs").exists()
    assert found["virtual addresses"]["verdict"] == ("ok" if has_virtual_servers else "warning")
    inside.prefix = ()
    assert found["published ports"]["verdict"] == "ok"
    assert checks(inside)["published ports"]["verdict"] == "warning"


def test_a_node_that_is_cut_from_others_or_carries_less_is_named(cluster: Cluster, inside: SwarmSite) -> None:
    name = cluster.name(2)
    with cluster.filtered(2, *VXLAN):
        cut = checks(inside, code=1)["overlay"]
    assert f"{name} → " in cut["detail"]
    assert f"{cluster.name(0)} → {cluster.name(1)}" not in cut["detail"]
    assert "4789" in cut["hint"]
    with cluster.filtered(2, *VXLAN, "-m", "length", "--length", "1000:65535"):
        found = checks(inside, code=1)
    assert found["overlay"]["verdict"] == "ok"
    assert f"{cluster.name(0)} → {name}" in found["overlay MTU"]["detail"]


def test_a_node_that_takes_no_tasks_or_cannot_pull_is_named(cluster: Cluster, inside: SwarmSite) -> None:
    with cluster.without_registry(1):
        registry = checks(inside, code=1)["registry"]
    assert cluster.name(1) in registry["detail"]
    assert cluster.name(2) not in registry["detail"]
    cluster.shell(0, f"docker node update --availability drain {cluster.name(2).rpartition('/')[2]}")
    try:
        nodes = checks(inside)["nodes"]
    finally:
        cluster.shell(0, f"docker node update --availability active {cluster.name(2).rpartition('/')[2]}")
    assert (nodes["verdict"], f"{cluster.name(2)} (drain)" in nodes["detail"]) == ("warning", True)
