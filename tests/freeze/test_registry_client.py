"""Our own registry client against a registry that speaks HTTP: what is sent, what is checked, who is let in."""

from __future__ import annotations

import base64
import gzip
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from previewer.docker_api.connection import connect
from previewer.docker_api.registry.connection import RegistryConnection, RegistryCredentials, find_credentials
from previewer.docker_api.registry.repository import (
    OCI_INDEX,
    OCI_MANIFEST,
    Manifest,
    RegistryRepository,
    ask_tag_digest,
)
from previewer.errors import RegistryError
from previewer.freeze.registry.registry_image import find_image
from tests.freeze.http_server import serving
from tests.freeze.oci_registry import PASSWORD, REFRESH_TOKEN, USER, Auth, OciRegistry, digest, oci_registry

ADA = RegistryCredentials(USER, PASSWORD)
ANONYMOUS = RegistryCredentials()


def repository(
    registry: OciRegistry,
    *,
    who: RegistryCredentials = ANONYMOUS,
    pauses: list[float] | None = None,
) -> RegistryRepository:
    wait: Callable[[float], None] = (lambda seconds: None) if pauses is None else pauses.append
    return RegistryRepository(RegistryConnection(registry.host, find=lambda _: who, pause=wait), "team/shop")


def test_what_is_written_is_read_again_and_never_sent_twice() -> None:
    with oci_registry() as registry:
        shop = repository(registry)
        assert shop.write_blob(b"layer") is True
        assert shop.write_blob(b"layer") is False
        made = shop.write_manifest("v1", OCI_MANIFEST, b"{}")
        assert shop.read_blob(digest(b"layer"), limit=5) == b"layer"
        assert registry.sent("PUT")[1:] == ["/v2/team/shop/manifests/v1"]
        for reference in ("v1", made):
            found = shop.find_manifest(reference)
            assert found is not None
            assert (found.digest, found.media_type, found.content, found.value) == (
                made,
                OCI_MANIFEST,
                b"{}",
                Manifest(),
            )
        assert shop.find_manifest("v2") is None


def test_what_is_not_what_was_asked_for_is_refused() -> None:
    with oci_registry() as registry:
        shop = repository(registry)
        shop.write_blob(b"layer")
        made = shop.write_manifest("v1", OCI_MANIFEST, b"{}")
        registry.blobs[digest(b"layer")] = b"other"
        registry.manifests[f"team/shop@{made}"] = (OCI_MANIFEST, b"{ }")
        with pytest.raises(RegistryError, match="something else"):
            shop.read_blob(digest(b"layer"), limit=100)
        with pytest.raises(RegistryError, match="something else"):
            shop.find_manifest(made)
        with pytest.raises(RegistryError, match="larger than the 4 bytes"):
            shop.read_blob(digest(b"layer"), limit=4)


@pytest.mark.parametrize("auth", [Auth.BASIC, Auth.TOKEN])
def test_the_user_is_shown_where_the_registry_asks(auth: Auth) -> None:
    with oci_registry(auth) as registry:
        shop = repository(registry, who=ADA)
        assert shop.find_manifest("v1") is None
        shop.write_blob(b"layer")
        shop.write_manifest("v1", OCI_MANIFEST, b"{}")
        assert shop.find_manifest("v1") is not None
        unanswered = [path for path in registry.sent("GET") if path.startswith("/token")]
        assert len(unanswered) == (2 if auth is Auth.TOKEN else 0), "one token to pull, one to push, and no more"


def test_an_identity_token_is_exchanged() -> None:
    with oci_registry(Auth.TOKEN) as registry:
        shop = repository(registry, who=RegistryCredentials(identity_token=REFRESH_TOKEN))
        assert shop.write_blob(b"layer") is True
        assert registry.sent("POST").count("/token") == 2


@pytest.mark.parametrize("auth", [Auth.BASIC, Auth.TOKEN])
@pytest.mark.parametrize("who", [ANONYMOUS, RegistryCredentials(USER, "wrong")])
def test_who_is_not_let_in_is_told_how_to_sign_in(auth: Auth, who: RegistryCredentials) -> None:
    with oci_registry(auth) as registry:
        with pytest.raises(RegistryError) as caught:
            repository(registry, who=who).find_manifest("v1")
        assert caught.value.hint is not None
        assert f"docker login {registry.host}" in caught.value.hint
        assert ("who you are" in caught.value.message) is (who is ANONYMOUS)
        assert "wrong" not in str(caught.value)


def test_what_passes_is_tried_again_and_what_does_not_is_told() -> None:
    with oci_registry() as registry:
        pauses: list[float] = []
        shop = repository(registry, pauses=pauses)
        registry.failures = [503, 429]
        assert shop.write_blob(b"layer") is True
        assert pauses == [0.3, pytest.approx(0.9)]
        registry.failures = [500] * 4
        with pytest.raises(RegistryError, match="status 500"):
            shop.find_manifest("v1")
        assert registry.failures == []
        registry.failures = [400]
        with pytest.raises(RegistryError, match="status 400"):
            shop.find_manifest("v1")


def test_an_interrupted_push_goes_on_where_it_ended() -> None:
    with oci_registry() as registry:
        shop = repository(registry)
        shop.write_blob(b"one")
        registry.requests.clear()
        for blob in (b"one", b"two"):
            shop.write_blob(blob)
        assert len(registry.sent("POST")) == 1


def test_a_registry_that_is_not_there_is_told_with_its_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gone = RegistryConnection(f"127.0.0.1:{port}", find=lambda _: ANONYMOUS, pause=lambda _: None)
    with pytest.raises(RegistryError, match=r"does not answer \(Connection refused\)") as caught:
        RegistryRepository(gone, "team/shop").find_manifest("v1")
    assert caught.value.where == f"127.0.0.1:{port}"


def test_where_blobs_are_kept_elsewhere_no_other_server_sees_the_user() -> None:
    with oci_registry(Auth.BASIC) as registry, oci_registry() as storage:
        shop = repository(registry, who=ADA)
        shop.write_blob(b"layer")
        storage.blobs, registry.blob_host = registry.blobs, storage.host.replace("127.0.0.1", "localhost")
        assert shop.read_blob(digest(b"layer"), limit=5) == b"layer"
        (headers,) = storage.seen_headers
        assert "Authorization" not in headers


def test_only_this_machine_is_spoken_to_without_tls() -> None:
    bases = {name: RegistryConnection(name).base for name in ("localhost:5000", "127.0.0.9", "[::1]:5000")}
    assert all(base.startswith("http://") for base in bases.values())
    assert RegistryConnection("registry.example.com:5000").base == "https://registry.example.com:5000"
    assert RegistryConnection("10.0.0.1:5000").base == "https://10.0.0.1:5000"
    assert RegistryConnection("docker.io").base == "https://registry-1.docker.io"


def test_credentials_come_from_where_docker_login_puts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "docker-credential-vault"
    helper.write_text(
        "#!/bin/sh\nread server\n"
        'case $server in token.example.com) user="<token>" ;; store.example.com) user=ada ;;'
        " *) echo credentials not found in native keychain; exit 1 ;; esac\n"
        'printf \'{"ServerURL": "%s", "Username": "%s", "Secret": "from-%s"}\' "$server" "$user" "$server"\n'
    )
    helper.chmod(0o755)
    pair = base64.b64encode(b"ada:plain").decode()
    config = {
        "auths": {"plain.example.com": {"auth": pair}, "https://old.example.com/v1/": {"auth": pair}},
        "credHelpers": {"token.example.com": "vault"},
        "credsStore": "vault",
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert find_credentials("plain.example.com") == RegistryCredentials("ada", "plain")
    assert find_credentials("old.example.com") == RegistryCredentials("ada", "plain")
    assert find_credentials("store.example.com") == RegistryCredentials("ada", "from-store.example.com")
    assert find_credentials("token.example.com") == RegistryCredentials(identity_token="from-token.example.com")
    assert not find_credentials("unknown.example.com")
    assert "plain" not in repr(find_credentials("plain.example.com"))


def test_credentials_that_cannot_be_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"plain.example.com": "no"}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(RegistryError, match="credentials cannot be read"):
        find_credentials("plain.example.com")


@contextmanager
def odd_server(answer: Callable[[str, str], tuple[int, dict[str, str], bytes]]) -> Iterator[tuple[str, list[str]]]:
    """A server that answers method and path as it likes; its host, and the ``Authorization`` that it was shown."""
    shown: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers.get("Authorization", "") + self.rfile.read(self._length()).decode())
            status, headers, content = answer(self.command, self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - the names that http.server calls

        def _length(self) -> int:
            return int(self.headers.get("Content-Length") or 0)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
            del format, args

    with serving(Handler) as host:
        yield host, shown


def shop_at(host: str, who: RegistryCredentials = ADA) -> RegistryRepository:
    return RegistryRepository(RegistryConnection(host, find=lambda _: who, pause=lambda _: None), "team/shop")


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_a_server_that_the_registry_redirects_to_cannot_ask_for_the_user(scheme: str) -> None:
    hosts: list[str] = []

    def thief(method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        del method, path
        challenge = f'{scheme} realm="http://{hosts[0]}/token",service="x"'
        return 401, {"WWW-Authenticate": challenge}, b""

    with odd_server(thief) as (host, shown):
        hosts.append(host)
        with odd_server(lambda _method, path: (307, {"Location": f"http://{host}{path}"}, b"")) as (registry, _):
            with pytest.raises(RegistryError, match="sends elsewhere"):
                shop_at(registry).read_blob(digest(b"x"), limit=5)
            with pytest.raises(RegistryError, match="sends elsewhere"):
                shop_at(registry).find_manifest("v1")
    assert set(shown) == {""}


def test_a_refresh_token_is_not_taken_along_to_elsewhere() -> None:
    hosts: list[str] = []

    def registry(method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        if path == "/token":
            return 307, {"Location": f"http://{hosts[0]}/token"}, b""
        return 401, {"WWW-Authenticate": f'Bearer realm="http://{hosts[1]}/token"'}, b""

    with odd_server(lambda *_: (200, {}, b"{}")) as (thief, shown), odd_server(registry) as (host, _):
        hosts += [thief, host]
        with pytest.raises(RegistryError):
            shop_at(host, RegistryCredentials(identity_token=REFRESH_TOKEN)).find_manifest("v1")
    assert shown == []


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip"])
def test_nothing_is_unpacked(encoding: str) -> None:
    bomb = gzip.compress(bytes(1 << 20))
    content = gzip.compress(bomb) if "," in encoding else bomb
    with odd_server(lambda *_: (200, {"Content-Encoding": encoding}, content)) as (host, _):
        assert shop_at(host).read_blob(digest(content), limit=1 << 16) == content


@pytest.mark.parametrize("status", [200, 400, 404])
def test_no_answer_is_read_further_than_it_may_be_long(status: int) -> None:
    events = json.dumps({"errors": [{"message": "x" * (8 << 20)}]}).encode()
    with odd_server(lambda *_: (status, {}, events)) as (host, _), pytest.raises(RegistryError) as caught:
        shop_at(host).read_blob(digest(b"x"), limit=1 << 16)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "", 5, ["x"]])
def test_a_token_is_one_line(token: object) -> None:
    hosts: list[str] = []

    def registry(method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        if path.startswith("/token"):
            return 200, {}, json.dumps({"token": token}).encode()
        return 401, {"WWW-Authenticate": f'Bearer realm="http://{hosts[0]}/token"'}, b""

    with odd_server(registry) as (host, _):
        hosts.append(host)
        with pytest.raises(RegistryError, match="no token"):
            shop_at(host).find_manifest("v1")


@pytest.mark.parametrize("name", ["v1", "../../other/blobs/x", "sha256:1", "sha512:" + "0" * 128, ""])
def test_what_cannot_be_checked_is_not_asked_for(name: str) -> None:
    with odd_server(lambda *_: (200, {}, b"{}")) as (host, shown):
        with pytest.raises(RegistryError, match="by no digest"):
            shop_at(host).read_blob(name, limit=5)
        assert shown == []
    with oci_registry() as registry:
        shop = repository(registry)
        shop.write_manifest("v1", OCI_MANIFEST, b'{"config": {"digest": "sha256:1"}}')
        index = json.dumps({"manifests": [{"digest": name, "platform": {"os": "linux"}}]}).encode()
        shop.write_manifest("index", OCI_INDEX, index)
        assert find_image(shop, "index", platform="linux/amd64") is None


def test_a_manifest_that_nests_too_deeply_is_no_json() -> None:
    with oci_registry() as registry:
        shop = repository(registry)
        shop.write_manifest("v1", OCI_MANIFEST, b'{"config":' + b"[" * 100_000)
        found = shop.find_manifest("v1")
        assert found is not None
        with pytest.raises(RegistryError, match="cannot be read"):
            found.value  # noqa: B018 - reading it is what fails


class Podman(BaseHTTPRequestHandler):
    """An engine that does not know what a registry says: it answers in plain text, as Podman 4 does."""

    def do_GET(self) -> None:
        is_known = self.path == "/_ping"
        content = "OK" if is_known else "Not Found"
        self.send_response(HTTPStatus.OK if is_known else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Api-Version", "1.41")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *_arguments: object) -> None:
        """Nothing is logged."""


def test_an_engine_that_cannot_ask_registries_is_one_whose_registry_is_silent() -> None:
    with serving(Podman) as host, connect(f"tcp://{host}") as connection:
        assert ask_tag_digest(connection, "previewer-test/base:1").is_silent
