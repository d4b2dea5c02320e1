"""Which image a router runs, on an engine of which only the answers are there; tests/docker has a registry."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.images import EngineImage
from previewer.engine.docker import router_image
from previewer.engine.docker.router_image import find_router_image, pull_router_image
from previewer.errors import EngineError

DIGEST = f"sha256:{'a' * 64}"
MADE = "previewer.local/router:1234"


class Images:
    """What the engine holds, by every name of it."""

    def __init__(self, *digests: str, made: str = "") -> None:
        self.held = {name: image("caddy:2", *digests) for name in ("caddy:2", *digests)} if digests else {}
        self.made = [image(made)] if made else []
        self.pulled: list[tuple[str, str]] = []

    def inspect(self, name: str) -> EngineImage | None:
        return self.held.get(name)

    def list_named(self, _repository: str) -> list[EngineImage]:
        return self.made


def image(tag: str, *digests: str) -> EngineImage:
    return EngineImage("sha256:1", "linux/amd64", (tag,), digests, {}, 1, 0)


def connection(images: Images, monkeypatch: pytest.MonkeyPatch, *, arrives: str = "") -> DockerConnection:
    """``arrives`` is the digest of what a pull brings; empty for nothing."""

    def pull(repository: str, tag: str) -> str:
        images.pulled.append((repository, tag))
        if arrives:
            images.held[f"{repository}:{tag}"] = image(f"{repository}:{tag}", f"{repository}@{arrives}")
            images.held[f"{repository}@{arrives}"] = images.held[f"{repository}:{tag}"]
        return '{"error":"manifest unknown"}'

    monkeypatch.setattr(router_image, "EngineImages", lambda _connection: images)
    return cast("DockerConnection", cast("Any", SimpleNamespace(api=SimpleNamespace(pull=pull))))


def test_one_that_was_made_comes_before_the_official_one_but_not_before_a_wanted_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = connection(Images(f"caddy@{DIGEST}", made=MADE), monkeypatch)
    assert find_router_image(engine) == MADE
    assert find_router_image(engine, "caddy:2") == f"caddy@{DIGEST}"
    assert find_router_image(engine, f"caddy@{DIGEST}") == f"caddy@{DIGEST}"
    assert find_router_image(engine, "registry.example/caddy:2") is None


@pytest.mark.parametrize("digests", [(f"caddy@{DIGEST}",), (f"mirror.example/caddy@{DIGEST}", f"caddy@{DIGEST}")])
def test_a_tag_is_used_by_the_digest_of_its_own_registry(
    digests: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_router_image(connection(Images(*digests), monkeypatch)) == f"caddy@{DIGEST}"


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("caddy:2", ("caddy", "2")),
        ("localhost:5000/caddy", ("localhost:5000/caddy", "latest")),
        ("localhost:5000/team/caddy:2.10", ("localhost:5000/team/caddy", "2.10")),
    ],
)
def test_what_is_pulled_is_used_by_its_digest(
    name: str, asked: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = Images()
    engine = connection(images, monkeypatch, arrives=DIGEST)
    if asked[1] == "latest":
        images.held[name] = image(f"{name}:latest", f"{name}@{DIGEST}")  # as engines answer for a bare name
    assert pull_router_image(engine, name) == f"{asked[0]}@{DIGEST}"
    assert images.pulled == [asked]


def test_what_cannot_be_pulled_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError) as caught:
        pull_router_image(connection(Images(), monkeypatch), f"registry.example/caddy@{DIGEST}")
    assert "manifest unknown" in (caught.value.hint or "")
