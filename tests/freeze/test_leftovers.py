"""What killed and failed runs leave on a real engine, and that it goes."""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from previewer.docker_api.builders.build import CLASSIC
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.images import EngineImage, EngineImages
from previewer.domain.naming import BUILDING_REPOSITORY, REBUILT_REPOSITORY, pinned_base_reference
from previewer.errors import BuildError
from previewer.freeze.docker import leftovers
from previewer.freeze.docker.images import DockerImages
from previewer.freeze.docker.leftovers import new_building_name, sweep_leftovers
from previewer.freeze.protocol import BuildRequest, BuiltImage
from previewer.session.engine_clients import DockerClients
from previewer.testing.memory.source import MemorySource
from tests.eventually import eventually
from tests.freeze.conftest import BASE
from tests.worlds.freeze import built, definition, freeze

ONE = definition({"web": built()})
GUARDED = """
import subprocess, sys
from previewer.docker_api.builders.buildx import ended_with_us
process = subprocess.Popen(["sleep", "60"], start_new_session=True)
with ended_with_us(process):
    print(process.pid, flush=True)
    process.wait()
"""


@pytest.mark.docker
def test_names_of_killed_runs_go_when_they_are_old_and_images_that_others_name_stay(
    freeze_connection: DockerConnection, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = DockerImages(freeze_connection)
    source = MemorySource()
    commit = source.commit("main", {"Dockerfile": f"FROM {BASE}\nCOPY x /x\n", "x": project})
    (artifact,) = freeze(source, commit, images, ONE, project=project).artifacts
    age = datetime.now(UTC) - images.named_at([artifact.image])[artifact.image]
    assert timedelta(minutes=-1) < age < timedelta(minutes=1), "loading alone would not have told the engine"
    mark = uuid.uuid4().hex
    names = {f"{REBUILT_REPOSITORY}/{mark}:1", f"{BUILDING_REPOSITORY}:{mark}"}
    held = EngineImages(freeze_connection)
    for name in names:
        held.tag(artifact.image, name)

    def left() -> set[str]:
        found = held.inspect(artifact.image)
        assert found is not None
        return {tag for tag in found.tags if mark in tag}

    sweep_leftovers(freeze_connection, held)
    assert left() == names, "they are young: a build may be running"
    monkeypatch.setattr(leftovers, "FREEZE_GRACE", timedelta(0))
    monkeypatch.setattr(leftovers, "_PATTERNS", (f"{REBUILT_REPOSITORY}/{mark}",))  # not those of others
    sweep_leftovers(freeze_connection, held)
    assert left() == set()
    assert images.missing([artifact.image]) == frozenset()


@dataclass(frozen=True)
class Loaded:
    """An engine with one image, of whose names it tells no time."""

    image: EngineImage

    def inspect(self, image: str) -> EngineImage | None:
        return self.image if image == self.image.id else None

    def list_named(self, pattern: str) -> tuple[EngineImage, ...]:
        return (self.image,) if self.image.tags[0].startswith(pattern) else ()

    def remove_name(self, name: str) -> None:
        raise NameGoneError(name)


class NameGoneError(Exception):
    """A name was taken away."""


def test_an_image_that_another_run_is_building_keeps_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    name = new_building_name()
    image = EngineImage("sha256:1", "linux/amd64", (name,), (), {}, 1, 0)
    images = cast(EngineImages, Loaded(image))
    monkeypatch.setattr(leftovers, "remove_forgotten_readers", lambda _connection: None)
    connection = cast(DockerConnection, None)
    sweep_leftovers(connection, images)
    monkeypatch.setattr(leftovers, "FREEZE_GRACE", timedelta(0))
    with pytest.raises(NameGoneError, match=name):
        sweep_leftovers(connection, images)


@pytest.mark.docker
def test_the_classic_builder_leaves_no_nameless_images(freeze_connection: DockerConnection, project: str) -> None:
    images = DockerImages(freeze_connection, builder=CLASSIC)
    source = MemorySource()
    stages = f"FROM {BASE} AS one\nRUN echo {project} > /one\nFROM {BASE}\nCOPY --from=one /one /two\n"

    def steps() -> list[str]:
        """Images that have a step in their history which names the project, but are not the canonical one."""
        listed = freeze_connection.api.images(all=True, filters={"dangling": True})
        api: Any = freeze_connection.api  # the stubs know no types of its history
        histories = {entry["Id"]: api.history(entry["Id"]) for entry in listed}
        return [i for i, steps in histories.items() if any(project in step["CreatedBy"] for step in steps)]

    commit = source.commit("main", {"Dockerfile": stages})
    freeze(source, commit, images, ONE, project=project)
    assert steps() == []
    commit = source.commit("main", {"Dockerfile": f"{stages}RUN echo {project} && exit 3\n"})
    with pytest.raises(BuildError):
        freeze(source, commit, images, ONE, project=project)
    assert steps() == []


READING = """
import sys
from previewer.docker_api.connection import connect
from previewer.docker_api.image_files import reading_container
with connect() as connection, reading_container(connection, image=sys.argv[1]) as name:
    print(name, flush=True)
    sys.stdin.read()
"""


@pytest.mark.docker
def test_a_container_of_a_killed_reader_goes_with_the_next_command(freeze_connection: DockerConnection) -> None:
    reader = subprocess.Popen(
        [sys.executable, "-c", READING, BASE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    name = reader.stdout.readline().strip()

    def there() -> bool:
        return bool(freeze_connection.api.containers(all=True, filters={"name": name}))

    DockerClients(freeze_connection.host).close()
    assert there(), "its process lives"
    reader.send_signal(signal.SIGKILL)
    reader.communicate()
    DockerClients(freeze_connection.host).close()
    assert not there()


@pytest.mark.docker
def test_pruning_spares_the_names_that_others_build_upon(
    freeze_connection: DockerConnection, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = DockerImages(freeze_connection)
    pinned = images.pin(BASE, images.platform)
    own, other = images.name_base(pinned, project), images.name_base(pinned, f"{project}-other")

    def left() -> set[str]:
        found = EngineImages(freeze_connection).inspect(BASE)
        return {own, other} & set(found.tags if found is not None else ())

    images.unname_bases(project)
    assert left() == {own, other}, "a freeze may be at work with a young name"
    monkeypatch.setattr(leftovers, "FREEZE_GRACE", timedelta(0))
    images.unname_bases(project)
    assert left() == {other}, "another project's stay"
    images.unname_bases(f"{project}-other")
    assert left() == set()


@pytest.mark.docker
def test_a_base_that_vanishes_is_told_as_that(
    freeze_connection: DockerConnection, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = DockerImages(freeze_connection)
    source = MemorySource()
    commit = source.commit("main", {"Dockerfile": f"FROM {BASE}\nRUN echo {project}\n"})
    build = images.build

    def build_without_base(request: BuildRequest, **options: Any) -> BuiltImage:
        EngineImages(freeze_connection).remove_name(pinned_base_reference(project, request.bases[0]))
        return build(request, **options)

    monkeypatch.setattr(images, "build", build_without_base)
    with pytest.raises(BuildError, match="a base image was removed") as caught:
        freeze(source, commit, images, ONE, project=project)
    assert "registry" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_program_ends_with_the_process_that_started_it_even_if_that_is_killed() -> None:
    started = subprocess.Popen([sys.executable, "-c", GUARDED], stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    pid = int(started.stdout.readline())
    assert is_running(pid)
    started.send_signal(signal.SIGKILL)
    started.communicate()
    eventually(lambda: not is_running(pid), what="the process ends")


def is_running(pid: int) -> bool:
    """Whether a process is neither gone nor dead and waiting to be asked about."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
