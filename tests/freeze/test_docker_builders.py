"""The builders on a real engine: what each is chosen for, and what is left when a build is stopped."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from previewer.docker_api.builders.build import BUILDKIT, CLASSIC
from previewer.docker_api.builders.buildx import find_buildx
from previewer.docker_api.connection import DockerConnection
from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.revision import Commit
from previewer.domain.compose.definition import Definition
from previewer.domain.json_value import JsonValue
from previewer.domain.release.release import Artifact
from previewer.errors import BuildError, CancelledError, UnsupportedError
from previewer.freeze.docker.images import DockerImages
from previewer.freeze.freeze_commit import freeze_commit
from previewer.freeze.planned_images import permit_all
from previewer.testing.memory.source import MemorySource
from tests.freeze.conftest import BASE
from tests.freeze.test_docker_freeze import read_file
from tests.worlds.freeze import Events, built, definition

pytestmark = pytest.mark.docker

SECRET = "hunter2-of-the-build"
FROM = f"FROM {BASE}\n"
with_buildx = pytest.mark.skipif(find_buildx(os.environ) is None, reason="no buildx on this machine")


class Scene:
    """One service in a commit, built for a project that is removed afterwards."""

    def __init__(self, images: DockerImages, project: str) -> None:
        self.images = images
        self.events = Events()
        self.cancellation = Cancellation()
        self._project = project
        self._source = MemorySource()

    def build(self, dockerfile: str, build: Mapping[str, JsonValue] | None = None, **files: str) -> Artifact:
        """Freeze a commit with the Dockerfile and further files (``lib__x`` is ``lib/x``)."""
        named: dict[str, str | bytes] = {name.replace("__", "/"): text for name, text in files.items()}
        commit: Commit = self._source.commit("main", {"Dockerfile": dockerfile, **named})
        plain = definition({"web": built(build=build)})
        secrets: JsonValue = {"token": {"environment": "TOKEN"}}
        whole = Definition(plain.name, plain.role, plain.files, {**plain.model, "secrets": secrets})
        release = freeze_commit(
            tree=self._source.tree(commit.id),
            commit=commit,
            project=self._project,
            cache_scope="",
            definitions=[whole],
            images=self.images,
            permit=permit_all,
            report=self.events,
            cancellation=self.cancellation,
            variables={"TOKEN": SECRET},
        )
        return release.definitions["preview"].artifacts["web"]


@pytest.fixture
def scene(images: DockerImages, project: str) -> Scene:
    return Scene(images, project)


@pytest.fixture
def classic(freeze_connection: DockerConnection, project: str) -> Scene:
    """An engine that has no BuildKit, as far as we know."""
    return Scene(DockerImages(freeze_connection, builder=CLASSIC), project)


def test_the_dockerfile_in_an_image_is_the_one_that_was_committed(
    scene: Scene, freeze_connection: DockerConnection
) -> None:
    text = FROM + "COPY . /context/\nRUN true\n"
    artifact = scene.build(text, page="x")
    assert read_file(freeze_connection, artifact.reference, "/context/Dockerfile") == text
    assert "No such file" in read_file(freeze_connection, artifact.reference, "/context/.previewer.dockerfile")


def test_the_classic_builder_builds_and_says_so(classic: Scene, freeze_connection: DockerConnection) -> None:
    text = FROM + "COPY . /context/\nRUN cat /context/page > /made\n"
    artifact = classic.build(text, page="page")
    assert artifact.origin == CLASSIC
    assert read_file(freeze_connection, artifact.reference, "/made") == "page"
    assert read_file(freeze_connection, artifact.reference, "/context/Dockerfile") == text


def test_the_classic_builder_fails_with_step_line_and_output(classic: Scene) -> None:
    with pytest.raises(BuildError, match="exit 7: returned a non-zero code: 7") as caught:
        classic.build(FROM + "\nRUN echo before; exit 7\n")
    assert caught.value.where == "Dockerfile:3"
    assert "before" in caught.value.details
    with pytest.raises(BuildError, match="unknown instruction") as caught:
        classic.build(FROM + "FETCH x\n")
    assert caught.value.where == "Dockerfile:2"
    with pytest.raises(UnsupportedError, match=r"build\.secrets"):
        classic.build(FROM + "RUN true\n", {"secrets": [{"source": "token"}]})


@pytest.mark.parametrize(
    ("build", "command"),
    [
        ({"network": "none"}, 'test -z "$(busybox ip route)"'),
        ({"extra_hosts": ["db.example=10.1.2.3"]}, "grep '10.1.2.3.*db.example' /etc/hosts"),
        ({"shm_size": "33554432"}, "busybox df /dev/shm | grep 32768"),
        ({"ulimits": {"nofile": {"soft": 77, "hard": 99}}}, "test $(ulimit -n) = 77"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_steps_run_in(scene: Scene, build: dict[str, JsonValue], command: str) -> None:
    assert scene.build(f"{FROM}RUN {command}\n", build).origin in (BUILDKIT, CLASSIC)


@with_buildx
def test_a_secret_reaches_its_step_and_nothing_else(
    scene: Scene, freeze_connection: DockerConnection, project: str
) -> None:
    step = f"echo {project} && cat /run/secrets/token && wc -c < /run/secrets/token > /length"
    artifact = scene.build(f"{FROM}RUN --mount=type=secret,id=token {step}\n", {"secrets": [{"source": "token"}]})
    assert artifact.origin == BUILDKIT
    assert read_file(freeze_connection, artifact.reference, "/length") == f"{len(SECRET)}\n"
    assert "***" in scene.events.lines
    assert SECRET not in repr(scene.events.seen)
    assert SECRET not in repr(freeze_connection.api.inspect_image(artifact.reference))  # type: ignore[no-untyped-call]
    assert SECRET not in repr(freeze_connection.api.history(artifact.reference))  # type: ignore[no-untyped-call]


@with_buildx
def test_an_ssh_agent_is_there_for_its_step(
    scene: Scene, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = str(tmp_path / "agent")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(agent)
        listening.listen()
        monkeypatch.setenv("SSH_AUTH_SOCK", agent)
        command = f'echo {project} && test -S "$SSH_AUTH_SOCK"'
        assert scene.build(f"{FROM}RUN --mount=type=ssh {command}\n", {"ssh": ["default"]}).origin == BUILDKIT
    with pytest.raises(BuildError):
        scene.build(f'{FROM}RUN echo {project} && test -S "$SSH_AUTH_SOCK"\n')


@with_buildx
def test_buildx_fails_with_step_line_and_output_and_leaves_nothing(scene: Scene, project: str) -> None:
    with pytest.raises(BuildError, match="exit code: 7") as caught:
        scene.build(
            FROM + "\nRUN --mount=type=secret,id=token cat /run/secrets/token; exit 7\n",
            {"secrets": [{"source": "token"}]},
        )
    assert caught.value.where == "Dockerfile:3"
    assert caught.value.details[-1] == "***"
    assert SECRET not in repr(caught.value.details) + caught.value.message
    assert scene.images.list_built(project) == {}


@with_buildx
def test_further_contexts_are_folders_and_images(scene: Scene, freeze_connection: DockerConnection) -> None:
    if freeze_connection.api_version < (1, 42):
        with pytest.raises(UnsupportedError, match="too old"):
            scene.build(FROM + "COPY --from=lib x /x\n", {"additional_contexts": {"lib": "lib"}}, lib__x="lib")
        return
    text = FROM + "COPY --from=lib x /x\nCOPY --from=other /etc/group /group\n"
    contexts: JsonValue = {"lib": "lib", "other": f"docker-image://{BASE}"}
    artifact = scene.build(text, {"additional_contexts": contexts}, lib__x="lib")
    assert read_file(freeze_connection, artifact.reference, "/x") == "lib"
    assert read_file(freeze_connection, artifact.reference, "/group").startswith("root:")


def test_an_image_by_another_name_needs_no_buildx(scene: Scene, freeze_connection: DockerConnection) -> None:
    text = "FROM base\nCOPY --from=base /etc/group /group\nRUN true\n"
    artifact = scene.build(text, {"additional_contexts": {"base": f"docker-image://{BASE}"}})
    assert read_file(freeze_connection, artifact.reference, "/group").startswith("root:")


@pytest.mark.parametrize(
    ("builder", "build"),
    [
        (BUILDKIT, {}),
        (CLASSIC, {}),
        pytest.param(BUILDKIT, {"secrets": [{"source": "token"}]}, marks=with_buildx),
    ],
    ids=["endpoint", "classic", "buildx"],
)
def test_a_stopped_build_leaves_no_step_running(
    freeze_connection: DockerConnection, project: str, builder: str, build: dict[str, JsonValue]
) -> None:
    scene = Scene(DockerImages(freeze_connection, builder=builder), project)
    begun = threading.Event()

    class Watching(Events):
        def __call__(self, event: object) -> None:
            if getattr(event, "line", "") == f"begun {project}":
                begun.set()

    scene.events = Watching()
    marker = f"{os.getpid()}{time.monotonic_ns() % 10_000}"  # seconds of sleep that nothing else asks for

    def stop() -> None:
        begun.wait(30)
        scene.cancellation.request()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(CancelledError):
        scene.build(f"{FROM}RUN echo begun {project}; exec sleep {marker}\n", build)
    stopper.join()
    assert begun.is_set()
    assert scene.images.list_built(project) == {}
    deadline = time.monotonic() + 15
    while sleepers(freeze_connection, marker):
        assert time.monotonic() < deadline, "the step runs on"
        time.sleep(0.2)


def sleepers(connection: DockerConnection, marker: str) -> list[str]:
    """Processes and containers of the build: BuildKit's steps are no containers, but processes of this machine."""
    found = [
        container["Id"] for container in connection.api.containers(all=True) if marker in container["Command"]
    ]
    if connection.is_local:
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if process.read_bytes().split(b"\0")[:2] == [b"sleep", marker.encode()]:
                    found.append(process.parent.name)
    return found
