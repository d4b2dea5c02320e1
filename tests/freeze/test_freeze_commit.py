"""What freezing decides: what is resolved, what is built, what is shared, what is refused. On memory images."""

from __future__ import annotations

import io
import tarfile
import threading

import pytest

from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import JsonValue, canonical_json
from previewer.domain.progress import Outcome
from previewer.domain.release.release import manifest_of, read_manifest
from previewer.errors import (
    BuildError,
    CancelledError,
    DefinitionError,
    FreezeError,
    OutsideTreeError,
    UnsupportedError,
)
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.source import MemorySource
from tests.worlds.freeze import Events, built, definition, freeze

DOCKERFILE = "FROM python:3.12\nCOPY . /app\n"
FILES: dict[str, str | bytes] = {
    "api/Dockerfile": DOCKERFILE,
    "api/main.py": "api",
    "web/Dockerfile": DOCKERFILE,
    "web/main.py": "web",
    "web/README.md": "docs",
    "web/.dockerignore": "*.md\nDockerfile*\n",
}
TWO = definition({"api": built("api"), "web": built("web"), "db": {"image": "postgres:16"}})


@pytest.fixture
def source() -> MemorySource:
    return MemorySource()


def test_every_service_gets_its_artifact(source: MemorySource) -> None:
    images = MemoryImages(registry=["postgres:16"])
    commit = source.commit("main", FILES)
    release = freeze(source, commit, images, TWO)
    artifacts = release.definitions["preview"].artifacts
    assert (release.commit, release.tree, release.project) == (commit.id, commit.tree, "shop")
    assert {name: artifact.origin for name, artifact in artifacts.items()} == {
        "api": "buildkit",
        "db": "registry",
        "web": "buildkit",
    }
    assert artifacts["db"].reference == "postgres:16"
    assert (artifacts["db"].repository_digest or "").startswith("postgres@sha256:")
    assert artifacts["web"].reference.startswith("previewer/shop/web:")
    assert artifacts["web"].input_digest != artifacts["api"].input_digest
    assert sorted(images.pinned) == ["postgres:16", "python:3.12"], "each reference once"
    assert read_manifest(canonical_json(manifest_of(release))).id == release.id


def test_freezing_again_builds_nothing_and_gives_the_same_release(source: MemorySource) -> None:
    images = MemoryImages()
    commit = source.commit("main", FILES)
    first = freeze(source, commit, images, TWO)
    events = Events()
    assert freeze(source, commit, images, TWO, report=events).id == first.id
    assert len(images.requests) == 2
    assert events.outcomes["build web"] is Outcome.CACHED
    freeze(source, commit, images, TWO, use_cache=False)
    assert len(images.requests) == 4
    assert all(not request.use_cache for request in images.requests[2:])


def test_a_missing_builder_is_told_before_anything_is_built_and_only_if_it_is_needed(source: MemorySource) -> None:
    images = MemoryImages(unbuildable=["web"])
    commit = source.commit("main", FILES)
    with pytest.raises(UnsupportedError):
        freeze(source, commit, images, TWO)
    assert images.requests == [], "the api, which could be built, was not begun"
    images.unbuildable.clear()
    first = freeze(source, commit, images, TWO)
    images.unbuildable.add("web")
    assert freeze(source, commit, images, TWO).id == first.id


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("web/main.py", "changed", ["web"]),
        ("api/new.py", "new", ["api"]),
        ("web/README.md", "changed", []),
        ("elsewhere", "new", []),
        ("web/Dockerfile", DOCKERFILE + "RUN x\n", ["web"]),
        ("web/.dockerignore", "Dockerfile*\n", ["web"]),
    ],
)
def test_only_what_changed_is_built(source: MemorySource, path: str, content: str, expected: list[str]) -> None:
    images = MemoryImages()
    freeze(source, source.commit("main", FILES), images, TWO)
    before = len(images.requests)
    freeze(source, source.commit("main", {**FILES, path: content}), images, TWO)
    assert [request.service for request in images.requests[before:]] == expected


@pytest.mark.parametrize(
    "change",
    [
        {"args": {"A": "1"}},
        {"target": "base"},
        {"labels": {"x": "y"}},
        {"platforms": ["linux/arm64"]},
        {"network": "none"},
        {"extra_hosts": ["a=1.2.3.4"]},
        {"shm_size": "1024"},
        {"ulimits": {"nofile": 1}},
        {"ssh": ["default"]},
        {"additional_contexts": {"lib": "lib"}},
        {"dockerfile": "Other"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_everything_that_a_build_depends_on_is_in_its_digest(
    source: MemorySource, change: dict[str, JsonValue]
) -> None:
    images = MemoryImages()
    text = "FROM python:3.12 AS base\nRUN x\n"
    commit = source.commit("main", {"Dockerfile": text, "Other": text + "RUN y\n", "lib/x": ""})
    freeze(source, commit, images, definition({"web": built()}))
    freeze(source, commit, images, definition({"web": built(build=change)}))
    freeze(source, commit, images, definition({"web": built()}), project="other")
    assert len(images.requests) == 3


def test_a_base_that_moved_builds_again(source: MemorySource) -> None:
    commit = source.commit("main", {"Dockerfile": "ARG V=1\nFROM python:$V\n"})
    images = MemoryImages()
    freeze(source, commit, images, definition({"web": built()}))
    freeze(source, commit, images, definition({"web": built(build={"args": {"V": "2"}})}))
    assert [request.dockerfile.split("\n")[1].split(":")[0] for request in images.requests] == [
        "FROM previewer-base/shop"
    ] * 2
    assert images.requests[0].dockerfile != images.requests[1].dockerfile


def test_equal_builds_are_made_once_across_services_and_definitions(source: MemorySource) -> None:
    images = MemoryImages()
    commit = source.commit("main", FILES)
    web: dict[str, JsonValue] = {"web": built("web"), "worker": built("web")}
    events = Events()
    release = freeze(source, commit, images, definition(web), definition(web, name="production"), report=events)
    found = {a.image for frozen in release.definitions.values() for a in frozen.artifacts.values()}
    assert (len(images.requests), len(found)) == (1, 1)
    assert [task for task in events.outcomes if task.startswith("build")] == ["build web"]


def test_builds_of_one_service_that_differ_have_names_of_their_own(source: MemorySource) -> None:
    events = Events()
    freeze(
        source,
        source.commit("main", FILES),
        MemoryImages(),
        definition({"web": built("web")}),
        definition({"web": built("web", {"args": {"DEBUG": "0"}})}, name="production"),
        report=events,
    )
    assert {task for task in events.outcomes if task.startswith("build")} == {
        "build web (preview)",
        "build web (production)",
    }


def test_a_service_that_names_a_sibling_s_image_means_the_built_one(source: MemorySource) -> None:
    images = MemoryImages(unknown=["shop-web"])
    web: JsonValue = {"image": "shop-web", "build": {"context": "web", "dockerfile": "Dockerfile"}}
    release = freeze(
        source, source.commit("main", FILES), images, definition({"web": web, "worker": {"image": "shop-web"}})
    )
    artifacts = release.definitions["preview"].artifacts
    assert artifacts["worker"] == artifacts["web"]


def test_labels_are_those_that_follow_from_the_inputs(source: MemorySource) -> None:
    images = MemoryImages()
    release = freeze(
        source, source.commit("main", FILES), images, definition({"web": built("web", {"labels": {"a": "b"}})})
    )
    (request,) = images.requests
    assert request.labels == {
        "a": "b",
        "dev.previewer.managed-by": "previewer",
        "dev.previewer.project": "shop",
        "dev.previewer.input-digest": release.definitions["preview"].artifacts["web"].input_digest,
    }


def test_shared_build_arguments_of_the_extension(source: MemorySource) -> None:
    images = MemoryImages()
    extension: JsonValue = {"freeze": {"args": {"A": 1, "B": True, "C": "x"}}}
    both = definition({"web": built("web", {"args": {"C": "own"}})}, extension=extension)
    freeze(source, source.commit("main", FILES), images, both)
    assert images.requests[0].args == {"A": "1", "B": "true", "C": "own"}


def test_files_that_services_read_are_part_of_the_release(source: MemorySource) -> None:
    volumes: JsonValue = [{"type": "bind", "source": "conf", "target": "/conf"}]
    reading = definition({"db": {"image": "postgres:16", "volumes": volumes}})
    one = freeze(source, source.commit("main", {"conf/a": "1"}), MemoryImages(), reading)
    two = freeze(source, source.commit("main", {"conf/a": "2"}), MemoryImages(), reading)
    assert set(one.files) == {"conf"}
    assert one.files != two.files


@pytest.mark.parametrize(
    ("build", "error", "words"),
    [
        ({"secrets": [{"source": "x"}]}, DefinitionError, "not set"),
        ({"ssh": ["gh=key"]}, DefinitionError, "not an absolute path"),
        ({"privileged": True}, UnsupportedError, "privileges"),
        ({"isolation": "hyperv"}, UnsupportedError, "Windows"),
        ({"entitlements": ["network.host"]}, UnsupportedError, "privileges"),
        ({"additional_contexts": {"a": "b"}}, DefinitionError, "no folder b"),
        ({"additional_contexts": {"a": "service:api"}}, UnsupportedError, "another service"),
        ({"additional_contexts": {"a": "https://x/y.git"}}, UnsupportedError, "not part of the commit"),
        ({"args": {"BUILDKIT_SYNTAX": "x"}}, UnsupportedError, "frontend"),
        ({"labels": {"dev.previewer.project": "x"}}, DefinitionError, "reserved"),
        ({"context": "https://example.org/x.git"}, UnsupportedError, "not part of the commit"),
        ({"context": "nowhere"}, DefinitionError, "no folder"),
        ({"context": "../x"}, OutsideTreeError, "leads out"),
        ({"context": "/etc"}, OutsideTreeError, "absolute"),
        ({"dockerfile": "No"}, DefinitionError, "no Dockerfile"),
        ({"target": "nowhere"}, DefinitionError, "nowhere"),
    ],
)
def test_what_cannot_be_honoured_is_refused_before_anything_is_built(
    source: MemorySource, build: dict[str, JsonValue], error: type[Exception], words: str
) -> None:
    images = MemoryImages()
    commit = source.commit("main", {"Dockerfile": "FROM a\n", "web/Dockerfile": "FROM a\n"})
    context = build.get("context", ".")
    rest = {key: value for key, value in build.items() if key != "context"}
    services = definition({"api": built("web"), "web": built(str(context), rest)})
    with pytest.raises(error, match=words) as caught:
        freeze(source, commit, images, services)
    assert getattr(caught.value, "where", None)
    assert (images.requests, images.pinned) == ([], [])


@pytest.mark.parametrize(
    "build",
    [
        {"network": "default"},
        {"isolation": "default"},
        {"ssh": []},
        {"privileged": False},
        {"x-own": 1},
        {"cache_from": ["a"]},
        {"tags": ["a"]},
    ],
    ids=str,
)
def test_what_changes_nothing_is_accepted(source: MemorySource, build: dict[str, JsonValue]) -> None:
    images = MemoryImages()
    commit = source.commit("main", {"Dockerfile": "FROM a\n"})
    freeze(source, commit, images, definition({"web": built(build=build)}))
    freeze(source, commit, images, definition({"web": built()}))
    assert len(images.requests) == 1


def test_a_dockerfile_beside_its_ignore_file(source: MemorySource) -> None:
    images = MemoryImages()
    files: dict[str, str | bytes] = {
        "app/a": "a", "app/b": "b", "app/.dockerignore": "a\n",
        "docker/web": "FROM x\n", "docker/web.dockerignore": "b\n",
    }  # fmt: skip
    freeze(
        source,
        source.commit("main", files),
        images,
        definition({"web": built("app", {"dockerfile": "../docker/web"})}),
    )
    (request,) = images.requests
    assert (request.where, request.dockerfile_path) == ("docker/web", ".previewer.dockerfile")
    with tarfile.open(fileobj=io.BytesIO(b"".join(request.context()))) as tar:
        assert tar.getnames() == [".dockerignore", "a"]


def test_a_failed_build_stops_the_others(source: MemorySource) -> None:
    images = MemoryImages(failing=["web"], slow=["api"])
    events = Events()
    with pytest.raises(BuildError) as caught:
        freeze(source, source.commit("main", FILES), images, TWO, report=events)
    assert caught.value.where == "web/Dockerfile:2"
    assert (events.outcomes["build web"], events.outcomes["build api"]) == (Outcome.FAILED, Outcome.CANCELLED)


def test_cancelling_stops_every_build(source: MemorySource) -> None:
    images = MemoryImages(slow=["web", "api"])
    cancellation = Cancellation()
    threading.Timer(0.2, cancellation.request).start()
    with pytest.raises(CancelledError):
        freeze(source, source.commit("main", FILES), images, TWO, cancellation=cancellation)


def test_nothing_is_done_once_cancelled(source: MemorySource) -> None:
    cancellation = Cancellation()
    cancellation.request()
    images = MemoryImages()
    with pytest.raises(CancelledError):
        freeze(source, source.commit("main", FILES), images, TWO, cancellation=cancellation)
    assert images.requests == []


def test_an_image_that_is_nowhere_is_an_error(source: MemorySource) -> None:
    with pytest.raises(FreezeError) as caught:
        freeze(source, source.commit("main", FILES), MemoryImages(unknown=["postgres:16"]), TWO)
    assert caught.value.where == "postgres:16"


def test_ciphertext_and_a_submodule_that_nothing_names(source: MemorySource) -> None:
    files = {"Dockerfile": "FROM a\nCOPY . /\n", "key": "\0GITCRYPT\0x"}
    commit = source.commit("main", files)
    with pytest.raises(FreezeError, match="git-crypt"):
        freeze(source, commit, MemoryImages(), definition({"web": built()}))
    allowed = definition({"web": built()}, extension={"freeze": {"encrypted_files": True}})
    assert freeze(source, commit, MemoryImages(), allowed).artifacts
