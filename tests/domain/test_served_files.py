"""How services get files of the commit, and what is told of it."""

from __future__ import annotations

import pytest

from previewer.domain.given_files import GivenFile, given_files
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object
from previewer.domain.served_files import FILES_VOLUME, Served, serve_files
from previewer.domain.service import Service
from previewer.errors import DefinitionError
from tests.definition.trees import load_text
from tests.domain.values import make_definition

GIVEN: dict[str, JsonValue] = {
    "configs": [{"source": "page", "target": "/site/page", "mode": "0440"}],
    "secrets": [{"source": "key", "uid": "7", "gid": "8"}],
}


def serve(web: dict[str, JsonValue], *, frozen: tuple[str, ...] = ()) -> Served:
    services: dict[str, JsonValue] = {"web": {"image": "w", **web}, "db": {"image": "d"}}
    return serve_files(make_definition(services), frozen)


def part(subpath: str, target: str) -> JsonObject:
    return {
        "type": "volume",
        "source": FILES_VOLUME,
        "target": target,
        "read_only": True,
        "volume": {"nocopy": True, "subpath": subpath},
    }


def mounts(served: Served) -> list[JsonValue]:
    return list(as_list(served.definition.services["web"].spec.get("volumes")))


def test_files_of_the_commit_come_from_a_volume_and_what_it_lacks_is_one() -> None:
    volumes: list[JsonValue] = [
        {"type": "bind", "source": "etc/motd", "target": "/motd", "bind": {"create_host_path": True}},
        {"type": "bind", "source": "data", "target": "/data", "bind": {"create_host_path": True}},
        {"type": "bind", "source": "/host", "target": "/host"},
        {"type": "bind", "source": ".", "target": "/src"},
    ]
    served = serve({"volumes": volumes}, frozen=("etc/motd", "of/another/definition", "."))
    assert mounts(served) == [
        part("commit/etc/motd", "/motd"),
        {"type": "volume", "source": "data-data", "target": "/data"},
        volumes[2],
        part("commit", "/src"),
    ]
    assert served.definition.volumes == {FILES_VOLUME: {}, "data-data": {}}
    assert served.sources == (".", "etc/motd")
    assert [rewrite.path[-2:] for rewrite in served.rewrites] == [
        ("volumes", "0"),
        ("volumes", "1"),
        ("volumes", "3"),
    ]
    assert "the commit has no data" in served.rewrites[1].reason
    assert served.definition.services["db"].spec == {"image": "d"}


@pytest.mark.parametrize(
    "web",
    [
        {"read_only": True},
        {"tmpfs": ["/run:size=1m"]},
        {"volumes": [{"type": "tmpfs", "target": "/run/secrets"}]},
        {"volumes": [{"type": "volume", "source": "v", "target": "/site/", "read_only": True}]},
    ],
)
def test_what_cannot_be_copied_in_is_mounted(web: dict[str, JsonValue]) -> None:
    served = serve({**GIVEN, **web})
    assert mounts(served)[-2:] == [part("given/web/0", "/run/secrets/key"), part("given/web/1", "/site/page")]
    assert served.given == {
        "given/web/0": GivenFile("secrets/key", "/run/secrets/key", 0o444, 7, 8),
        "given/web/1": GivenFile("configs/page", "/site/page", 0o440),
    }
    spec = served.definition.services["web"].spec
    assert "configs" not in spec
    assert "secrets" not in spec
    assert [rewrite.path for rewrite in served.rewrites] == [
        ("services", "web", "secrets"),
        ("services", "web", "configs"),
    ]


@pytest.mark.parametrize(
    "web", [{}, {"tmpfs": ["/runner", "/si"]}, {"volumes": [{"type": "volume", "target": "/site"}]}]
)
def test_everything_else_is_copied_in(web: dict[str, JsonValue]) -> None:
    served = serve({**GIVEN, **web})
    assert served.given == {}
    assert served.rewrites == ()
    assert served.definition == make_definition({"web": {"image": "w", **GIVEN, **web}, "db": {"image": "d"}})


def test_an_owner_that_only_an_image_knows_is_an_error() -> None:
    with pytest.raises(DefinitionError, match="uid 'nobody' of key is not a number"):
        given_files(Service("web", as_object({"secrets": [{"source": "key", "uid": "nobody"}]})))


def test_a_folder_that_is_not_committed_never_shares_a_volume_of_the_definition() -> None:
    text = "services:\n  web: {image: i, volumes: ['data-db:/d', './db:/e']}\nvolumes: {data-db: {}}\n"
    served = serve_files(load_text(text), [])
    assert set(served.definition.volumes) == {"data-db", "previewer-data-db"}
