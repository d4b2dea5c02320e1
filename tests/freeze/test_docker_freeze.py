"""Freezing on a real engine: the images are looked at, not what was printed."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.registry import repository
from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.revision import Commit
from previewer.domain.labels import INPUT_DIGEST, PROJECT
from previewer.domain.progress import Outcome
from previewer.errors import BuildError, CancelledError, FreezeError
from previewer.freeze.docker.images import DockerImages
from previewer.freeze.protocol import BuildRequest
from previewer.source.git import GitSource
from previewer.testing.memory.source import MemorySource
from tests.freeze.conftest import BASE
from tests.source.repository import GitRepository
from tests.worlds.freeze import Events, built, definition, freeze

pytestmark = pytest.mark.docker

SERVICES = definition({name: built(name) for name in ("api", "store", "web")})


def service_files(**texts: str) -> dict[str, str | bytes]:
    """A folder for each service, with a Dockerfile that copies one file into the image."""
    files: dict[str, str | bytes] = {}
    for name, text in texts.items():
        files[f"{name}/Dockerfile"] = f"FROM {BASE}\nCOPY text /text\nRUN echo made {name} >> /text\n"
        files[f"{name}/text"] = text + "\n"
    return files


def read_file(connection: DockerConnection, image: str, path: str) -> str:
    """What a file of an image contains."""
    api = connection.api
    made = api.create_container(image, command=["cat", path])
    try:
        api.start(made["Id"])
        api.wait(made["Id"])
        output: bytes = api.logs(made["Id"])
        return output.decode()
    finally:
        api.remove_container(made["Id"], force=True, v=True)


def test_services_are_built_from_the_commit_and_never_again(
    freeze_connection: DockerConnection, images: DockerImages, project: str
) -> None:
    source = MemorySource()
    commit = source.commit("main", service_files(api="one", store="two", web="three"))
    first_events, second_events = Events(), Events()

    first = freeze(source, commit, images, SERVICES, project=project, report=first_events)
    artifacts = first.definitions["preview"].artifacts
    assert read_file(freeze_connection, artifacts["web"].image, "/text") == "three\nmade web\n"
    assert artifacts["web"].origin == "buildkit"
    assert "made web" not in first_events.lines  # it went into the file
    inspected = images.find_built([artifacts["web"].input_digest or ""])
    assert [image.image for image in inspected.values()] == [artifacts["web"].image]

    before = set(images.list_built(project))
    second = freeze(source, commit, images, SERVICES, project=project, report=second_events)
    assert second.id == first.id
    assert set(images.list_built(project)) == before
    assert {task: second_events.outcomes[task] for task in ("build api", "build store", "build web")} == {
        "build api": Outcome.CACHED,
        "build store": Outcome.CACHED,
        "build web": Outcome.CACHED,
    }


def test_a_change_in_one_of_three_services_builds_exactly_one(images: DockerImages, project: str) -> None:
    source = MemorySource()
    first = freeze(
        source,
        source.commit("main", service_files(api="1", store="2", web="3")),
        images,
        SERVICES,
        project=project,
    )
    before = set(images.list_built(project))
    commit = source.commit("main", service_files(api="1", store="2", web="changed"))
    second = freeze(source, commit, images, SERVICES, project=project)
    assert len(set(images.list_built(project)) - before) == 1
    old, new = (release.definitions["preview"].artifacts for release in (first, second))
    assert old["api"] == new["api"]
    assert old["store"] == new["store"]
    assert old["web"].image != new["web"].image


def test_an_uncommitted_change_never_reaches_an_image(
    tmp_path: Path, freeze_connection: DockerConnection, images: DockerImages, project: str
) -> None:
    repository = GitRepository(tmp_path / "shop")
    repository.commit(service_files(web="committed"))
    (tmp_path / "shop/web/text").write_text("dirty\n")
    (tmp_path / "shop/web/extra").write_text("dirty\n")
    source = GitSource(repository.path)
    commit = source.resolve("HEAD").commit
    release = freeze(source, commit, images, definition({"web": built("web")}), project=project)
    image = release.definitions["preview"].artifacts["web"].image
    assert read_file(freeze_connection, image, "/text") == "committed\nmade web\n"
    source.close()


def test_a_failing_step_is_shown_with_its_line_and_output(images: DockerImages, project: str) -> None:
    source = MemorySource()
    dockerfile = f"# syntax=docker/dockerfile:1\nFROM {BASE}\n\nRUN echo before && \\\n    exit 7\n"
    commit = source.commit("main", {"web/Dockerfile": dockerfile})
    events = Events()
    with pytest.raises(BuildError) as caught:
        freeze(source, commit, images, definition({"web": built("web")}), project=project, report=events)
    assert caught.value.where == "web/Dockerfile:4"
    assert "exit code: 7" in caught.value.message
    assert "before" in caught.value.details
    assert events.outcomes["build web"] is Outcome.FAILED
    assert images.list_built(project) == {}


def test_an_unknown_instruction_is_shown_with_its_line(images: DockerImages, project: str) -> None:
    source = MemorySource()
    commit = source.commit("main", {"web/Dockerfile": f"FROM {BASE}\nFETCH x\n"})
    with pytest.raises(BuildError, match="unknown instruction") as caught:
        freeze(source, commit, images, definition({"web": built("web")}), project=project)
    assert caught.value.where == "web/Dockerfile:2"


def test_cancelling_ends_a_running_build_at_once(images: DockerImages, project: str) -> None:
    source = MemorySource()
    commit = source.commit("main", {"Dockerfile": f"FROM {BASE}\nRUN echo begun {project}; sleep 1000\n"})
    cancellation = Cancellation()
    begun = threading.Event()

    class Watching(Events):
        def __call__(self, event: object) -> None:
            if getattr(event, "line", "") == f"begun {project}":
                begun.set()

    def cancel() -> None:
        begun.wait(30)
        cancellation.request()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(CancelledError):
        freeze(
            source,
            commit,
            images,
            definition({"web": built()}),
            project=project,
            report=Watching(),
            cancellation=cancellation,
        )
    thread.join()
    assert begun.is_set()
    assert images.list_built(project) == {}


def test_multi_stage_targets_copy_from_images_and_inline_dockerfiles(
    freeze_connection: DockerConnection, images: DockerImages, project: str
) -> None:
    source = MemorySource()
    files: dict[str, str | bytes] = {
        "Dockerfile": f"ARG BASE=nothing/here\nFROM ${{BASE}} AS tools\nRUN echo tools > /tools\n"
        f"FROM missing/image-this AS dev\nFROM {BASE}\nCOPY --from=tools /tools /tools\n"
        f"COPY --from={BASE} /etc/group /copied\nCOPY . /context/\n",
        ".dockerignore": "*.md\n!keep.md\n",
        "a.md": "no",
        "keep.md": "yes",
    }
    commit = source.commit("main", files)
    both = definition(
        {
            "web": built(build={"args": {"BASE": BASE}}),
            "inline": built(build={"dockerfile_inline": f"FROM {BASE}\nRUN ls -a /bin/busybox > /inline\n"}),
        }
    )
    release = freeze(source, commit, images, both, project=project)
    artifacts = release.definitions["preview"].artifacts
    assert read_file(freeze_connection, artifacts["web"].image, "/tools") == "tools\n"
    assert read_file(freeze_connection, artifacts["web"].image, "/copied").startswith("root:")
    assert read_file(freeze_connection, artifacts["web"].image, "/context/keep.md") == "yes"
    assert "No such file" in read_file(freeze_connection, artifacts["web"].image, "/context/a.md")
    assert read_file(freeze_connection, artifacts["inline"].image, "/inline") == "/bin/busybox\n"


def test_a_service_with_an_image_is_pinned_by_what_the_engine_has(images: DockerImages) -> None:
    source = MemorySource()
    commit = source.commit("main", {"compose.yaml": ""})
    release = freeze(source, commit, images, definition({"db": {"image": BASE}}))
    artifact = release.definitions["preview"].artifacts["db"]
    assert artifact.image.startswith("sha256:")
    assert (artifact.origin, artifact.reference) == ("engine", BASE)


def test_an_image_that_is_nowhere_is_an_error_and_a_dead_registry_costs_once(
    images: DockerImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FreezeError, match="the registry does not answer"):
        images.pin("registry.invalid/missing/image:1", "linux/amd64")
    monkeypatch.setattr(repository, "ask_tag_digest", lambda *_: pytest.fail("it is asked again"))
    with pytest.raises(FreezeError, match="the registry does not answer"):
        images.pin("registry.invalid/missing/image:2", "linux/amd64")


def test_labels_in_a_foreign_image_do_not_make_it_ours(
    freeze_connection: DockerConnection, images: DockerImages, project: str
) -> None:
    """A Dockerfile may label its image as it likes: only the name that we give counts."""
    forged = "sha256:" + "ab" * 32
    source = MemorySource()
    commit = source.commit("main", {"Dockerfile": f"FROM {BASE}\nLABEL {INPUT_DIGEST}={forged} x=y\n"})
    tree = source.tree(commit.id)
    request = BuildRequest(
        service="web",
        reference=f"previewer-test-freeze/{project}:1",
        dockerfile=tree.read("Dockerfile").decode(),
        dockerfile_path="Dockerfile",
        where="Dockerfile",
        context=lambda: iter((bytes(1024),)),
        target=None,
        args={},
        labels={PROJECT: project, "dev.previewer.managed-by": "previewer"},
        platform=images.platform,
        commit_time=0,
    )
    images.build(request, on_line=lambda line: None, cancellation=Cancellation())
    assert images.find_built([forged]) == {}


def test_images_are_listed_and_removed(images: DockerImages, project: str) -> None:
    source = MemorySource()
    commit: Commit = source.commit("main", service_files(web="x"))
    release = freeze(source, commit, images, definition({"web": built("web")}), project=project)
    (image,) = images.list_built(project)
    assert image == release.definitions["preview"].artifacts["web"].image
    assert images.missing([image, "sha256:" + "0" * 64]) == {"sha256:" + "0" * 64}
    images.remove(image)
    images.remove(image)
    assert images.list_built(project) == {}


def test_large_files_and_links_arrive_as_they_are(
    tmp_path: Path, freeze_connection: DockerConnection, images: DockerImages, project: str
) -> None:
    repository = GitRepository(tmp_path / "shop")
    (repository.path / "link").symlink_to("big")
    (repository.path / "big").write_bytes(b"x" * (6 << 20))
    repository.git("add", "link", "big")
    text = (
        f"FROM {BASE}\nCOPY . /c/\nRUN readlink /c/link > /is; wc -c < /c/big >> /is; stat -c %a /c/run >> /is\n"
    )
    (repository.path / "run").write_text("#!/bin/sh\n")
    (repository.path / "run").chmod(0o755)
    repository.git("add", "run")
    repository.commit({"Dockerfile": text})
    source = GitSource(repository.path)
    release = freeze(source, source.resolve("HEAD").commit, images, definition({"web": built()}), project=project)
    image = release.definitions["preview"].artifacts["web"].image
    assert read_file(freeze_connection, image, "/is") == f"big\n{6 << 20}\n755\n"
    source.close()
    assert (
        subprocess.run(
            ["git", "-C", repository.path, "status", "--porcelain"], check=True, capture_output=True
        ).stdout
        == b""
    )


def test_a_git_lfs_pointer_in_the_context_is_refused(images: DockerImages, project: str) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n"
    source = MemorySource()
    commit = source.commit("main", {"Dockerfile": f"FROM {BASE}\nCOPY . /x\n", "model.bin": pointer})
    with pytest.raises(FreezeError, match="Git LFS") as caught:
        freeze(source, commit, images, definition({"web": built()}), project=project)
    assert caught.value.where == "model.bin"
    assert images.list_built(project) == {}
