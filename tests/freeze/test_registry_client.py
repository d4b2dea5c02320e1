"""Our own registry client against a registry that speaks HTTP: what is sent, what is checked, who is let in."""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from previewer.docker_api.registry import OCI_MANIFEST, RegistryRepository
from previewer.docker_api.registry_connection import RegistryConnection
from previewer.docker_api.registry_credentials import RegistryCredentials, find_credentials
from previewer.errors import RegistryError
from tests.freeze.oci_registry import PASSWORD, REFRESH_TOKEN, USER, Auth, OciRegistry, digest, oci_registry

ADA = RegistryCredentials(USER, PASSWORD)
NOBODY = RegistryCredentials()


def repository(
    registry: OciRegistry,
    *,
    who: RegistryCredentials = NOBODY,
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
            assert (found.digest, found.media_type, found.content, found.value) == (made, OCI_MANIFEST, b"{}", {})
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
@pytest.mark.parametrize("who", [NOBODY, RegistryCredentials(USER, "wrong")])
def test_who_is_not_let_in_is_told_how_to_sign_in(auth: Auth, who: RegistryCredentials) -> None:
    with oci_registry(auth) as registry:
        with pytest.raises(RegistryError) as caught:
            repository(registry, who=who).find_manifest("v1")
        assert caught.value.hint is not None
        assert f"docker login {registry.host}" in caught.value.hint
        assert ("who you are" in caught.value.message) is (who is NOBODY)
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
    gone = RegistryConnection(f"127.0.0.1:{port}", find=lambda _: NOBODY, pause=lambda _: None)
    with pytest.raises(RegistryError, match=r"does not answer \(Connection refused\)") as caught:
        RegistryRepository(gone, "team/shop").find_manifest("v1")
    assert caught.value.where == f"127.0.0.1:{port}"


def test_where_blobs_are_kept_elsewhere_nobody_else_sees_the_user() -> None:
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
