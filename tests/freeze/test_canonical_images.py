"""Canonical images on real engines: one commit, one id, wherever and however often it is built."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.docker_api.connection import DockerConnection, connect
from previewer.domain.cancellation import Cancellation
from previewer.domain.labels import INPUT_DIGEST, PROJECT
from previewer.domain.naming import BUILDING_REPOSITORY
from previewer.freeze.canonical.layer import CANONICAL_TIME
from previewer.freeze.docker.image_files import read_content
from previewer.freeze.docker.images import DockerImages
from previewer.testing.memory.source import MemorySource
from tests.docker.base_image import base_image_archive
from tests.freeze.conftest import BASE
from tests.source.repository import GitRepository
from tests.worlds.freeze import built, definition, freeze

pytestmark = pytest.mark.docker

HOSTS = os.environ.get("PREVIEWER_TEST_HOSTS", "").split()
"""Further engines, ``unix:///…`` each: the same commit is frozen on all of them."""
FILES: dict[str, str | bytes] = {
    "run/Dockerfile": f"FROM {BASE}\nWORKDIR /app/sub\nCOPY f /app/f\n"
    "RUN mkdir -p /d/é && echo hi > /d/f && ln /d/f /d/g && rm /etc/group && ln -s x /d/l && chown 5:6 /d/f\n"
    "RUN touch /root/gone && rm /root/gone && chmod 700 /root\n"
    'EXPOSE 80\nHEALTHCHECK --interval=1s CMD true\nLABEL a="b c"\nCMD ["sh"]\n',
    "run/f": "f",
    "stages/Dockerfile": f"FROM {BASE} AS made\nRUN echo 1 > /made\nFROM scratch\nCOPY --from=made /made /made\n",
    "direct/Dockerfile": f"FROM {BASE}\nENV A=1\nWORKDIR /app\nCOPY . .\nUSER 5\n",
    "direct/f": "f",
}
SERVICES = definition({name: built(name) for name in ("run", "stages", "direct")})


def images_of(connection: DockerConnection, project: str) -> list[str]:
    """Everything that bears the project's label, whatever it is called."""
    return [image["Id"] for image in connection.api.images(filters={"label": f"{PROJECT}={project}"})]


def names_on(host: str) -> set[str]:
    """What images of an engine are called."""
    with connect(host) as connection:
        return {tag for image in connection.api.images() for tag in image["RepoTags"] or ()}


@pytest.fixture
def once() -> Iterator[str]:
    """A project's name for several engines."""
    name = f"freeze-{uuid.uuid4().hex[:8]}"
    yield name
    for host in HOSTS:
        with connect(host) as connection:
            for image in images_of(connection, name):
                connection.api.remove_image(image, force=True)
            for reference in names_on(host):
                if f"/{name}" in reference:
                    connection.api.remove_image(reference)


def test_an_image_is_the_same_each_time_it_is_built_and_its_id_is_the_digest_of_its_configuration(
    freeze_connection: DockerConnection, images: DockerImages, project: str
) -> None:
    source = MemorySource()
    first = freeze(source, source.commit("main", FILES), images, SERVICES, project=project)
    second = freeze(source, source.commit("main", FILES), images, SERVICES, project=project, use_cache=False)
    artifacts = first.definitions["preview"].artifacts
    assert second.definitions["preview"].artifacts == artifacts
    assert {name: artifact.origin for name, artifact in artifacts.items()} == {
        "run": "buildkit",
        "stages": "buildkit",
        "direct": "direct",
    }
    assert sorted(images.list_built(project)) == sorted(a.image for a in artifacts.values()), (
        "nothing else is left"
    )
    labelled = freeze_connection.api.images(filters={"label": f"{PROJECT}={project}"})
    tags = [tag for image in labelled for tag in image["RepoTags"] or ()]
    assert not [tag for tag in tags if tag.startswith(BUILDING_REPOSITORY)]
    for artifact in artifacts.values():
        saved = io.BytesIO(b"".join(freeze_connection.api.get_image(artifact.reference)))
        with tarfile.open(fileobj=saved) as archive:
            (listed,) = json.load(archive.extractfile("manifest.json") or io.BytesIO())
            config = (archive.extractfile(listed["Config"]) or io.BytesIO()).read()
        assert artifact.image == f"sha256:{hashlib.sha256(config).hexdigest()}"
        assert json.loads(config)["created"] == "1980-01-01T00:00:00Z"


def test_files_are_as_they_were_built(images: DockerImages, project: str) -> None:
    source = MemorySource()
    release = freeze(source, source.commit("main", FILES), images, SERVICES, project=project)
    run = release.definitions["preview"].artifacts["run"].image
    found = read_content(images, run, Cancellation()).files
    assert (found["d/f"].uid, found["d/f"].gid, found["d/f"].content) == (5, 6, found["d/g"].content)
    assert (found["d/l"].content, found["root"].mode, "etc/group" in found) == ("x", 0o700, False)
    assert {"app/f", "app/sub", "d/é", "etc/passwd"} <= found.keys()
    with images.files_of(run) as pieces:
        content = io.BytesIO(b"".join(pieces))
    with tarfile.open(fileobj=content) as archive:
        times = {member.name: member.mtime for member in archive}
    assert {times["d/f"], times["app/f"]} == {CANONICAL_TIME}


def test_every_engine_makes_the_same(images: DockerImages, project: str, once: str) -> None:
    del project
    if not HOSTS:
        pytest.skip("PREVIEWER_TEST_HOSTS names no further engines")
    source = MemorySource()
    commit = source.commit("main", FILES)
    found = {}
    for host in HOSTS:
        with connect(host) as connection:
            base, archive = base_image_archive()
            connection.api.load_image(archive)  # type: ignore[no-untyped-call]
            connection.api.tag("previewer-test/base:1", BASE)
            other = DockerImages(connection)
            found[host] = freeze(source, commit, other, SERVICES, project=once)
            assert other.missing({base, *(a.image for a in found[host].artifacts)}) == frozenset()
            again = freeze(source, source.commit("main", FILES), other, SERVICES, project=once)
            assert again.definitions["preview"].artifacts == found[host].definitions["preview"].artifacts
    assert len({release.id for release in found.values()}) == 1


@pytest.mark.slow
def test_a_freeze_that_is_killed_leaves_no_container_and_no_release(
    tmp_path: Path, freeze_connection: DockerConnection, images: DockerImages, project: str
) -> None:
    repository = GitRepository(tmp_path / "shop")
    dockerfile = f"FROM {BASE}\nRUN echo begun {project}; sleep 20\n"
    repository.commit(
        {"Dockerfile": dockerfile, "compose.yaml": f"name: {project}\nservices: {{web: {{build: .}}}}\n"}
    )
    repository.git("config", "previewer.installation", project)
    repository.git("remote", "add", "origin", f"https://example.org/{project}.git")
    process = subprocess.Popen(
        [sys.executable, "-m", "previewer", "--repo", str(repository.path), "freeze", "--progress", "plain"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DOCKER_HOST": freeze_connection.host},
    )
    assert process.stderr is not None
    assert any(f"begun {project}" in line for line in process.stderr), "the build has begun"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    time.sleep(1)
    # The step's command line names the project: other tests may run beside this one.
    containers = freeze_connection.api.containers(all=True, trunc=False)
    assert [container["Command"] for container in containers if project in container["Command"]] == []
    assert images_of(freeze_connection, project) == []
    assert repository.git("for-each-ref", "refs/previewer/releases") == ""


def test_an_intermediate_image_that_a_killed_run_left_is_not_found_and_is_listed_to_be_pruned(
    freeze_connection: DockerConnection, images: DockerImages, project: str
) -> None:
    source = MemorySource()
    release = freeze(source, source.commit("main", FILES), images, SERVICES, project=project)
    artifact = release.definitions["preview"].artifacts["run"]
    api = freeze_connection.api
    api.tag(artifact.image, BUILDING_REPOSITORY, project)
    api.remove_image(artifact.reference)
    labels = api.inspect_image(artifact.image)["Config"]["Labels"]  # type: ignore[no-untyped-call]
    assert images.find_built([labels[INPUT_DIGEST]]) == {}
    assert artifact.image in images.list_built(project)
