"""Environments of small services to be touched, and what happens on the engine meanwhile."""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from previewer.docker_api.connection import DockerConnection
from previewer.domain.drift.finding import Finding
from previewer.domain.examination import EngineHappening
from previewer.operations.drift import check_drift, merge_events
from previewer.operations.open_session import open_session
from previewer.operations.session import Session
from tests.docker.site import Site

Body = dict[str, Any]
SERVICES = tuple(f"s{number:02}" for number in range(1, 12))
SECRET = "s3cr3t-of-the-yard"


def compose(services: tuple[str, ...]) -> str:
    """Services that sleep; one has a health check, a job ends at once, one is built."""
    plain = "".join(
        f"  {name}:\n    image: previewer-test/base:1\n    command: [sleep, '1000']\n"
        f"    environment: {{COLOUR: green, DB_PASSWORD: {SECRET}}}\n"
        for name in services
    )
    return (
        f"services:\n{plain}"
        "  web:\n    build: web\n    ports: ['8080']\n    volumes: ['data:/data']\n    configs: [greeting]\n"
        "    healthcheck: {test: [CMD, busybox, test, -f, /site/index.html], interval: 2s, start_period: 1s}\n"
        "  job:\n    image: previewer-test/base:1\n    command: [busybox, 'true']\n    restart: 'no'\n"
        "volumes: {data: }\nconfigs: {greeting: {file: ./etc/greeting}}\n"
    )


class Yard(Site):
    """A repository whose environments are touched."""

    def __init__(self, folder: Path, connection: DockerConnection, services: tuple[str, ...] = SERVICES) -> None:
        super().__init__(folder, connection)
        self.repository.commit({"compose.yaml": compose(services)}, subject="small services")

    def open(self) -> Session:
        """A session on it."""
        return open_session(str(self.repository.path), docker_host=self.connection.host, environment={})

    def name(self, branch: str, service: str) -> str:
        """The container of a service."""
        return f"{self.project}-{branch}-g1-{service}-1"

    def execute(self, container: str, *command: str, detach: bool = False) -> None:
        """Run a command in a container."""
        api = self.connection.api
        api.exec_start(api.exec_create(container, list(command))["Id"], detach=detach)

    def copy_into(self, container: str, path: str, content: bytes) -> None:
        """Copy a file into a container."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        assert self.connection.api.put_archive(container, "/", buffer.getvalue())

    def make_anew(self, container: str, change: Callable[[Body], object], *, start: bool = True) -> None:
        """Remove a container and make it again as it was, but for ``change`` of its create body."""
        api = self.connection.api
        found = api.inspect_container(container)
        body: Body = {
            **found["Config"],
            "Hostname": "",
            "HostConfig": found["HostConfig"],
            "NetworkingConfig": {"EndpointsConfig": endpoints(found)},
        }
        change(body)
        api.remove_container(container, force=True)
        self.create(container, body)
        if start:
            api.start(container)

    def create(self, name: str, body: Mapping[str, Any]) -> None:
        """Make a container from a raw body."""
        api = self.connection.api
        url = f"{api.base_url}/v{api.api_version}/containers/create"
        answer = api.post(url, json=body, params={"name": name})
        assert answer.ok, answer.text


def endpoints(found: Mapping[str, Any]) -> dict[str, Any]:
    """The networks of an inspected container with its names there."""
    networks = found["NetworkSettings"]["Networks"]
    return {
        name: {"Aliases": [alias for alias in end["Aliases"] or () if alias != found["Id"][:12]]}
        for name, end in networks.items()
    }


class Watched:
    """The engine's events while the body runs: other tests at the same time make it forget them soon."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stream = session.examiner.watch_events()
        self._seen: list[EngineHappening] = []
        self._thread = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        for batch in self._stream:
            self._seen.extend(batch)

    def __enter__(self) -> Watched:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stream.close()

    def findings(self, name: str) -> tuple[Finding, ...]:
        """The verdict on an environment."""
        (drift,) = check_drift(self._session, [name], happenings=merge_events(tuple(self._seen)))
        return (*drift.findings, *drift.expected)
