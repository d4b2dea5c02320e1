"""How services get files of the commit, and what is told of it."""

from __future__ import annotations

import pytest

from previewer.domain.compose.mounted_files import ConfigMount, config_mounts
from previewer.domain.compose.served_files import FILES_VOLUME, Served, serve_files
from previewer.domain.compose.service import read_service
from previewer.domain.json_value import JsonObject, JsonValue, as_list
from previewer.domain.naming import slug
from previewer.errors import DefinitionError
from tests.definition.trees import load_text, tree_of
from tests.domain.values import make_definition

GIVEN: dict[str, JsonValue] = {
    "configs": [{"source": "page", "target": "/site/page", "mode": "0440"}],
    "secrets": [{"source": "key", "uid": "7", "gid": "8"}],
}


TREE = tree_of(
    {"etc/motd": "m", "src/run": "r", "src/deep/x": "x"}, links={"src/link": "deep", "src/out": "../etc"}
)


def serve(web: dict[str, JsonValue], *, frozen: tuple[str, ...] = ()) -> Served:
    services: dict[str, JsonValue] = {"web": {"image": "w", **web}, "db": {"image": "d"}}
    return serve_files(make_definition(services), frozen, lambda: TREE)


def part(subpath: str, target: str) -> JsonObject:
    return {**copy(FILES_VOLUME, target, subpath), "read_only": True}


def copy(volume: str, target: str, subpath: str = "") -> JsonObject:
    part = {"subpath": subpath} if subpath else {}
    return {"type": "volume", "source": volume, "target": target, "volume": {"nocopy": True, **part}}


def bind(source: str, target: str, **more: JsonValue) -> JsonObject:
    return {"type": "bind", "source": source, "target": target, "bind": {"create_host_path": True}, **more}


def mounts(served: Served) -> list[JsonValue]:
    return list(as_list(served.definition.services["web"].spec.get("volumes")))


def test_files_of_the_commit_come_from_a_volume_and_what_it_lacks_is_one() -> None:
    volumes: list[JsonValue] = [
        bind("etc/motd", "/motd", read_only=True),
        bind("data", "/data"),
        {"type": "bind", "source": "/host", "target": "/host"},
        bind(".", "/src", read_only=True),
    ]
    served = serve({"volumes": volumes}, frozen=("etc/motd", "of/another/definition", "."))
    assert mounts(served) == [
        part("commit/etc/motd", "/motd"),
        copy("data-data", "/data"),
        volumes[2],
        part("commit", "/src"),
    ]
    assert served.definition.model["volumes"] == {FILES_VOLUME: {}, "data-data": {}}
    assert served.contents[FILES_VOLUME].sources == {"commit/etc/motd": "etc/motd", "commit": "."}
    assert (served.contents["data-data"].service, served.contents["data-data"].sources) == ("web", {})
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
    assert served.contents[FILES_VOLUME].given == {
        "given/web/0": ConfigMount("secrets/key", "/run/secrets/key", 0o444, 7, 8),
        "given/web/1": ConfigMount("configs/page", "/site/page", 0o440),
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
    assert served.contents == {}
    assert served.rewrites == ()
    assert served.definition == make_definition({"web": {"image": "w", **GIVEN, **web}, "db": {"image": "d"}})


def test_an_owner_that_only_an_image_knows_is_an_error() -> None:
    with pytest.raises(DefinitionError, match="uid 'nobody' of key is not a number"):
        config_mounts(read_service("web", {"secrets": [{"source": "key", "uid": "nobody"}]}))


def test_a_folder_that_is_not_committed_never_shares_a_volume_of_the_definition() -> None:
    text = "services:\n  web: {image: i, volumes: ['data-db:/d', './db:/e']}\nvolumes: {data-db: {}}\n"
    served = serve_files(load_text(text), [], lambda: TREE)
    assert set(served.definition.volumes) == {"data-db", "previewer-data-db"}


def test_what_may_be_written_is_a_copy_of_the_service_s_own() -> None:
    volumes: list[JsonValue] = [
        bind("src", "/a"),
        bind("./src/", "/b"),
        bind("etc/motd", "/motd"),
        bind(".", "/c"),
    ]
    served = serve({"volumes": volumes}, frozen=("src", "./src/", "etc/motd", "."))
    folder, whole = f"previewer-copy-{slug('web/src')}", f"previewer-copy-{slug('web/.')}"
    assert mounts(served) == [
        copy(folder, "/a"),
        copy(folder, "/b"),
        copy("previewer-files-of-web", "/motd", "commit/etc/motd"),
        copy(whole, "/c"),
    ]
    assert {key: (content.service, content.sources) for key, content in served.contents.items()} == {
        folder: ("web", {"": "src"}),
        whole: ("web", {"": "."}),
        "previewer-files-of-web": ("web", {"commit/etc/motd": "etc/motd"}),
    }


def test_what_is_mounted_below_a_closed_folder_has_a_mount_point() -> None:
    volumes: list[JsonValue] = [
        bind("src", "/app", read_only=True),
        {"type": "volume", "target": "/app/node_modules"},
        {"type": "volume", "source": "v", "target": "/app/link/below"},
        {"type": "volume", "source": "v", "target": "/app/out/below"},
        {"type": "volume", "source": "v", "target": "/application"},
        bind("etc/motd", "/app/motd"),
        bind("none", "/none", read_only=True),
        {"type": "tmpfs", "target": "/none/memory"},
    ]
    web: dict[str, JsonValue] = {"volumes": volumes, "tmpfs": ["/app/deep/cache:size=1m"]}
    web["configs"] = [{"source": "c", "target": "/app/c.json"}]
    contents = serve(web, frozen=("src", "etc/motd")).contents
    assert contents[FILES_VOLUME].mount_points == {
        "commit/src/node_modules": False,
        "commit/src/deep/below": False,
        "commit/src/deep/cache": False,
        "commit/src/motd": True,
        "commit/src/c.json": True,
    }
    assert contents["data-none"].mount_points == {"memory": False}


@pytest.mark.parametrize("user", ["0", "root", "0:7"])
def test_an_empty_volume_is_root_s_where_the_definition_says_so(user: str) -> None:
    assert serve({"user": user, "volumes": [bind("data", "/data")]}).contents == {}


@pytest.mark.parametrize("source", ["./init.sql", ".env", "conf/nginx.conf", "./Caddyfile", "a.d/b.yml"])
def test_what_looks_like_a_file_and_is_not_committed_is_left_out_and_told(source: str) -> None:
    served = serve({"volumes": [bind(source, "/x"), bind("data", "/data")]})
    assert mounts(served) == [copy("data-data", "/data")]
    (line,) = served.left_out
    assert f"{source.removeprefix('./')} looks like a file, is not committed, and is left out" in line


@pytest.mark.parametrize("source", ["./conf.d", "./.cache", "./v1.2", "./data/", "profile", "./init.sql/"])
def test_what_does_not_is_an_empty_folder(source: str) -> None:
    assert serve({"volumes": [bind(source, "/x")]}).left_out == ()


def test_what_is_not_there_and_is_not_to_be_made_is_an_error() -> None:
    with pytest.raises(DefinitionError, match="the commit has no data, and it is not to be made"):
        serve({"volumes": [bind("data", "/x", bind={"create_host_path": False})]})
