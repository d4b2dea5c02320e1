"""Which definition a commit has, and what it is for."""

from __future__ import annotations

import pytest

from previewer.definition import load_named
from previewer.definition.discover import definition_names, discover_files, how_to_begin, starting_points
from previewer.domain.compose.definition import Role
from previewer.errors import DefinitionError, NotFoundError
from tests.definition.trees import tree_of

TEXT = "services: {a: {image: x}}"


@pytest.mark.parametrize(
    ("paths", "name", "files"),
    [
        (["envs/preview.yaml", "compose.yaml"], "preview", ("envs/preview.yaml",)),
        (["envs/staging.yml"], "staging", ("envs/staging.yml",)),
        (["envs/staging.yaml", "compose.yaml"], "preview", ("compose.yaml",)),
        (["compose.yml", "compose.yaml", "docker-compose.yml"], "preview", ("compose.yaml",)),
        (["docker-compose.yml", "docker-compose.yaml"], "preview", ("docker-compose.yaml",)),
        (["compose.yaml", "compose.override.yaml"], "preview", ("compose.yaml", "compose.override.yaml")),
        (["compose.yaml"], "production", ("compose.yaml",)),
        (["Dockerfile"], "preview", ()),
    ],
)
def test_files(paths: list[str], name: str, files: tuple[str, ...]) -> None:
    assert discover_files(tree_of(dict.fromkeys(paths, TEXT)), name) == files


@pytest.mark.parametrize(("paths", "name"), [([], "preview"), (["README.md"], "x"), (["envs/a.yaml"], "b")])
def test_what_is_not_there_says_what_was_looked_for(paths: list[str], name: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        discover_files(tree_of(dict.fromkeys(paths, TEXT)), name)
    assert f"envs/{name}.yaml" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["envs/b.yaml", "envs/production.yml", "envs/a.yaml", "envs/preview.yaml", "envs/README.md"],
         ("preview", "production", "a", "b")),
        (["compose.yml"], ("preview",)),
        (["Dockerfile"], ("preview",)),
        (["src/Dockerfile"], ()),
    ],
)  # fmt: skip
def test_names(paths: list[str], names: tuple[str, ...]) -> None:
    assert definition_names(tree_of(dict.fromkeys(paths, TEXT))) == names


@pytest.mark.parametrize(
    ("name", "text", "role"),
    [
        ("preview", TEXT, Role.PREVIEW),
        ("prod", TEXT, Role.PRODUCTION),
        ("stage", TEXT, Role.STAGING),
        ("other", TEXT, Role.PREVIEW),
        ("other", f"x-previewer: {{role: production}}\n{TEXT}", Role.PRODUCTION),
    ],
)
def test_roles(name: str, text: str, role: Role) -> None:
    definition = load_named(tree_of({f"envs/{name}.yaml": text}), name)
    assert (definition.name, definition.role, definition.files) == (name, role, (f"envs/{name}.yaml",))


def test_a_lone_dockerfile() -> None:
    text = "FROM a AS b\nEXPOSE 1\nFROM b\nexpose 8080 53/udp\nEXPOSE 8080 $PORT\n"
    definition = load_named(tree_of({"Dockerfile": text}), "preview", project_name="shop")
    service = definition.services["app"]
    assert [(port.target, port.protocol, port.published) for port in service.ports] == [
        (8080, "tcp", ""),
        (53, "udp", ""),
    ]
    assert service.build is not None
    assert (service.build.context, service.build.dockerfile) == (".", "Dockerfile")
    assert definition.model["name"] == "shop"
    assert definition.files == ()
    assert definition.warnings == ("Dockerfile:5: EXPOSE $PORT is not understood, so it is not published",)
    assert str(definition.locate(("services", "app", "ports", "0"))) == "Dockerfile:4"


def test_a_broken_role_is_told() -> None:
    with pytest.raises(DefinitionError):
        load_named(tree_of({"envs/a.yaml": f"x-previewer: {{role: x}}\n{TEXT}"}), "a")


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["b/c/compose.yaml", "b/docker-compose.yml", "Dockerfile"], ("b/docker-compose.yml", "b/c/compose.yaml")),
        (["compose.prod.yml", "compose.yaml", "compose.override.yml"], ("compose.yaml", "compose.prod.yml")),
        (["a/compose.yml", "a/docker-compose.yml"], ("a/compose.yml",)),
        (["web/Dockerfile", "api/Dockerfile", "Procfile"], ("api/Dockerfile", "web/Dockerfile")),
        ([".devcontainer/docker-compose.yml", "node_modules/x/compose.yaml", "a/vendor/Dockerfile"], ()),
    ],
)
def test_where_a_definition_could_begin(paths: list[str], found: tuple[str, ...]) -> None:
    assert starting_points(tree_of(dict.fromkeys(paths, TEXT))) == found


def test_the_hint_names_what_there_is() -> None:
    hint = how_to_begin(tree_of(dict.fromkeys(["shop/compose.yaml", "tools/compose.yaml"], TEXT)))
    assert "`previewer init --from shop/compose.yaml`" in hint
    assert hint.endswith("there is tools/compose.yaml too")
    assert "compose.yaml or a Dockerfile" in how_to_begin(tree_of({"README": ""}))
