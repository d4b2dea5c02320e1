"""Which two things are compared: environments, releases and definitions, by the names that users give them."""

from __future__ import annotations

import json

import pytest

from previewer.domain.compose.definition import Role
from previewer.domain.release.attestation import Package, PackageKind, bill_file, image_packages
from previewer.errors import DefinitionError, EngineUnreachableError, NotFoundError, UsageError
from previewer.ledger.protocol import RecordKind
from previewer.operations.parity import compare, parity_of_roles, resolve_side
from previewer.operations.probe import probe
from previewer.records.environments import list_environments
from previewer.testing.memory.session import memory_session
from tests.operations.shop import COMPOSE, FILES, Shop

PREVIEW = COMPOSE.replace("build: web", "build: ../web")
STAGING = PREVIEW + "x-previewer: {role: staging}\n"
PRODUCTION = PREVIEW.replace("image: shop-db", "image: shop-db\n    restart: always") + (
    "x-previewer: {role: production, parity: {allow: [{path: services.db.restart, reason: it must not rest}]}}\n"
)


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.source.commit(
        "main",
        {**FILES, "envs/preview.yaml": PREVIEW, "envs/staging.yaml": STAGING, "envs/production.yaml": PRODUCTION},
    )
    return shop


def test_without_names_staging_and_production_are_compared_whether_they_run_or_not(shop: Shop) -> None:
    defined = compare(shop.session)
    assert (defined.left.name, defined.right.name) == ("main:staging", "main:production")
    assert (defined.score, [d.path for d in defined.declared]) == (100, ["services.db.restart"])
    shop.up(role=Role.STAGING)
    shop.up(role=Role.PRODUCTION)
    running = compare(shop.session)
    assert (running.left.name, running.right.name) == ("shop-staging", "shop-production")
    assert (running.score, running.left.release) == (100, running.right.release)


def test_an_environment_a_revision_and_a_release_of_one_commit_are_the_same(shop: Shop) -> None:
    up = shop.up(role=Role.STAGING)
    names = (
        "staging",
        "shop-staging",
        "main:staging",
        f"{up.release.id}:staging",
        f"{up.release.id[7:19]}:staging",
    )
    sides = [resolve_side(shop.session, name) for name in names]
    assert {side.release for side in sides} == {up.release.id}
    assert all(compare(shop.session, names[0], name).differences == () for name in names)


def test_a_service_that_was_removed_by_hand_is_an_undeclared_difference(shop: Shop) -> None:
    shop.up(role=Role.STAGING)
    shop.engine.remove_container("shop-staging-g1-api-1")
    found = compare(shop.session, "staging", "main:staging").undeclared
    assert [difference.path for difference in found] == ["services.api"]


def test_packages_that_were_listed_at_freeze_explain_other_images(shop: Shop) -> None:
    before = shop.up(role=Role.STAGING).release
    shop.source.commit(
        "main", {**FILES, "envs/staging.yaml": STAGING, "envs/production.yaml": PRODUCTION, "web/page.html": "new"}
    )
    after = shop.up("main", role=Role.PRODUCTION).release
    for release, version in ((before, "1"), (after, "2")):
        image = release.definitions["staging"].artifacts["web"].image
        bill = {"components": [_component(Package(PackageKind.PYTHON, "flask", version))]}
        name = release.id.removeprefix("sha256:")
        kept = shop.session.ledger.load_record(RecordKind.ATTESTATION, name) or {}
        files = {**kept, bill_file(image): json.dumps(bill).encode()}
        shop.session.ledger.store_record(RecordKind.ATTESTATION, name, files, at=release.committed_at)
    paths = [difference.path for difference in compare(shop.session, "staging", "production").undeclared]
    assert paths == ["services.web.image", "services.web.packages.pypi/flask", "commit"]


def _component(package: Package) -> dict[str, str]:
    assert image_packages([package]).packages == (package,)
    return {"name": package.name, "version": package.version, "purl": f"pkg:pypi/{package.name}@{package.version}"}


def test_names_that_mean_nothing_say_what_there_is(shop: Shop) -> None:
    with pytest.raises(NotFoundError, match="no definition 'nope'") as of_commit:
        compare(shop.session, "main:nope", "main:staging")
    assert of_commit.value.hint == "there is preview, staging, production"
    with pytest.raises(NotFoundError, match="no such environment"):
        compare(shop.session, "nowhere", "main:staging")
    with pytest.raises(NotFoundError):
        resolve_side(shop.session, "sha256:0123456789abcdef")


def test_a_definition_that_cannot_be_read_says_why(shop: Shop) -> None:
    shop.source.commit("main", {**FILES, "envs/broken.yaml": "services: {web: {image: base, nonsense: 1}}"})
    with pytest.raises(DefinitionError) as caught:
        compare(shop.session, "main:broken", "main:broken")
    assert "nonsense" in str(caught.value)


def test_definitions_are_compared_without_an_engine(shop: Shop) -> None:
    def refuse() -> object:
        raise EngineUnreachableError("no engine")

    session = memory_session(source=shop.source, connect=refuse)  # type: ignore[arg-type]
    assert compare(session).score == 100
    assert compare(session, "main", "main:staging").undeclared == ()


def test_only_what_runs_can_be_probed(shop: Shop) -> None:
    asking = STAGING.replace("{role: staging}", "{role: staging, parity: {probe: {requests: [/]}}}")
    shop.source.commit("asks", {**FILES, "envs/staging.yaml": asking})
    side = resolve_side(shop.session, "asks:staging")
    with pytest.raises(UsageError, match="only what runs"):
        probe(shop.session, side, side)


def test_an_overview_says_why_there_is_no_score(shop: Shop) -> None:
    assert parity_of_roles(shop.session, ()).reason == "staging and production are not up"
    shop.up(role=Role.STAGING)
    assert parity_of_roles(shop.session, list_environments(shop.session)).reason == "production is not up"
    shop.up(role=Role.PRODUCTION)
    summary = parity_of_roles(shop.session, list_environments(shop.session))
    assert summary.parity is not None
    assert (summary.parity.score, summary.reason) == (100, "")


def test_an_undeclared_probe_is_an_error(shop: Shop) -> None:
    side = resolve_side(shop.session, "main:staging")
    with pytest.raises(UsageError, match="no requests are declared"):
        probe(shop.session, side, side)
