"""Engines on other machines: through the user's ssh, and through TLS with a context's certificates."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from previewer.docker_api.connection import DockerConnection
from tests.docker.base_image import BaseImage
from tests.worlds.docker import EngineFixture, first_value
from tests.worlds.host_echo import ask
from tests.worlds.ssh import MACHINE, ssh_server, why_no_ssh

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.usefixtures("base_image")]


@pytest.fixture
def engine_fixture(
    tmp_path: Path, docker_connection: DockerConnection, base_image: BaseImage
) -> Iterator[EngineFixture]:
    del base_image
    if not docker_connection.host.startswith("unix://"):
        pytest.skip("the engine is on another machine already")
    found = EngineFixture(tmp_path / "site", docker_connection)
    yield found
    found.clean_up()


@pytest.fixture
def ssh_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, docker_connection: DockerConnection
) -> Iterator[Path]:
    """What the ssh server says."""
    if why_no_ssh() or shutil.which("docker") is None:
        pytest.skip(why_no_ssh() or "the docker command is missing")
    with ssh_server(tmp_path / "ssh", monkeypatch, DOCKER_HOST=docker_connection.host) as log:
        yield log


def test_over_ssh_one_login_serves_everything(engine_fixture: EngineFixture, ssh_log: Path) -> None:
    host = ("--host", f"ssh://{MACHINE}")
    found = json.loads(engine_fixture.run(*host, "up", "main", "-o", "json"))
    process = engine_fixture.start(*host, "url", "main")
    printed, events = process.communicate(timeout=60)
    assert printed.strip() == found["url"]
    assert f"ssh -N -L {urlsplit(found['url']).port}:127.0.0.1:" in events
    engine_fixture.run(*host, "down", "main")
    assert engine_fixture.remains() == []
    assert ssh_log.read_text().count("Accepted publickey") == 1


def test_a_tunnel_lets_what_up_prints_answer_here(engine_fixture: EngineFixture, ssh_log: Path) -> None:
    """The machine is this one, so the ports are taken, and others lead there."""
    host = ("--host", f"ssh://{MACHINE}")
    process = engine_fixture.start(*host, "up", "main", "--tunnel", "-o", "json")
    found = first_value(process)
    (remote,) = engine_fixture.environments()
    assert found["url"] != remote["url"]
    place = urlsplit(found["url"])
    assert ask(place.port or 80, place.netloc) == (200, "page of main\n")
    process.send_signal(signal.SIGTERM)
    _printed, events = process.communicate(timeout=60)
    assert process.returncode == 0, events
    with pytest.raises(ConnectionRefusedError):
        ask(place.port or 80, place.netloc)
    assert ssh_log.read_text().count("Accepted publickey") == 1
    engine_fixture.run("up", "main", "--tunnel", code=2)


def test_ssh_says_why_it_does_not_get_there(engine_fixture: EngineFixture, ssh_log: Path) -> None:
    del ssh_log
    process = engine_fixture.start("--host", f"ssh://none-of-that-name@{MACHINE}", "ls")
    _printed, events = process.communicate(timeout=60)
    assert process.returncode == 9
    assert "Permission denied" in events
    assert "hint: this has to work: `ssh none-of-that-name" in events


class TlsDoor:
    """A TLS port that asks for a client's certificate, and behind it the engine's socket."""

    def __init__(self, certificates: Path, engine: str) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates / "ca.pem"))
        context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        self._context, self._engine = context, engine
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._open, args=(client,), daemon=True).start()

    def _open(self, client: socket.socket) -> None:
        try:
            inside = self._context.wrap_socket(client, server_side=True)
        except OSError:
            client.close()
            return
        engine = socket.socket(socket.AF_UNIX)
        engine.connect(self._engine)
        for source, target in ((inside, engine), (engine, inside)):
            threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        target.close()


@pytest.fixture
def context(tmp_path: Path, docker_connection: DockerConnection) -> Iterator[Path]:
    """A folder of the docker command's settings with the context ``door``."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing")
    folder = tmp_path / "tls"
    folder.mkdir()
    _make_certificates(folder)
    door = TlsDoor(folder, urlsplit(docker_connection.host).path)
    digest = hashlib.sha256(b"door").hexdigest()
    meta = tmp_path / "docker" / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    endpoint = {"Host": f"tcp://127.0.0.1:{door.port}", "SkipTLSVerify": False}
    (meta / "meta.json").write_text(json.dumps({"Name": "door", "Endpoints": {"docker": endpoint}}))
    keys = tmp_path / "docker" / "contexts" / "tls" / digest / "docker"
    shutil.copytree(folder, keys)
    yield tmp_path / "docker"
    door.close()


def test_a_context_s_certificates_are_used_and_checked(
    engine_fixture: EngineFixture, context: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever certificates the environment names for everything else."""
    (keys,) = context.glob("contexts/tls/*/docker")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(context / "contexts" / "none.pem"))
    assert json.loads(_run(engine_fixture, context, code=0)) == []
    (keys / "cert.pem").unlink()
    _run(engine_fixture, context, code=9)
    (keys / "ca.pem").write_bytes((keys / "other.pem").read_bytes())
    _run(engine_fixture, context, code=9)


def _run(engine_fixture: EngineFixture, context: Path, *, code: int) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "DOCKER_HOST"}
    process = subprocess.run(
        [sys.executable, "-m", "previewer", "--repo", str(engine_fixture.repository.path), "ls", "-o", "json"],
        env={**environment, "DOCKER_CONFIG": str(context), "DOCKER_CONTEXT": "door", "CI": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == code, process.stderr
    return process.stdout


def _make_certificates(folder: Path) -> None:
    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=True)

    for name in ("ca", "other"):
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", f"/CN={name}", "-keyout", f"{name}-key.pem", "-out", f"{name}.pem"),
        )
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=both"),
        *("-keyout", "key.pem", "-out", "request.pem"),
    )
    openssl(
        *("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial"),
        *("-days", "2", "-extfile", "names", "-out", "cert.pem"),
    )
