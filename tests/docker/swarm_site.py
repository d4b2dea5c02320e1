"""A repository whose environments run on the three nodes of a test's own swarm, made as docs/swarm.md says."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from previewer.domain.compose.definition import Role
from previewer.engine.mapping.service import PRIVILEGES_SINCE
from tests.docker.base_image import load_base_image
from tests.docker.registry_server import PROGRAM, registry_server
from tests.docker.swarm import Cluster, swarm_remains_of
from tests.eventually import eventually
from tests.worlds.docker import EngineFixture

DOCUMENT = Path(__file__).parents[2] / "docs" / "swarm.md"
COMPOSE = """
services:
  web:
    image: previewer-test/base:1
    command: [sh, -c, "echo {page} > /tmp/index.html; cat /etc/motd /run/secrets/token >> /tmp/index.html; \
env > /tmp/env; exec httpd -f -p 8080 -h /tmp"]
    ports: ["8080"]
    stop_signal: SIGKILL
    environment: {{BRACES: "{{{{.Node.ID}}}}"}}
    restart: on-failure
    depends_on: {{db: {{condition: service_healthy}}}}
    deploy: {{placement: {{constraints: ["node.role == worker"]}}}}
    healthcheck: {{test: [CMD, test, -s, /tmp/index.html], interval: 500ms, retries: 60}}
    configs: [{{source: motd, target: /etc/motd}}]
    secrets: [token]
    security_opt: {options}
  db:
    image: previewer-test/base:1
    command: [sh, -c, "date >> /data/state; env > /data/env; exec httpd -f -p 8081 -h /data"]
    ports: ["8081"]
    stop_signal: SIGKILL
    environment: {{BRACES: "{{{{.Node.ID}}}}"}}
    volumes: ["data:/data"]
    healthcheck: {{test: [CMD, test, -f, /data/state], interval: 500ms, retries: 60}}
    security_opt: {options}
volumes: {{data: {{}}}}
configs: {{motd: {{content: "motd of {page}\\n"}}}}
secrets: {{token: {{file: ./token}}}}
"""
BRANCHES = ("first", "second", "third")


def shell_blocks() -> list[str]:
    """The scripts of the document, without the indentation of the list that they stand in."""
    found = re.findall(r"^ *```sh\n(.*?)^ *```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(script) for script in found]


@contextmanager
def documented_cluster() -> Iterator[Cluster]:
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


class SwarmSite(EngineFixture):
    """A repository with a page on each branch, whose settings on the default branch choose the swarm."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        super().__init__(folder, cluster.connections[0])
        self.cluster = cluster
        settings = f'engine = "swarm"\nregistry = "{cluster.registry}/site"\n'
        if self._is_old:
            allowed = 'allow = ["security-option:no-new-privileges=false"]'
            settings += "".join(f"[policy.{role.value}]\n{allowed}\n" for role in Role)
        for branch in ("main", *BRANCHES):
            self.repository.git("checkout", "--quiet", "-B", branch)
            definitions = {f"envs/{role.value}.yaml": "include: [../compose.yaml]\n" for role in Role}
            files = {"compose.yaml": self.compose(branch), "previewer.toml": settings, "token": "secret\n"}
            self.repository.commit({**definitions, **files}, subject=branch)

    @property
    def _is_old(self) -> bool:
        return self.connection.api_version < PRIVILEGES_SINCE

    @property
    def security_options(self) -> str:
        """What services need on this engine, in YAML."""
        return "['no-new-privileges:false']" if self._is_old else "[]"

    def compose(self, page: str) -> str:
        """The definition; what engines before Docker 25 cannot keep, it does without."""
        return COMPOSE.format(page=page, options=self.security_options)

    def change(self, branch: str, page: str) -> None:
        """A commit with another page."""
        self.repository.git("checkout", "--quiet", branch)
        self.repository.commit({"compose.yaml": self.compose(page)}, subject=page)

    def services(self, environment: str) -> dict[str, dict[str, Any]]:
        """What ``status`` says of its services."""
        found = json.loads(self.run("status", environment, "-o", "json"))
        return {service["service"]: service for service in found["services"]}

    def page(self, environment: str) -> list[str]:
        """The lines of the page at the address that ``url`` names."""
        return self.cluster.fetch(self.run("url", environment).strip()).splitlines()

    def assert_nothing_left(self) -> None:
        """No task, network, volume, config or secret on any node; nodes remove an ended task's container later."""
        assert swarm_remains_of(self.connection) == []
        nodes = range(len(self.cluster.connections))
        eventually(lambda: all(map(self.cluster.is_empty, nodes)), what="nothing is left on any node")
