"""Three engines of a test's own as one swarm, as docs/swarm.md makes it, and previewer on it."""

from __future__ import annotations

import pytest

from tests.docker.swarm import Cluster
from tests.docker.swarm_site import BRANCHES, SwarmSite, shell_blocks
from tests.eventually import eventually

pytestmark = [pytest.mark.docker, pytest.mark.slow]

NODE_LOSS_SECONDS = 120
"""A ceiling: Swarm itself takes three heartbeats of five seconds."""


def test_the_document_s_commands_run_an_environment(cluster: Cluster, swarm_site: SwarmSite) -> None:
    swarm_site.repository.git("checkout", "--quiet", "main")
    for line in shell_blocks()[2].splitlines():
        program, *arguments = line.split()
        assert program == "previewer"
        swarm_site.run(*arguments)
    swarm_site.assert_nothing_left()


def test_three_branches_run_at_once_on_several_nodes(cluster: Cluster, swarm_site: SwarmSite) -> None:
    processes = [swarm_site.start("up", branch) for branch in BRANCHES]
    for process in processes:
        _printed, reported = process.communicate(timeout=300)
        assert process.returncode == 0, reported
    nodes = set()
    for branch in BRANCHES:
        services = swarm_site.services(branch)
        assert services["web"]["state"] == services["db"]["state"] == "healthy"
        nodes |= {*services["web"]["nodes"], *services["db"]["nodes"]}
        assert swarm_site.page(branch) == [branch, f"motd of {branch}", "secret"]
    assert len(nodes) >= 2


def test_what_was_on_a_killed_node_runs_elsewhere_and_is_there_once_when_the_node_is_back(
    cluster: Cluster, swarm_site: SwarmSite
) -> None:
    swarm_site.up("first")
    lost = cluster.node_at(swarm_site.run("url", "first").strip())
    assert lost != 0
    cluster.crash(lost)

    def runs_elsewhere() -> bool:
        [environment] = swarm_site.environments()
        url = environment["url"]
        return bool(url) and cluster.node_at(url) not in (0, lost) and cluster.answers(url)

    try:
        eventually(runs_elsewhere, within=NODE_LOSS_SECONDS, what="the page is served by the other worker")
    finally:
        cluster.restart(lost)
    eventually(lambda: cluster.running(lost) == [], within=NODE_LOSS_SECONDS, what="the old task has ended")
    assert len(cluster.running(3 - lost)) == 1


def test_what_is_taken_down_ends_on_a_node_that_was_cut_off_when_that_is_back(
    cluster: Cluster, swarm_site: SwarmSite
) -> None:
    swarm_site.up("first")
    lost = cluster.node_at(swarm_site.run("url", "first").strip())

    def is_missed() -> bool:
        web = swarm_site.services("first")["web"]
        return (web["state"], web.get("nodes")) != ("healthy", [cluster.name(lost)])

    with cluster.cut_off(lost):
        eventually(is_missed, within=NODE_LOSS_SECONDS, what="the node is missed")
        process = swarm_site.start("down", "first")
        _printed, reported = process.communicate(timeout=300)
        assert process.returncode == 0, reported
        assert f"web may still run on {cluster.name(lost)}, which does not answer" in reported
        assert len(cluster.running(lost)) == 1
        assert swarm_site.environments() == []
    eventually(lambda: cluster.running(lost) == [], within=NODE_LOSS_SECONDS, what="the old task has ended")
    eventually(lambda: cluster.is_empty(lost), within=NODE_LOSS_SECONDS, what="its container and network are gone")


def test_a_node_that_cannot_pull_is_named(cluster: Cluster, swarm_site: SwarmSite) -> None:
    with cluster.without_registry(1), cluster.without_registry(2):
        process = swarm_site.start("up", "second")
        _printed, reported = process.communicate(timeout=300)
    assert process.returncode != 0
    assert "on node" in reported
    assert "all nodes reach" in reported
