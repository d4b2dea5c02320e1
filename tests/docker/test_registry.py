"""Releases by way of a registry: nothing local is left, and another machine runs the very same images."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.registry.connection import RegistryConnection
from previewer.docker_api.registry.repository import DOCKER_MANIFEST, RegistryRepository
from previewer.domain.labels import PROJECT
from tests.docker.base_image import BaseImage, base_image_archive
from tests.docker.registry_server import PROGRAM, registry_server
from tests.freeze.oci_registry import digest, oci_registry
from tests.worlds.docker import COMPOSE, EngineFixture, fetch

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.usefixtures("base_image")]


@pytest.fixture
def engine_fixture(
    tmp_path: Path, docker_connection: DockerConnection, base_image: BaseImage
) -> Iterator[EngineFixture]:
    del base_image
    if sys.platform != "linux" or not docker_connection.is_local:
        pytest.skip("the engine does not reach a registry on this machine's loopback address")
    found = EngineFixture(tmp_path / "site", docker_connection)
    yield found
    found.clean_up()


@pytest.fixture
def registry() -> Iterator[str]:
    """The host of a registry of ours."""
    with oci_registry() as running:
        yield running.host


@pytest.fixture
def any_registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The host of a real registry server where one is installed, else of one of ours."""
    if PROGRAM is None:
        yield request.getfixturevalue("registry")
        return
    with registry_server(tmp_path / "registry") as host:
        yield host


class ExternalFiles:
    """previewer in a folder that belongs to no repository: another machine's, but for the engine."""

    def __init__(self, folder: Path, engine_fixture: EngineFixture) -> None:
        folder.mkdir()
        self._folder = folder
        self._environment = {
            **os.environ,
            "DOCKER_HOST": engine_fixture.connection.host,
            "CI": "1",
            "XDG_DATA_HOME": str(folder / "data"),
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
        }

    def run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "previewer", *arguments],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def data(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "-o", "json"))


def images_of(engine_fixture: EngineFixture) -> set[str]:
    """What was built for its project and is on the engine."""
    found = engine_fixture.connection.api.images(filters={"label": f"{PROJECT}={engine_fixture.project}"})
    return {image["Id"] for image in found}


def remove_images(engine_fixture: EngineFixture) -> None:
    for image in images_of(engine_fixture):
        engine_fixture.connection.api.remove_image(image, force=True)
    assert images_of(engine_fixture) == set()


def push(engine_fixture: EngineFixture, address: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(engine_fixture.run("push", "main", address, "-o", "json"))
    return found


def test_a_pushed_release_runs_where_there_is_neither_a_build_nor_a_clone(
    engine_fixture: EngineFixture, any_registry: str, tmp_path: Path
) -> None:
    release = json.loads(engine_fixture.run("freeze", "main", "-o", "json"))
    built = images_of(engine_fixture)
    pushed = push(engine_fixture, f"{any_registry}/team/site:newest")
    assert pushed["release"] == release["release"]
    remove_images(engine_fixture)

    external_files = ExternalFiles(tmp_path / "elsewhere", engine_fixture)
    pulled = external_files.data("pull", pushed["reference"])
    assert (pulled["release"], pulled["commit"], pulled["pulled"]) == (release["release"], release["commit"], 1)
    assert images_of(engine_fixture) == built
    up = external_files.data("up", "--release", release["release"][7:19])
    assert fetch(up["url"]) == "page of main\n"
    assert fetch(f"{up['url']}/motd.txt") == "motd of main\n"
    frozen = {artifact["image"] for artifact in release["artifacts"]}
    running = engine_fixture.connection.api.containers(
        all=True, filters={"label": f"{PROJECT}={engine_fixture.project}"}
    )
    assert {container["ImageID"] for container in running} == frozen
    # Both see the same environment, for both are the same repository.
    (there,), (here,) = external_files.data("ls"), engine_fixture.environments()
    assert there["environment"] == here["environment"]
    external_files.run("down", there["environment"], "--yes")
    assert engine_fixture.remains() == []


def test_what_is_in_the_registry_is_not_sent_again(engine_fixture: EngineFixture, registry: str) -> None:
    engine_fixture.run("freeze", "main")
    first, second = (push(engine_fixture, f"{registry}/team/site") for _ in range(2))
    assert first["reference"] == second["reference"]
    assert [image["was_there"] for image in first["images"]] == [False, False]
    assert [image["was_there"] for image in second["images"]] == [True, True]
    named = [tag for image in engine_fixture.connection.api.images() for tag in image["RepoTags"] or ()]
    assert not [tag for tag in named if tag.startswith(registry)], "names for the push are taken back"


def test_a_clone_takes_a_release_and_its_images(
    engine_fixture: EngineFixture, registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREVIEWER_REGISTRY", f"{registry}/team/site")
    release = json.loads(engine_fixture.run("freeze", "main", "-o", "json"))["release"]
    built = images_of(engine_fixture)
    push(engine_fixture, f"{registry}/team/site")
    remove_images(engine_fixture)
    clone = engine_fixture.clone(tmp_path / "clone")
    assert json.loads(clone.run("releases", "-o", "json")) == []
    clone.run("pull", f"{registry}/team/site:{release[7:]}")
    assert images_of(engine_fixture) == built
    assert json.loads(clone.run("freeze", "main", "-o", "json"))["was_known"] is True
    reference = f"refs/previewer/releases/{release[7:]}"
    assert clone.repository.git("rev-parse", reference) == engine_fixture.repository.git("rev-parse", reference)


def test_a_clone_builds_itself_what_it_got_from_somewhere(
    engine_fixture: EngineFixture, registry: str, tmp_path: Path
) -> None:
    release = json.loads(engine_fixture.run("freeze", "main", "-o", "json"))["release"]
    push(engine_fixture, f"{registry}/team/site")
    remove_images(engine_fixture)
    clone = engine_fixture.clone(tmp_path / "clone")
    clone.run("pull", f"{registry}/team/site:{release[7:]}")
    api = engine_fixture.connection.api
    named = [
        tag
        for image in api.images(filters={"label": f"{PROJECT}={engine_fixture.project}"})
        for tag in image["RepoTags"] or ()
    ]
    assert named == [], "by their names built images are found"
    frozen = json.loads(clone.run("freeze", "main", "-o", "json"))
    assert (frozen["was_known"], frozen["release"]) == (False, release)
    assert json.loads(clone.run("freeze", "main", "-o", "json"))["was_known"] is True


def test_an_image_that_was_removed_comes_back_by_its_digest(engine_fixture: EngineFixture, registry: str) -> None:
    engine_fixture.run("freeze", "main")
    built = images_of(engine_fixture)
    push(engine_fixture, f"{registry}/team/site")
    remove_images(engine_fixture)
    release = json.loads(engine_fixture.run("releases", "-o", "json"))[0]["release"]
    assert (
        fetch(json.loads(engine_fixture.run("up", "--release", release, "-o", "json"))["url"]) == "page of main\n"
    )
    assert images_of(engine_fixture) == built
    engine_fixture.run("down", "--all", "--yes")


def test_what_was_built_elsewhere_is_pulled_instead_of_built(
    engine_fixture: EngineFixture, registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREVIEWER_REGISTRY", f"{registry}/team/site")
    first = json.loads(engine_fixture.run("freeze", "main", "-o", "json"))
    engine_fixture.run("push", "main")
    remove_images(engine_fixture)
    clone = engine_fixture.clone(tmp_path / "clone")
    process = clone.start("freeze", "main", "-o", "json")
    printed, events = process.communicate(timeout=90)
    assert json.loads(printed)["release"] == first["release"]
    assert "pull for build web" in events
    assert "build web  done" not in events


def test_an_image_of_a_registry_is_pinned_there_and_pulled_again_when_it_is_gone(
    engine_fixture: EngineFixture, registry: str
) -> None:
    image = add_image(registry, "library/tool", "1", comment=engine_fixture.installation)
    engine_fixture.repository.commit(
        {"compose.yaml": COMPOSE.replace("previewer-test/base:1", f"{registry}/library/tool:1")}
    )
    frozen = json.loads(engine_fixture.run("freeze", "main", "-o", "json"))
    (artifact,) = [found for found in frozen["artifacts"] if found["service"] == "job"]
    assert (artifact["image"], artifact["origin"]) == (image, "registry")
    assert artifact["repository_digest"].startswith(f"{registry}/library/tool@sha256:")
    api = engine_fixture.connection.api
    api.remove_image(image, force=True)
    assert api.images(artifact["repository_digest"]) == []
    engine_fixture.run("up", "--release", frozen["release"])
    assert api.inspect_image(artifact["repository_digest"])["Id"] == image  # type: ignore[no-untyped-call]
    engine_fixture.run("down", "--all", "--yes")
    api.remove_image(image, force=True)


def test_another_image_than_the_release_names_is_refused(engine_fixture: EngineFixture, tmp_path: Path) -> None:
    with oci_registry() as registry:
        release = json.loads(engine_fixture.run("freeze", "main", "-o", "json"))["release"]
        push(engine_fixture, f"{registry.host}/team/site")
        remove_images(engine_fixture)
        other = find_manifest(registry.host, add_image(registry.host, "team/site", "other", comment="other"))
        tag = f"team/site:{release[7:19]}"
        media_type, content = registry.manifests[tag]
        config = json.loads(registry.blobs[json.loads(content)["config"]["digest"]])
        forged = json.dumps({**config, "images": dict.fromkeys(config["images"], other)}).encode()
        registry.blobs[digest(forged)] = forged
        value = json.loads(content)
        value["config"] |= {"digest": digest(forged), "size": len(forged)}
        registry.manifests[tag] = (media_type, json.dumps(value).encode())
        external_files = ExternalFiles(tmp_path / "elsewhere", engine_fixture)
        events = external_files.run("pull", f"{registry.host}/team/site:{release[7:19]}", code=1)
        assert "another image than the release names" in events
        assert external_files.data("releases") == []
        assert images_of(engine_fixture) == set()


def test_an_interrupted_push_ends_at_once_and_can_be_made_again(engine_fixture: EngineFixture) -> None:
    with oci_registry() as registry:
        engine_fixture.run("freeze", "main")
        registry.is_stalling = True
        process = engine_fixture.start("push", "main", f"{registry.host}/team/site")
        try:
            assert registry.stalled.wait(60), "no upload began"
            process.send_signal(signal.SIGINT)
            _printed, events = process.communicate(timeout=20)
        finally:
            registry.is_stalling = False
            process.kill()
        assert process.returncode == 130, events
        named = [tag for image in engine_fixture.connection.api.images() for tag in image["RepoTags"] or ()]
        assert not [tag for tag in named if tag.startswith(registry.host)]
        assert not [name for name in registry.manifests if "image-" not in name and "@" not in name]
        assert push(engine_fixture, f"{registry.host}/team/site")["reference"].startswith(registry.host)


@pytest.mark.skipif(PROGRAM is None, reason="no registry server is installed (package docker-registry)")
def test_a_private_registry_lets_in_who_has_signed_in(
    engine_fixture: EngineFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = tmp_path / "users"
    users.write_text(f"ada:{BCRYPT_OF_SECRET}\n")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    engine_fixture.run("freeze", "main")
    with registry_server(tmp_path / "registry", users=users) as host:
        process = engine_fixture.start("push", "main", f"{host}/team/site", "--progress", "quiet")
        _printed, events = process.communicate(timeout=90)
        assert process.returncode == 1
        assert f"docker login {host}" in events
        (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": "YWRhOnNlY3JldA=="}}}))
        reference = push(engine_fixture, f"{host}/team/site")["reference"]
        external_files = ExternalFiles(tmp_path / "elsewhere", engine_fixture)
        assert external_files.data("pull", reference)["pulled"] == 0


BCRYPT_OF_SECRET = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
"""Of ``secret``, by ``htpasswd -nbBC 4``."""


def add_image(host: str, repository: str, tag: str, *, comment: str) -> str:
    """Put the base image into a registry, with a comment that makes it another one; its config digest."""
    _image, archive = base_image_archive()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        files = {entry.name: file.read() for entry in tar if (file := tar.extractfile(entry)) is not None}
    listed = json.loads(files["manifest.json"])[0]
    config = json.dumps({**json.loads(files[listed["Config"]]), "comment": comment}).encode()
    layer = files[listed["Layers"][0]]
    there = RegistryRepository(RegistryConnection(host), repository)
    for blob in (config, layer):
        there.write_blob(blob)
    kinds = ("container.image.v1+json", "image.rootfs.diff.tar")
    described: list[dict[str, str | int]] = [
        {"mediaType": f"application/vnd.docker.{kind}", "digest": digest(blob), "size": len(blob)}
        for kind, blob in zip(kinds, (config, layer), strict=True)
    ]
    manifest = {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": described[0], "layers": described[1:]}
    there.write_manifest(tag, DOCKER_MANIFEST, json.dumps(manifest).encode())
    return digest(config)


def find_manifest(host: str, _image: str) -> str:
    found = RegistryRepository(RegistryConnection(host), "team/site").find_manifest("other")
    assert found is not None
    return found.digest
