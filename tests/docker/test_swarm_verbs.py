"""The verbs that change what runs, on the three nodes of a test's own swarm."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from previewer.domain.environment.ending import Ends
from previewer.operations.down import down, find_down_target
from previewer.records.environments import find_ended_environments
from previewer.session.open_session import open_session
from previewer.session.run import Run
from tests.docker.swarm import Cluster
from tests.docker.swarm_site import SwarmSite
from tests.worlds.docker import WITHOUT_ROUTER

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def json_of(site: SwarmSite, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site.run(*arguments, "-o", "json"))
    return found


def test_a_successor_serves_and_what_slept_has_its_data_when_it_wakes(
    cluster: Cluster, swarm_site: SwarmSite
) -> None:
    before = swarm_site.up("first")["url"]
    swarm_site.change("first", "changed")
    after = swarm_site.up("first")["url"]
    assert swarm_site.page("first")[0] == "changed"
    assert after != before
    swarm_site.run("sleep", "first")
    [asleep] = swarm_site.environments()
    assert asleep["state"] == "asleep"
    assert [cluster.running(node) for node in range(3)] == [[], [], []]
    swarm_site.run("wake", "first")
    assert swarm_site.page("first")[0] == "changed"
    assert [e["state"] for e in swarm_site.environments()] == ["healthy"]


def test_a_service_is_told_where_it_answers_wherever_it_runs(cluster: Cluster, swarm_site: SwarmSite) -> None:
    swarm_site.up("first")
    urls = json_of(swarm_site, "url", "first")["urls"]

    def told(service: str) -> dict[str, str]:
        lines = cluster.fetch(f"{urls[service][0]}/env").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    for service in ("web", "db"):
        assert told(service)[f"PREVIEWER_URL_{service.upper()}"] == urls[service][0]
        assert told(service)["BRACES"] == "{{.Node.ID}}"
    # Which worker has web is not known to db.
    assert told("web")["PREVIEWER_URL"] == urls["web"][0]
    assert "PREVIEWER_URL" not in told("db")


def test_a_release_is_promoted_and_a_rollback_starts_the_generation_that_was_kept(
    cluster: Cluster, swarm_site: SwarmSite
) -> None:
    swarm_site.up("first")
    staged = json_of(swarm_site, "promote", "first", "--to", "staging")
    produced = json_of(swarm_site, "promote", "staging", "--to", "production", "--yes")
    assert (staged["role"], produced["role"]) == ("staging", "production")
    assert staged["release"] == produced["release"]
    assert swarm_site.page("staging")[0] == swarm_site.page("production")[0] == "first"
    swarm_site.change("first", "better")
    swarm_site.up("first")
    json_of(swarm_site, "promote", "first", "--to", "staging", "--yes")
    assert swarm_site.page("staging")[0] == "better"
    back = json_of(swarm_site, "rollback", "staging", "--yes")
    assert (back["release"], back["generation"]) == (staged["release"], 1)
    assert swarm_site.page("staging")[0] == "first"


def test_what_is_extended_stays_and_what_has_expired_goes(cluster: Cluster, swarm_site: SwarmSite) -> None:
    for branch in ("first", "second"):
        swarm_site.up(branch, "--ttl", "1h")
    swarm_site.run("extend", "first", "2h")
    swarm_site.run("down", "--expired", "--yes")
    with open_session(
        str(swarm_site.repository.path), docker_host=swarm_site.connection.host, environment=WITHOUT_ROUTER
    ) as session:
        session.clock = lambda: datetime.now(UTC) + timedelta(minutes=90)
        run = Run(session)
        ended = find_ended_environments(run, Ends(expired=True))
        removed = down(run, find_down_target(session, tuple(ended.causes), causes=ended.causes))
    assert removed.environments == (f"{swarm_site.project}-second",)
    assert [e["branch"] for e in swarm_site.environments()] == ["first"]
    assert swarm_site.page("first")[0] == "first"


@pytest.mark.parametrize(
    ("deploy", "reason", "hint"),
    [
        (
            "placement: {constraints: [node.labels.disk == tape]}",
            "scheduling constraints not satisfied on 3 nodes",
            "`deploy.placement.constraints` fit no node",
        ),
        ("resources: {reservations: {memory: 900T}}", "no room for it (reservations)", "or add a node"),
    ],
    ids=["constraints", "reservations"],
)
def test_what_no_node_can_run_is_told_with_the_reason(
    cluster: Cluster, swarm_site: SwarmSite, deploy: str, reason: str, hint: str
) -> None:
    swarm_site.repository.git("checkout", "--quiet", "third")
    definition = (
        "services: {web: {image: 'previewer-test/base:1', command: [sleep, '999'], "
        f"security_opt: {swarm_site.security_options}, deploy: {{{deploy}}}}}}}\n"
    )
    swarm_site.repository.commit({"compose.yaml": definition}, subject="nowhere")
    process = swarm_site.start("up", "third")
    _printed, reported = process.communicate(timeout=300)
    assert process.returncode != 0
    assert reason in reported
    assert hint in reported
    swarm_site.assert_nothing_left()
