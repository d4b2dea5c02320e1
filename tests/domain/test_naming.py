from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain import naming

DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@pytest.mark.parametrize("text", ["main", "feature-a", "v1-2-3", "x"])
def test_a_slug_that_changes_nothing_gets_no_hash(text: str) -> None:
    assert naming.slug(text) == text


def test_branches_that_sanitise_alike_do_not_collide() -> None:
    names = {
        naming.environment_name("shop", branch) for branch in ("feature/a", "feature-a", "feature_a", "Feature-A")
    }
    assert len(names) == 4
    assert "shop-feature-a" in names


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_slug_is_a_dns_label(text: str) -> None:
    assert DNS_LABEL.fullmatch(naming.slug(text))


@given(st.text(min_size=1), st.text(min_size=1))
def test_different_branches_get_different_environments(one: str, other: str) -> None:
    same = naming.environment_name("shop", one) == naming.environment_name("shop", other)
    assert same == (one == other)


@given(st.text(min_size=1), st.text(min_size=1))
def test_an_environment_is_a_dns_label(project: str, branch: str) -> None:
    assert DNS_LABEL.fullmatch(naming.environment_name(naming.project_name(project), branch))


def test_a_slug_of_a_slug_is_itself() -> None:
    once = naming.slug("Feature/A very long name " * 5)
    assert naming.slug(once) == once


@pytest.mark.parametrize(("service", "suffix"), [("api", "API"), ("my-api", "MY_API"), ("a.b", "A_B")])
def test_a_variable_is_spelt_in_capitals(service: str, suffix: str) -> None:
    assert naming.variable_suffix(service) == suffix


def test_images_and_releases_are_named_by_digest() -> None:
    digest = "sha256:" + "ab" * 32
    assert naming.image_reference("shop", "web", digest) == f"previewer/shop/web:{'ab' * 16}"
    assert naming.pinned_base_reference("shop", digest) == f"previewer-base/shop:{'ab' * 32}"
    assert naming.release_ref(digest) == f"refs/previewer/releases/{'ab' * 32}"
