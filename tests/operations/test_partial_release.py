"""Only what runs has to be frozen: others are left out, and promotion completes the release."""

from __future__ import annotations

import pytest

from previewer.domain.compose.definition import ReadingChoice, Role
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.json_value import canonical_json
from previewer.domain.progress import Noted
from previewer.domain.release.release import Release, is_part_of, manifest_of, read_manifest
from previewer.errors import DefinitionError, FreezeError, PolicyError
from previewer.operations.freeze import freeze
from previewer.operations.promote import plan_promote, promote
from previewer.operations.replace import update
from previewer.session.run import Run
from previewer.testing.memory.images import MemoryImages
from tests.operations.shop import Shop

PREVIEW = "services: {web: {image: shop-api}}\n"
STAGING = "services: {web: {image: shop-api}, log: {image: far-away}}\n"
REFUSED = "services: {web: {image: shop-api, privileged: true}, log: {image: other}}\n"
UNREADABLE = "services: {web: {image: 'shop-api:${TAG:?which}'}}\n"


def shop_with(staging: str, *, unknown: tuple[str, ...] = ()) -> Shop:
    shop = Shop(images=MemoryImages(unknown=list(unknown)))
    shop.source.commit("main", {"envs/preview.yaml": PREVIEW, "envs/staging.yaml": staging})
    return shop


def notes(shop: Shop) -> list[str]:
    return [event.message for event in shop.events if isinstance(event, Noted)]


def frozen(shop: Shop) -> Release:
    return freeze(Run(shop.session, shop.report), "main").release


def promote_to(shop: Shop, role: Role) -> str:
    options = DeployRequest(role=role)
    result = promote(Run(shop.session, shop.report), "shop-main", options)
    return result.release.id


@pytest.mark.parametrize(
    ("staging", "unknown"),
    [(UNREADABLE, ()), (STAGING, ("far-away",)), (REFUSED, ())],
    ids=["unreadable", "out-of-reach", "refused"],
)
def test_a_preview_runs_without_the_definitions_of_other_roles(staging: str, unknown: tuple[str, ...]) -> None:
    shop = shop_with(staging, unknown=unknown)
    release = shop.up().release
    assert set(release.definitions) == {"preview"}
    assert release.left_out == ("staging",)
    assert not any("left out" in text for text in notes(shop))
    assert read_manifest(canonical_json(manifest_of(release))) == release
    assert shop.up().release.id == release.id


@pytest.mark.parametrize(
    ("staging", "unknown"),
    [(UNREADABLE, ()), (STAGING, ("far-away",)), (REFUSED, ())],
    ids=["unreadable", "out-of-reach", "refused"],
)
def test_freezing_a_commit_says_what_it_leaves_out(staging: str, unknown: tuple[str, ...]) -> None:
    shop = shop_with(staging, unknown=unknown)
    release = frozen(shop)
    assert (set(release.definitions), release.left_out) == ({"preview"}, ("staging",))
    assert any(text.startswith("the definition staging is left out") for text in notes(shop))
    assert frozen(shop).id == release.id


def test_only_what_runs_is_frozen_and_what_needs_no_image_besides() -> None:
    shop = Shop()
    files = {"envs/preview.yaml": PREVIEW, "envs/staging.yaml": STAGING, "envs/production.yaml": PREVIEW}
    shop.source.commit("main", files)
    first = shop.up()
    assert (set(first.release.definitions), first.release.left_out) == ({"preview", "production"}, ("staging",))
    staging = shop.up(role=Role.STAGING)
    assert (set(staging.release.definitions), staging.release.left_out) == (
        {"preview", "production", "staging"},
        (),
    )
    assert is_part_of(first.release, staging.release)
    again = shop.up()
    assert (again.release.id, again.changed) == (first.release.id, False)
    assert frozen(shop).id == staging.release.id


def test_a_definition_that_is_frozen_later_stands_on_the_same_images() -> None:
    shop = shop_with(STAGING)
    image = shop.up().release.definitions["preview"].artifacts["web"].image
    shop.images.pinned.clear()
    staging = shop.up(role=Role.STAGING).release.definitions["staging"]
    assert staging.artifacts["web"].image == image
    assert sorted(shop.images.pinned) == sorted([image, "far-away"]), "the registry is not asked about the first"


def test_what_is_about_to_run_is_never_left_out() -> None:
    with pytest.raises(FreezeError):
        shop_with(STAGING, unknown=("far-away",)).up(role=Role.STAGING)
    with pytest.raises(DefinitionError, match="TAG"):
        shop_with(UNREADABLE).up(role=Role.STAGING)
    with pytest.raises(PolicyError, match="privileged"):
        shop_with(REFUSED).up(role=Role.STAGING)


def test_promotion_completes_a_release_and_changes_none() -> None:
    shop = shop_with(STAGING, unknown=("far-away",))
    first = shop.up().release
    with pytest.raises(FreezeError):
        promote_to(shop, Role.STAGING)
    shop.images.unknown.clear()
    plan_promote(shop.session, "shop-main", DeployRequest(role=Role.STAGING))
    assert len(shop.session.ledger.releases()) == 1
    completed = shop.session.ledger.load_release(promote_to(shop, Role.STAGING))
    assert set(completed.definitions) == {"preview", "staging"}
    assert completed.left_out == ()
    assert is_part_of(first, completed)
    assert not is_part_of(completed, first)
    assert completed.definitions["preview"] == first.definitions["preview"]


def test_production_is_not_reached_past_a_staging_that_was_left_out() -> None:
    shop = Shop(images=MemoryImages(unknown=["far-away"]))
    files = {"envs/preview.yaml": PREVIEW, "envs/staging.yaml": STAGING, "envs/production.yaml": PREVIEW}
    shop.source.commit("main", files)
    assert shop.up().release.left_out == ("staging",)
    with pytest.raises(PolicyError, match="not been proven in staging"):
        promote_to(shop, Role.PRODUCTION)
    shop.images.unknown.clear()
    promote_to(shop, Role.STAGING)


def test_an_update_reads_the_next_commit_as_the_environment_was_read() -> None:
    text = "services: {web: {image: shop-api}, tool: {image: shop-db, profiles: [debug]}}\n"
    shop = Shop(compose=text)
    up = shop.up("main", choice=ReadingChoice(profiles=("debug",)))
    assert {service.name for service in up.environment.services} == {"web", "tool"}
    assert shop.up("main", name="plain").release.id != up.release.id
    shop.source.commit("main", {"compose.yaml": text, "new": "file"})
    updated = update(Run(shop.session, shop.report), up.environment.name, DeployRequest())
    assert {service.name for service in updated.environment.services} == {"web", "tool"}


def test_a_definition_without_a_service_that_is_on_names_its_profiles() -> None:
    with pytest.raises(DefinitionError) as caught:
        Shop(compose="services: {web: {image: shop-api, profiles: [a, b]}}\n").up()
    assert "none of a, b is on" in caught.value.message
    assert "--profile a" in (caught.value.hint or "")
