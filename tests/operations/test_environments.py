"""Which environment a user's words mean, and which may take another's place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from previewer.domain.compose.definition import Role
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.progress import Noted
from previewer.errors import ConflictError, NotFoundError
from previewer.operations.up import plan_up
from previewer.records.environments import find_environment, list_environments
from tests.operations.shop import FILES, Shop

STAGING = {
    "envs/staging.yaml": "services: {web: {image: shop-web}}\n",
    "envs/preview.yaml": "include: [../compose.yaml]\n",
}


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    made.source.commit("staging", {**FILES, **STAGING})
    return made


def found(shop: Shop, text: str) -> str:
    return find_environment(shop.session, text).name


@pytest.mark.parametrize("text", ["main", "HEAD", "@"])
def test_what_up_takes_is_found_again(text: str, shop: Shop) -> None:
    name = shop.up("main").environment.name
    assert found(shop, text) == name


def test_a_tag_and_a_short_id_mean_the_environment_of_the_bare_commit(shop: Shop) -> None:
    commit = shop.source.resolve("main").commit
    shop.source.tag("v1.0", commit)
    of_branch, of_tag = (shop.up(revision).environment.name for revision in ("main", "v1.0"))
    assert of_branch != of_tag
    assert found(shop, "v1.0") == of_tag
    assert found(shop, commit.short) == of_tag
    assert found(shop, "main") == of_branch


def test_a_tag_of_what_only_its_branch_runs_means_that(shop: Shop) -> None:
    shop.source.tag("v1.0", shop.source.resolve("main").commit)
    name = shop.up("main").environment.name
    assert found(shop, "v1.0") == name


def test_a_name_is_found_as_it_was_given_to_up(shop: Shop) -> None:
    name = shop.up("main", name="My_Thing").environment.name
    assert name.startswith("my-thing-")
    assert found(shop, "My_Thing") == name


def test_the_branch_s_own_environment_goes_before_others_of_the_branch(shop: Shop) -> None:
    shop.up("main", name="other")
    name = shop.up("main").environment.name
    assert found(shop, "main") == name


def test_a_branch_never_means_what_is_not_a_preview(shop: Shop) -> None:
    shop.up("staging", role=Role.STAGING, name="stage")
    with pytest.raises(NotFoundError, match="no such environment"):
        find_environment(shop.session, "staging")
    assert found(shop, "stage") == "stage"


def test_a_branch_called_like_a_role_does_not_take_its_place(shop: Shop) -> None:
    name = shop.up("staging", role=Role.STAGING).environment.name
    with pytest.raises(ConflictError, match="for staging"):
        shop.up("staging")
    with pytest.raises(ConflictError, match="for staging"):
        plan_up(shop.session, "staging", DeployRequest())
    assert found(shop, "staging") == name


def test_up_says_what_is_not_as_written(shop: Shop) -> None:
    shop.up("main")
    notes = [event for event in shop.events if isinstance(event, Noted)]
    assert [note.message for note in notes] == [
        "not as written, so that environments cannot meet: web.container_name, web.ports",
        "db: no health check and no port says that it works, only that it ran a while",
    ]


def test_up_again_renews_the_time_to_live_of_what_runs(shop: Shop) -> None:
    shop.up("main", ttl="1d")
    renewed = shop.up("main", ttl="5d")
    assert not renewed.changed
    (environment,) = list_environments(shop.session)
    assert environment.expires_at == renewed.environment.expires_at == shop.session.clock() + timedelta(days=5)


def test_equal_names_of_other_repositories_are_listed_beside_each_other(shop: Shop) -> None:
    shop.up("main")
    other = Shop(engine=shop.engine)
    other.source.installation = "another"
    other.up("main")
    assert [e.name for e in list_environments(shop.session)] == ["shop-main"]
    everywhere = list_environments(shop.session, everywhere=True)
    assert [e.name for e in everywhere] == ["shop-main", "shop-main"]
    assert {e.ownership.installation for e in everywhere} == {shop.source.installation, "another"}
