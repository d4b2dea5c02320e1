"""A small web site in a real repository, driven through the real command line on a real engine."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from copy import copy
from pathlib import Path
from typing import Any

from previewer.deployment.drift import check_drift, merge_events
from previewer.docker_api.connection import DockerConnection
from previewer.domain import labels
from previewer.domain.compose.definition import Role
from previewer.domain.drift.finding import Finding
from previewer.domain.engine.examination import EngineHappening
from previewer.domain.naming import IMAGE_REPOSITORY
from previewer.session.open_session import open_session
from previewer.session.session import Session
from tests.docker.base_image import BASE_REFERENCE
from tests.docker.remains import remains_of
from tests.eventually import eventually
from tests.source.repository import GitRepository

COMPOSE = """
name: site
services:
  web:
    build: web
    ports: ["8080"]
    container_name: always-the-same
    volumes: ["./etc/motd:/site/motd.txt:ro", "data:/data"]
    configs: [greeting]
    depends_on: {job: {condition: service_completed_successfully}}
    healthcheck: {test: [CMD, busybox, test, -f, /site/index.html], interval: 1s, retries: 20}
  job:
    image: previewer-test/base:1
    command: [busybox, "true"]
volumes:
  data:
configs:
  greeting: {file: ./etc/greeting}
"""
DOCKERFILE = """FROM previewer-test/base:1
COPY index.html /site/
CMD ["busybox", "httpd", "-f", "-p", "8080", "-h", "/site"]
"""
TIMEOUT = 300
"""Seconds that a command may take: only what hangs takes so long, and a busy machine is given time."""
WITHOUT_ROUTER = {"PREVIEWER_ROUTER": "off"}
"""The environment of sessions: a router is one for the whole engine, and only its own tests have one."""


class EngineFixture:
    """The repository, and previewer on it."""

    prefix: tuple[str, ...] = ()
    """What its commands begin with: they run in an engine's network, say."""

    def __init__(self, folder: Path, connection: DockerConnection) -> None:
        self.repository = GitRepository(folder)
        self.connection = connection
        self.repository.commit(
            {
                "compose.yaml": COMPOSE,
                "web/Dockerfile": DOCKERFILE,
                "web/index.html": "page of main\n",
                "etc/motd": "motd of main\n",
                "etc/greeting": "hello\n",
            },
            subject="[/red] x \x1b[31mred\x1b[0m",
        )
        # A name of its own, so that runs of these tests at the same time do not meet.
        self.repository.git("config", "previewer.installation", os.urandom(8).hex())
        self.installation = self.repository.git("config", "previewer.installation")
        self.project = f"t{self.installation[:8]}"
        self.repository.git("remote", "add", "origin", f"https://example.org/{self.project}.git")
        # Nothing was ever fetched from there, so its own main has to be said to be the trusted one.
        self.repository.git("config", "previewer.defaultBranch", "refs/heads/main")

    def branch(self, name: str, page: str) -> None:
        """A branch off main with another page."""
        self.repository.git("checkout", "--quiet", "-B", name, "main")
        self.repository.commit({"web/index.html": page}, subject=f"page of {name}")
        self.repository.git("checkout", "--quiet", "main")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin a command of previewer's."""
        return subprocess.Popen(
            [*self.prefix, sys.executable, "-m", "previewer", "--repo", str(self.repository.path), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "DOCKER_HOST": self.connection.host,
                "CI": "1",
                "XDG_CONFIG_HOME": str(self._settings_folder()),
            },
        )

    def _settings_folder(self) -> Path:
        """A user's settings, with which health checks may follow each other as fast as tests want."""
        file = (
            self.repository.path.parent / f"{self.repository.path.name}-settings" / "previewer" / "settings.toml"
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f'[limits.{role.value}]\nmin_health_interval = "0s"\n' for role in Role))
        return file.parents[1]

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command of previewer's; what it printed on standard output."""
        process = self.start(*arguments)
        printed, reported = process.communicate(timeout=TIMEOUT)
        assert process.returncode == code, f"exit code {process.returncode}\n{reported}"
        return printed

    def up(self, revision: str, *options: str) -> dict[str, Any]:
        """Bring a revision up; what ``-o json`` says of it."""
        found: dict[str, Any] = json.loads(self.run("up", revision, *options, "-o", "json"))
        return found

    def environments(self) -> list[dict[str, Any]]:
        """What ``ls -o json`` says."""
        found: list[dict[str, Any]] = json.loads(self.run("ls", "-o", "json"))
        return found

    def remains(self) -> list[str]:
        """Everything of this repository that is on the engine."""
        return remains_of(self.connection, f"{labels.INSTALLATION}={self.installation}")

    def images(self) -> set[str]:
        """The ids of its own images: others are made and removed by the engine's other users."""
        found = self.connection.api.images(all=True, filters={"label": f"{labels.PROJECT}={self.project}"})
        return {image["Id"] for image in found}

    def inspect(self, service: str, *, ended_too: bool = False) -> dict[str, Any]:
        """The engine's own words about the one running container of a service."""
        labelled = [f"{labels.INSTALLATION}={self.installation}", f"{labels.SERVICE}={service}"]
        (found,) = self.connection.api.containers(all=ended_too, filters={"label": labelled})
        inspected: dict[str, Any] = self.connection.api.inspect_container(found["Id"])
        return inspected

    def clone(self, folder: Path) -> EngineFixture:
        """Another clone of the repository, with the same origin, and previewer on it."""
        self.repository.git("clone", "--quiet", str(self.repository.path), str(folder))
        found = copy(self)
        found.repository = GitRepository(folder)
        for name in ("previewer.installation", "remote.origin.url"):
            found.repository.git("config", name, self.repository.git("config", name))
        return found

    def clean_up(self) -> None:
        """Remove it all, whatever a test has left."""
        self.clean_up_objects()
        api = self.connection.api
        for image in api.images(filters={"label": f"{labels.PROJECT}={self.project}"}):
            api.remove_image(image["Id"], force=True)
        # One whose Dockerfile adds nothing to its base is that base, under a name of the project's.
        for image in api.images(filters={"reference": f"{IMAGE_REPOSITORY}/{self.project}/*"}):
            for tag in image["RepoTags"]:
                if tag.startswith(f"{IMAGE_REPOSITORY}/{self.project}/"):
                    api.remove_image(tag)

    def clean_up_objects(self) -> None:
        """Remove its containers, networks and volumes."""
        api = self.connection.api
        filters = {"label": [f"{labels.INSTALLATION}={self.installation}"]}
        for container in api.containers(all=True, filters=filters):
            api.remove_container(container["Id"], force=True, v=True)
        for network in api.networks(filters=filters):
            api.remove_network(network["Id"])
        for volume in api.volumes(filters=filters)["Volumes"] or ():
            api.remove_volume(volume["Name"], force=True)


def fetch(url: str) -> str:
    """What a page says."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
    return body.decode()


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


class Repo(EngineFixture):
    """A repository whose environments are touched."""

    def __init__(self, folder: Path, connection: DockerConnection, services: tuple[str, ...] = SERVICES) -> None:
        super().__init__(folder, connection)
        self.repository.commit({"compose.yaml": compose(services)}, subject="small services")

    def open(self) -> Session:
        """A session on it."""
        return open_session(
            str(self.repository.path), docker_host=self.connection.host, environment=WITHOUT_ROUTER
        )

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

    def recreate(self, container: str, change: Callable[[Body], object], *, start: bool = True) -> None:
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

    def __init__(self, session: Session, connection: DockerConnection) -> None:
        self._session = session
        self._api = connection.api
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
        """The verdict on an environment, by all that the engine told of what was done until now."""
        self._hear_out()
        (drift,) = check_drift(self._session, [name], happenings=merge_events(tuple(self._seen)))
        return (*drift.findings, *drift.expected)

    def _hear_out(self) -> None:
        """Events come in the order of what happened, so whatever was done before is told before this mark is."""
        repository, tag = "previewer-test/mark", uuid.uuid4().hex
        mark = f"{repository}:{tag}"
        self._api.tag(BASE_REFERENCE, repository, tag)
        self._api.remove_image(mark)
        eventually(lambda: any(event.name == mark for event in self._seen), what="the engine tells of the mark")


def first_value(process: subprocess.Popen[str]) -> Any:
    """The JSON that a command prints before it goes on."""
    text = ""
    for line in iter(process.stdout.readline, "") if process.stdout is not None else ():
        text += line
        if line == "}\n":
            return json.loads(text)
    raise AssertionError(process.communicate()[1])
