"""What a definition says that a build's steps run in, and where its secrets come from."""

from __future__ import annotations

import pytest

from previewer.domain.build import BuildRequirements, Ulimit
from previewer.domain.compose.definition import Definition, Role
from previewer.domain.json_value import JsonValue
from previewer.errors import DefinitionError
from previewer.freeze.build_options import read_build_requirements, secret_reader
from previewer.testing.memory.source import MemorySource

SECRETS: JsonValue = {
    "token": {"environment": "TOKEN"},
    "file": {"file": "etc/secret"},
    "inline": {"content": "written"},
    "outside": {"file": "/etc/passwd"},
    "unset": {"environment": "NEVER_SET"},
}


def read(build: dict[str, JsonValue]) -> BuildRequirements:
    source = MemorySource()
    tree = source.tree(source.commit("main", {"etc/secret": "committed"}).id)
    model: dict[str, JsonValue] = {
        "services": {"web": {"build": {"context": ".", **build}}},
        "secrets": SECRETS,
    }
    definition = Definition(name="preview", role=Role.PREVIEW, files=("compose.yaml",), model=model)
    service = definition.services["web"]
    assert service.build is not None
    return read_build_requirements(
        definition, service, service.build, secrets=secret_reader(definition, tree, {"TOKEN": "hunter2"})
    )


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        ({}, BuildRequirements()),
        ({"network": "default"}, BuildRequirements()),
        ({"network": "none"}, BuildRequirements(network="none")),
        ({"extra_hosts": ["a=1.2.3.4", "b=::1"]}, BuildRequirements(extra_hosts=("a=1.2.3.4", "b=::1"))),
        ({"shm_size": "67108864"}, BuildRequirements(shm_bytes=64 << 20)),
        (
            {"ulimits": {"nproc": 5, "nofile": {"soft": 1, "hard": 2}}},
            BuildRequirements(ulimits=(Ulimit("nofile", 1, 2), Ulimit("nproc", 5, 5))),
        ),
        ({"ssh": ["default", "gh=/keys/gh"]}, BuildRequirements(ssh=("default", "gh=/keys/gh"))),
        ({"secrets": [{"source": "token"}]}, BuildRequirements(secrets={"token": b"hunter2"})),
        ({"secrets": [{"source": "file", "target": "f"}]}, BuildRequirements(secrets={"f": b"committed"})),
        ({"secrets": [{"source": "inline"}]}, BuildRequirements(secrets={"inline": b"written"})),
    ],
    ids=str,
)
def test_each_key(build: dict[str, JsonValue], expected: BuildRequirements) -> None:
    assert read(build) == expected


@pytest.mark.parametrize(
    ("build", "words"),
    [
        ({"secrets": [{"source": "outside"}]}, "no file /etc/passwd"),
        ({"secrets": [{"source": "unset"}]}, "NEVER_SET"),
        ({"secrets": [{"source": "undefined"}]}, "undefined"),
        ({"ssh": ["gh=keys/gh"]}, "not an absolute path"),
    ],
)
def test_what_cannot_be_had_is_refused_with_a_hint(build: dict[str, JsonValue], words: str) -> None:
    with pytest.raises(DefinitionError, match=words) as caught:
        read(build)
    assert caught.value.where
    assert caught.value.hint
