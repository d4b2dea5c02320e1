"""Which images a branch may name."""

from __future__ import annotations

import pytest

from previewer.domain.compose.definition import Location
from previewer.domain.policy.check import check, check_image, refused
from previewer.domain.policy.table import read_grant
from previewer.domain.policy.trust import Trust
from tests.definition.trees import load_text

ID = "a" * 64
PLACE = Location("web/Dockerfile", 3)


def is_refused(reference: str, trust: Trust, *, owner: str = "") -> bool:
    found = check_image(reference, trust, location=PLACE, reader="web", owner=owner)
    return found is not None and found.allowed_by is None


@pytest.mark.parametrize(
    "reference",
    ["postgres", "postgres:16", f"postgres@sha256:{ID}", "ghcr.io/acme/web:1", "localhost:5000/x",
     "previewers/x",
     "acme/previewer:1", "previewer-test/base:1", "previewer-demo/python:local",
     "registry.example.com/previewer/x", "cafe", "previewer.example.com/x:1"],
)  # fmt: skip
def test_any_image_may_be_named_where_nothing_is_listed(reference: str) -> None:
    assert not is_refused(reference, Trust())


@pytest.mark.parametrize(
    "reference",
    [f"sha256:{ID}", ID, "previewer/shop/web:1", "previewer/shop/web", f"previewer/shop/web@sha256:{ID}",
     "docker.io/previewer/shop/web:1", "index.docker.io/previewer/shop/web:1", f"previewer-base:{ID}",
     "library/previewer-base:1", "docker.io/library/previewer-image:1", f"previewer-image:{ID}",
     "previewer-building:1", "previewer-rebuilt/a:1", "localhost/previewer/shop/web:1"],
)  # fmt: skip
def test_previewers_own_and_ids_are_refused(reference: str) -> None:
    assert is_refused(reference, Trust())
    assert is_refused(reference, Trust(images=("**",))), "a list does not open them"
    grant = read_grant("image", source=PLACE)
    assert not is_refused(reference, Trust(grants=(grant,)))


def test_another_projects_image_is_refused_under_any_name() -> None:
    assert is_refused("base:1", Trust(), owner="shop")
    assert is_refused("base:1", Trust(images=("base",)), owner="shop")
    assert not is_refused("base:1", Trust(grants=(read_grant("image:base:1", source=PLACE),)), owner="shop")


@pytest.mark.parametrize(
    ("pattern", "reference", "matches"),
    [
        ("postgres", "postgres", True),
        ("postgres", "postgres:16", True),
        ("postgres", "docker.io/library/postgres:16-alpine", True),
        ("postgres:16", "postgres:16", True),
        ("postgres:16", f"postgres:16@sha256:{ID}", False),
        ("postgres:16*", f"postgres:16@sha256:{ID}", True),
        ("postgres:latest", "postgres", True),
        ("postgres:16", "postgres", False),
        ("postgres", "evil/postgres", False),
        ("postgres", "evil.example.com/postgres", False),
        ("*", "evil/postgres", False),
        ("acme/*", "acme/web:1", True),
        ("acme/*", "acme/web/deep:1", False),
        ("ghcr.io/acme/**", "ghcr.io/acme/web/deep:1", True),
        ("ghcr.io/acme/**", "ghcr.io/acmeevil/web:1", False),
        ("docker.io/library/*", "redis:7", True),
        ("localhost:5000/*", "localhost:5000/web", True),
    ],
)
def test_a_list_restricts_to_what_it_names(pattern: str, reference: str, matches: bool) -> None:
    assert is_refused(reference, Trust(images=(pattern,))) is not matches


def test_an_empty_list_allows_none() -> None:
    assert is_refused("postgres", Trust(images=()))


def test_every_place_of_a_definition_counts() -> None:
    definition = load_text(
        """services:
  run: {image: a}
  built:
    image: previewer/own/name
    build: {context: ., additional_contexts: {x: docker-image://b, y: ./folder}}
  again: {image: previewer/own/name}
"""
    )
    found = refused(check(definition, Trust(images=())))
    assert [(finding.service, finding.path[-1]) for finding in found] == [("run", "image"), ("built", "x")]
