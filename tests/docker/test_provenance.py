"""What is in images that were really built: written at freeze, compared, pruned and carried to another clone."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from previewer.docker_api.answers import ListedContainer
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.image_files import (
    FORGOTTEN_AFTER,
    is_forgotten,
    open_image_files,
    remove_forgotten_readers,
)
from previewer.domain.labels import PURPOSE, PURPOSE_READING
from previewer.errors import ObjectNotFoundError
from tests.worlds.docker import DOCKERFILE, EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

METADATA = "Metadata-Version: 2.1\nName: Flask\nVersion: {}\n"
WITH_FLASK = DOCKERFILE.replace("COPY index.html", "COPY METADATA /srv/Flask.dist-info/METADATA\nCOPY index.html")
EVERYTHING = ("refs/previewer/releases/*", "refs/previewer/attestations/*")


@pytest.fixture
def engine_fixture(engine_fixture: EngineFixture) -> EngineFixture:
    engine_fixture.repository.commit({"web/Dockerfile": WITH_FLASK, "web/METADATA": METADATA.format("3.0")})
    return engine_fixture


def readers(engine_fixture: EngineFixture, image: str) -> list[ListedContainer]:
    """The containers that read an image; others' tests read others."""
    filters = {"label": f"{PURPOSE}={PURPOSE_READING}", "ancestor": image}
    listed = engine_fixture.connection.api.containers(all=True, filters=filters)
    return [msgspec.convert(entry, ListedContainer) for entry in listed]


def as_json(engine_fixture: EngineFixture, *arguments: str) -> Any:
    return json.loads(engine_fixture.run(*arguments, "-o", "json"))


def test_a_release_says_what_is_in_it_how_it_changed_and_what_it_is_made_of(engine_fixture: EngineFixture) -> None:
    old = as_json(engine_fixture, "freeze", "main")["release"]
    engine_fixture.repository.commit({"web/METADATA": METADATA.format("3.1")}, subject="Update Flask")
    engine_fixture.run("freeze", "main")
    images = {image["service"]: image for image in as_json(engine_fixture, "inspect", "main")["images"]}
    assert images["web"]["packages"] == {"pypi": 1}
    assert images["job"]["packages"] == {}
    assert images["web"]["size"] > 0
    assert [base["reference"] for base in images["web"]["bases"]] == ["previewer-test/base:1"]
    assert images["web"]["bases"][0]["image"] == images["job"]["image"]
    difference = as_json(engine_fixture, "diff", old, "main")
    assert [(p["name"], p["before"], p["after"]) for p in difference["packages"]] == [("flask", ["3.0"], ["3.1"])]
    assert [commit["subject"] for commit in difference["commits"]] == ["Update Flask"]
    assert [file["path"] for file in difference["files"]] == ["web/METADATA"]
    engine_fixture.run("diff", old, "main", "--exit-code", code=3)
    assert readers(engine_fixture, images["web"]["image"]) == []


def test_another_clone_fetches_a_release_with_all_that_is_said_about_it(
    engine_fixture: EngineFixture, tmp_path: Path
) -> None:
    release = as_json(engine_fixture, "freeze", "main")["release"]
    bare = tmp_path / "everybodys.git"
    engine_fixture.repository.git("clone", "--quiet", "--bare", str(engine_fixture.repository.path), str(bare))
    engine_fixture.repository.git("push", "--quiet", str(bare), *EVERYTHING)
    other = engine_fixture.clone(tmp_path / "bob")
    other.repository.git("fetch", "--quiet", str(bare), *(f"{pattern}:{pattern}" for pattern in EVERYTHING))
    assert as_json(other, "inspect", release) == as_json(engine_fixture, "inspect", release)
    assert as_json(other, "inspect", release, "--provenance") == as_json(
        engine_fixture, "inspect", release, "--provenance"
    )
    # A clone that froze by itself says the same, byte by byte: nothing is to be pushed.
    third = engine_fixture.clone(tmp_path / "eve")
    assert as_json(third, "freeze", "main")["release"] == release
    for name in ("releases", "attestations"):
        reference = f"refs/previewer/{name}/{release.removeprefix('sha256:')}"
        assert third.repository.git("rev-parse", reference) == engine_fixture.repository.git(
            "rev-parse", reference
        )


def test_pruning_takes_what_is_unused_and_rolls_nothing_else_up(engine_fixture: EngineFixture) -> None:
    engine_fixture.up("main")
    running = as_json(engine_fixture, "inspect", "main")["release"]
    engine_fixture.repository.commit({"web/index.html": "second\n"})
    other = as_json(engine_fixture, "freeze", "main")
    built = {artifact["image"] for artifact in other["artifacts"] if artifact["service"] == "web"}
    assert as_json(engine_fixture, "prune", "--dry-run")["removed"] == []
    pruned = as_json(engine_fixture, "prune", "--keep", "0", "--releases", "--yes")
    assert {item["name"] for item in pruned["removed"] if item["kind"] == "image"} == built
    assert pruned["bytes"] > 0
    assert [listed["release"] for listed in as_json(engine_fixture, "releases")] == [running]
    assert engine_fixture.environments()[0]["state"] == "healthy"
    assert (
        engine_fixture.connection.api.images(filters={"label": f"dev.previewer.project={engine_fixture.project}"})
        != []
    )


def test_a_reader_that_works_is_left_alone_and_leaves_nothing(engine_fixture: EngineFixture) -> None:
    artifacts = as_json(engine_fixture, "freeze", "main")["artifacts"]
    image = next(artifact["image"] for artifact in artifacts if artifact["service"] == "web")
    with open_image_files(engine_fixture.connection, image=image) as chunks:
        assert len(next(chunks)) > 0
        (entry,) = readers(engine_fixture, image)
        remove_forgotten_readers(engine_fixture.connection)
        assert readers(engine_fixture, image) == [entry]
        assert not is_forgotten(entry, now=time.time())
        assert is_forgotten(entry, now=time.time() + 2 * FORGOTTEN_AFTER)
    assert readers(engine_fixture, image) == []


def test_an_image_that_is_not_there_is_an_error(docker_connection: DockerConnection) -> None:
    with pytest.raises(ObjectNotFoundError), open_image_files(docker_connection, image=f"sha256:{'0' * 64}"):
        pytest.fail("there is no such image")
