"""Three engines of a test's own as one swarm, as docs/swarm.md makes it, and previewer on it."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from previewer.docker_api.answers import ListedContainer, Network, Volumes
from previewer.docker_api.request import get
from previewer.engine.mapping.service import PRIVILEGES_SINCE
from tests.docker.base_image import load_base_image
from tests.docker.registry_server import PROGRAM, registry_server
from tests.docker.swarm import Cluster, overlays, swarm_remains_of
from tests.eventually import eventually
from tests.worlds.docker import EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.slow]

DOCUMENT = Path(__file__).parents[2] / "docs" / "swarm.md"
COMPOSE = """
services:
  web:
    image: previewer-test/base:1
    command: [sh, -c, "echo {page} > /tmp/index.html; cat /etc/motd /run/secrets/token >> /tmp/index.html; \
exec httpd -f -p 8080 -h /tmp"]
    ports: ["8080"]
    restart: on-failure
    depends_on: {{db: {{condition: service_healthy}}}}
    deploy: {{placement: {{constraints: ["node.role == worker"]}}}}
    healthcheck: {{test: [CMD, test, -s, /tmp/index.html], interval: 500ms, retries: 60}}
    configs: [{{source: motd, target: /etc/motd}}]
    secrets: [token]
    security_opt: {options}
  db:
    image: previewer-test/base:1
    command: [sh, -c, "touch /data/state; exec sleep 9999"]
    volumes: ["data:/data"]
    healthcheck: {{test: [CMD, test, -f, /data/state], interval: 500ms, retries: 60}}
    security_opt: {options}
volumes: {{data: {{}}}}
configs: {{motd: {{content: "motd of {page}\\n"}}}}
secrets: {{token: {{file: ./token}}}}
"""
BRANCHES = ("first", "second", "third")
NODE_LOSS_SECONDS = 120
"""A ceiling: Swarm itself takes three heartbeats of five seconds."""


def shell_blocks() -> list[str]:
    """The scripts of the document, without the indentation of the list that they stand in."""
    found = re.findall(r"^ *```sh\n(.*?)^ *```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(script) for script in found]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Three nodes and a registry at one address of each, made by the commands of the document."""
    if PROGRAM is None or shutil.which("docker") is None:
        pytest.skip("no registry server, or no docker command")
    init, join, _use = shell_blocks()
    folder = Path(tempfile.mkdtemp(prefix="pvr"))
    found = Cluster(nodes=3)
    try:
        with registry_server(folder) as registry, found.registries(folder / "registry.yml"):
            found.registry = registry
            token = found.shell(0, init, MANAGER=found.address(0)).splitlines()[-1]
            for node in (1, 2):
                found.shell(node, join, MANAGER=found.address(0), TOKEN=token)
            load_base_image(found.connections[0], "swarm")
            yield found
    finally:
        found.wipe()
        shutil.rmtree(folder, ignore_errors=True)


def compose(cluster: Cluster, page: str) -> str:
    """The definition; what engines before Docker 25 cannot keep, it does without."""
    is_old = cluster.connections[0].api_version < PRIVILEGES_SINCE
    return COMPOSE.format(page=page, options="['no-new-privileges:false']" if is_old else "[]")


@pytest.fixture
def site(cluster: Cluster, tmp_path: Path) -> Iterator[EngineFixture]:
    """A repository with a page on each branch; nothing of it is left on any node."""
    found = EngineFixture(tmp_path / "site", cluster.connections[0])
    settings = f'engine = "swarm"\nregistry = "{cluster.registry}/site"\n'
    if cluster.connections[0].api_version < PRIVILEGES_SINCE:
        settings += '[policy.preview]\nallow = ["security-option:no-new-privileges=false"]\n'
    for branch in ("main", *BRANCHES):
        found.repository.git("checkout", "--quiet", "-B", branch)
        found.repository.commit(
            {"compose.yaml": compose(cluster, branch), "previewer.toml": settings, "token": "secret\n"},
            subject=branch,
        )
    yield found
    found.run("down", "--all", "--yes")
    assert_empty(cluster)


def assert_empty(cluster: Cluster) -> None:
    """No task, network, volume, config or secret on any node."""
    assert swarm_remains_of(cluster.connections[0]) == []
    for connection in cluster.connections:
        assert get(connection, "/containers/json", {"all": "1"}).read_list(ListedContainer) == []
        assert not get(connection, "/volumes").read(Volumes).volumes
        assert overlays(get(connection, "/networks").read_list(Network)) == []


def services_of(site: EngineFixture, branch: str) -> dict[str, dict[str, Any]]:
    found = json.loads(site.run("status", branch, "-o", "json"))
    return {service["service"]: service for service in found["services"]}


def test_the_document_s_commands_run_an_environment(cluster: Cluster, site: EngineFixture) -> None:
    site.repository.git("checkout", "--quiet", "main")
    for line in shell_blocks()[2].splitlines():
        program, *arguments = line.split()
        assert program == "previewer"
        site.run(*arguments)
    assert_empty(cluster)


def test_three_branches_run_at_once_on_several_nodes(cluster: Cluster, site: EngineFixture) -> None:
    processes = [site.start("up", branch) for branch in BRANCHES]
    for process in processes:
        _printed, reported = process.communicate(timeout=300)
        assert process.returncode == 0, reported
    nodes = set()
    for branch in BRANCHES:
        services = services_of(site, branch)
        assert services["web"]["state"] == services["db"]["state"] == "healthy"
        nodes |= {*services["web"]["nodes"], *services["db"]["nodes"]}
        page = cluster.fetch(site.run("url", branch).strip())
        assert page.splitlines() == [branch, f"motd of {branch}", "secret"]
    assert len(nodes) >= 2


def test_a_successor_serves_before_its_predecessor_goes(cluster: Cluster, site: EngineFixture) -> None:
    site.up("first")
    before = site.run("url", "first").strip()
    site.repository.git("checkout", "--quiet", "first")
    site.repository.commit({"compose.yaml": compose(cluster, "changed")}, subject="changed")
    site.up("first")
    after = site.run("url", "first").strip()
    assert cluster.fetch(after).splitlines()[0] == "changed"
    assert after != before
    site.run("sleep", "first")
    assert [e["state"] for e in site.environments()] == ["asleep"]
    site.run("wake", "first")
    assert cluster.fetch(site.run("url", "first").strip()).splitlines()[0] == "changed"


def test_what_was_on_a_killed_node_runs_elsewhere_and_is_there_once_when_the_node_is_back(
    cluster: Cluster, site: EngineFixture
) -> None:
    site.up("first")
    lost = cluster.node_at(site.run("url", "first").strip())
    assert lost != 0
    cluster.crash(lost)

    def runs_elsewhere() -> bool:
        [environment] = site.environments()
        url = environment["url"]
        return bool(url) and cluster.node_at(url) not in (0, lost) and cluster.answers(url)

    try:
        eventually(runs_elsewhere, within=NODE_LOSS_SECONDS, what="the page is served by the other worker")
    finally:
        cluster.restart(lost)
    eventually(lambda: cluster.running(lost) == [], within=NODE_LOSS_SECONDS, what="the old task has ended")
    assert len(cluster.running(3 - lost)) == 1


def test_a_node_that_cannot_pull_is_named(cluster: Cluster, site: EngineFixture) -> None:
    with cluster.without_registry(1), cluster.without_registry(2):
        process = site.start("up", "second")
        _printed, reported = process.communicate(timeout=300)
    assert process.returncode != 0
    assert "on node" in reported
    assert "all nodes reach" in reported
