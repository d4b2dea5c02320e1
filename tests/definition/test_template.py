"""What ``previewer init`` writes loads, and says how to go on."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from previewer.definition import load_named
from previewer.definition.discover import definition_names, root_files, starting_points
from previewer.definition.template import environment_templates
from previewer.domain.compose.definition import Role
from previewer.domain.policy.check import check, raise_for
from previewer.domain.policy.trust import TrustRules
from tests.definition.trees import tree_of

COMPOSE = "services:\n  shop:\n    build: ./web\n    ports: ['8080:80']\n  db:\n    image: postgres:17\n"
DOCKERFILE = "FROM python:3.13\nEXPOSE 8000 9000/udp\nCMD app\n"

REPOSITORIES = {
    "compose": {"compose.yaml": COMPOSE},
    "old compose": {"docker-compose.yml": COMPOSE, "Dockerfile": DOCKERFILE},
    "dockerfile": {"Dockerfile": DOCKERFILE},
    "dockerfile without ports": {"Dockerfile": "FROM scratch\n"},
    "compose with an override": {"compose.yaml": COMPOSE, "compose.override.yaml": COMPOSE},
    "compose in a folder": {"services/a b/compose.yaml": COMPOSE, "services/a b/.env": "A=1"},
    "dockerfile in a folder": {"app/Dockerfile": DOCKERFILE},
    "nothing": {"README": ""},
}


def templates_of(files: dict[str, str]) -> Mapping[str, str]:
    tree = tree_of(files)
    return environment_templates(tree, root_files(tree) or starting_points(tree))


@pytest.mark.parametrize("files", REPOSITORIES.values(), ids=REPOSITORIES.keys())
def test_every_template_loads_in_its_role_and_breaks_no_rule(files: dict[str, str]) -> None:
    templates = templates_of(files)
    assert list(templates) == ["envs/preview.yaml", "envs/staging.yaml", "envs/production.yaml"]
    tree = tree_of({**files, **templates})
    assert definition_names(tree) == ("preview", "staging", "production")
    for role in Role:
        definition = load_named(tree, role.value)
        assert definition.role is role
        assert definition.services
        assert definition.warnings == ()
        raise_for(check(definition, TrustRules().trust(role, "main")))


def test_a_compose_file_is_included_and_can_be_changed() -> None:
    files = {"compose.yaml": COMPOSE}
    text = templates_of(files)["envs/preview.yaml"]
    uncommented = text.replace("# services:", "services:").replace("#   web:", "  shop:")
    uncommented = re.sub(r"^# ( {4}.*)$", r" \1 ", uncommented, flags=re.MULTILINE)
    loaded = load_named(tree_of({**files, "envs/preview.yaml": uncommented}), "preview").services["shop"]
    assert loaded.environment == {"LOG_LEVEL": "debug"}
    assert loaded.build is not None
    assert loaded.build.context == "web"
    assert [port.target for port in loaded.ports] == [80]


def test_a_dockerfile_is_built_and_its_ports_are_published() -> None:
    files = {"Dockerfile": DOCKERFILE}
    templates = templates_of(files)
    service = load_named(tree_of({**files, **templates}), "staging").services["app"]
    assert service.build is not None
    assert (service.build.context, service.build.dockerfile) == (".", "Dockerfile")
    assert [(port.target, port.protocol, port.published) for port in service.ports] == [
        (8000, "tcp", ""),
        (9000, "udp", ""),
    ]


def test_what_is_in_a_folder_is_loaded_from_there() -> None:
    files = {"shop/compose.yaml": "services: {web: {build: ., env_file: web.env}}\n", "shop/web.env": "A=1\n"}
    web = load_named(tree_of({**files, **templates_of(files)}), "preview").services["web"]
    assert web.build is not None
    assert (web.build.context, web.environment) == ("shop", {"A": "1"})
    files = {"app/Dockerfile": DOCKERFILE}
    app = load_named(tree_of({**files, **templates_of(files)}), "preview").services["app"]
    assert app.build is not None
    assert (app.build.context, [port.target for port in app.ports]) == ("app", [8000, 9000])


def test_a_file_changes_those_before_it() -> None:
    files = {"a.yml": "services: {web: {image: x, user: a}}\n", "b.yml": "services: {web: {user: b}}\n"}
    texts = environment_templates(tree_of(files), ("a.yml", "b.yml"))
    assert load_named(tree_of({**files, **texts}), "preview").services["web"].spec["user"] == "b"
