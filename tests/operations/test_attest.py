"""What is said about a release is written once, made up for where it is missing, and never loses a release."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from previewer.domain.commit.revision import Change
from previewer.domain.compose.definition import Role
from previewer.domain.progress import Noted, TaskStarted
from previewer.domain.record.notes import EnvironmentNotes, KnownGood, LedgerEntry
from previewer.domain.release.attestation import Verdict
from previewer.domain.release.release import Release
from previewer.errors import (
    CancelledError,
    EngineError,
    EngineUnreachableError,
    NotFoundError,
    PolicyError,
    PreviewerError,
    SourceError,
)
from previewer.ledger.protocol import RecordKind
from previewer.operations.diff import diff
from previewer.operations.freeze import freeze
from previewer.operations.inspect import inspect
from previewer.operations.lists import list_releases
from previewer.operations.prune import Prunable, PruneItem, plan_prune, prune
from previewer.releases.attest import read_attestations, require_signature, signature_of
from previewer.releases.named_release import find_release_named
from previewer.session.readings import RememberedReadings
from previewer.session.run import Run
from previewer.settings.model import Settings
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.ledger import MemoryLedger
from previewer.testing.memory.session import DEFAULT_NOW, memory_session
from previewer.testing.memory.source import MemorySource
from tests.operations.shop import FILES, Shop

DPKG = b"Package: libc6\nVersion: 2.36\n"


class BrokenImages(MemoryImages):
    """Images whose files cannot be read."""

    error: Exception | None = EngineError("no space left on device")

    @contextmanager
    def files_of(self, image: str) -> Iterator[Iterator[bytes]]:
        """Fail, until ``error`` is taken away."""
        if self.error is not None:
            raise self.error
        with super().files_of(image) as chunks:
            yield chunks


def frozen(shop: Shop, revision: str = "main") -> Release:
    return freeze(Run(shop.session, shop.report), revision).release


def reported(shop: Shop) -> list[str]:
    return [event.message for event in shop.events if isinstance(event, Noted)]


def test_a_freeze_writes_provenance_and_a_bill_of_every_image() -> None:
    shop = Shop()
    release = frozen(shop)
    found = read_attestations(shop.session, release)
    assert found.provenance is not None
    assert found.bills.keys() == {artifact.image for artifact in release.artifacts}
    assert reported(shop) == []


def test_an_image_is_read_once_whatever_releases_it_is_in() -> None:
    shop = Shop()
    for revision in ("main", "main", "feature/a"):
        frozen(shop, revision)
    assert len(shop.images.read) == len(set(shop.images.read))
    kept = shop.session.ledger.record_names(RecordKind.BILL)
    assert sorted(shop.images.read) == sorted(f"sha256:{name}" for name in kept)


def test_a_fresh_clone_reads_no_image_again_and_says_the_same(tmp_path: Path) -> None:
    images, said = MemoryImages(), []
    for _clone in range(2):
        source = MemorySource()
        source.commit("main", FILES)
        session = memory_session(source=source, images=images, readings=RememberedReadings(tmp_path))
        release = freeze(Run(session, lambda _event: None), "main").release
        said.append((release.id, read_attestations(session, release).bills))
    assert said[0] == said[1]
    assert len(said[0][1]) == len(images.read) == len(set(images.read)) > 0


def test_files_that_cannot_be_read_lose_no_release_and_are_made_up_for() -> None:
    images = BrokenImages()
    shop = Shop(images=images)
    release = frozen(shop)
    assert shop.session.ledger.load_release(release.id) == release
    assert any("no space left" in message for message in reported(shop))
    found = read_attestations(shop.session, release)
    assert found.provenance is not None
    assert found.bills == {}
    images.error = None
    assert freeze(Run(shop.session, shop.report), "main").was_known
    assert len(read_attestations(shop.session, release).bills) == len(release.artifacts)


def test_up_reads_the_images_of_what_runs_and_of_nothing_else() -> None:
    shop = Shop()
    release = shop.session.ledger.load_release(shop.up("main").environment.ownership.release)
    assert len(read_attestations(shop.session, release).bills) == len(release.artifacts)
    failing = Shop()
    failing.engine.behaviours["api"] = Behaviour(exit_code=1)
    with pytest.raises(PreviewerError):
        failing.up("main")
    assert failing.is_clean()
    assert failing.images.read == []


def test_packages_are_listed_after_what_runs_is_healthy_and_an_interruption_then_costs_nothing() -> None:
    images = BrokenImages()
    images.error = CancelledError("interrupted")
    shop = Shop(images=images)
    assert shop.up().changed
    titles = [event.task for event in shop.events if isinstance(event, TaskStarted)]
    first = next(index for index, title in enumerate(titles) if title.startswith("list packages"))
    assert not any(title.startswith(("start", "await")) for title in titles[first:])


def test_listing_packages_can_be_off() -> None:
    source, images = MemorySource(), MemoryImages()
    source.commit("main", FILES)
    session = memory_session(source=source, images=images, settings=Settings(list_packages=False))
    release = freeze(Run(session), "main").release
    assert images.read == []
    assert read_attestations(session, release).provenance is not None
    assert freeze(Run(session), "main").was_known
    assert images.read == []


def test_an_interruption_while_reading_is_one() -> None:
    images = BrokenImages()
    images.error = CancelledError("interrupted")
    shop = Shop(images=images)
    with pytest.raises(CancelledError):
        frozen(shop)
    assert len(shop.session.ledger.releases()) == 1


def test_a_release_is_signed_as_soon_as_it_is_signed_for() -> None:
    ledger = MemoryLedger()
    source = MemorySource()
    source.commit("main", FILES)
    session = memory_session(source=source, ledger=ledger)
    events: list[object] = []
    release = freeze(Run(session, events.append), "main").release
    assert signature_of(session, release.id).verdict is Verdict.UNSIGNED
    ledger.signer = "Ada <ada@example.org>"
    freeze(Run(session, events.append), "main")
    assert signature_of(session, release.id).signer == "Ada <ada@example.org>"


def test_a_role_may_ask_for_signatures() -> None:
    ledger, source = MemoryLedger(), MemorySource()
    source.commit("main", FILES)
    settings = Settings(require_signed=frozenset({Role.PRODUCTION}))
    session = memory_session(source=source, ledger=ledger, settings=settings)
    release = freeze(Run(session), "main").release
    require_signature(session, release.id, Role.STAGING)
    with pytest.raises(PolicyError, match="not signed"):
        require_signature(session, release.id, Role.PRODUCTION)
    ledger.signer = "Ada"
    freeze(Run(session), "main")
    require_signature(session, release.id, Role.PRODUCTION)


def test_a_key_that_does_not_work_is_told_and_the_rest_is_kept() -> None:
    class Locked(MemoryLedger):
        def attest(self, release_id: str, files: object, *, at: object, sign: bool) -> None:
            if sign:
                raise SourceError("git cannot sign: no secret key")
            super().attest(release_id, files, at=at, sign=sign)  # type: ignore[arg-type]

    ledger = Locked()
    ledger.signer = "Ada"
    source = MemorySource()
    source.commit("main", FILES)
    session = memory_session(source=source, ledger=ledger)
    events: list[object] = []
    release = freeze(Run(session, events.append), "main").release
    assert any(isinstance(e, Noted) and "is not signed: git cannot sign" in e.message for e in events)
    assert read_attestations(session, release).provenance is not None
    assert signature_of(session, release.id).verdict is Verdict.UNSIGNED


def test_a_release_is_found_by_id_revision_and_environment() -> None:
    shop = Shop()
    release = frozen(shop)
    shop.up("main", name="shop-demo")
    for text in (
        release.id,
        release.id[7:15],
        "main",
        release.commit,
        release.commit[:9],
        "shop-demo",
        "demo",
    ):
        assert find_release_named(shop.session, text) == release, text
    with pytest.raises(NotFoundError, match="never frozen"):
        find_release_named(shop.session, "feature/a")
    for text in ("nope", "sha256:ffff", "ffffffff"):
        with pytest.raises(NotFoundError):
            find_release_named(shop.session, text)


def test_of_a_commits_releases_the_one_spoken_of_last_is_meant() -> None:
    shop = Shop()
    first = frozen(shop)
    other = Release(
        first.project, first.commit, first.tree, first.committed_at, first.definitions, files={"x": "sha256:1"}
    )
    shop.session.ledger.store_release(other)
    for release in (other, first, other):
        shop.session.ledger.append(LedgerEntry("up", DEFAULT_NOW, "ada", release=release.id))
        assert find_release_named(shop.session, "main") == release


def test_inspect_tells_what_is_in_a_release_and_where_it_runs() -> None:
    shop = Shop()
    release = shop.up("main").environment.ownership.release
    notes = {"shop-staging": EnvironmentNotes(2, known_good=(KnownGood(release, "c", 1, DEFAULT_NOW),))}
    shop.session.ledger.append(LedgerEntry("promote", DEFAULT_NOW, "ada", notes=notes))
    found = inspect(shop.session, "main")
    assert found.release.id == release
    assert [environment.name for environment in found.running] == ["shop-main"]
    assert found.known_good == ("shop-staging",)
    assert found.sizes.keys() == {artifact.image for artifact in found.release.artifacts}
    (listed,) = list_releases(shop.session)
    assert (listed.running, listed.known_good, listed.is_signed) == (("shop-main",), ("shop-staging",), False)


def test_inspect_needs_no_engine() -> None:
    shop = Shop()
    release = frozen(shop)

    def unreachable() -> object:
        raise EngineUnreachableError("no engine answers")

    session = memory_session(source=shop.source, ledger=shop.session.ledger, connect=unreachable)  # type: ignore[arg-type]
    found = inspect(session, "main")
    assert (found.release, found.engine_answers, found.running) == (release, False, ())
    (listed,) = list_releases(session)
    assert listed.running is None


def test_diff_tells_commits_files_images_and_packages() -> None:
    shop = Shop()
    old = frozen(shop)
    shop.commit("another page")
    shop.images.contents = {"var/lib/dpkg/status": DPKG}
    new = frozen(shop)
    found = diff(shop.session, old.id, "main")
    assert (found.old, found.new) == (old, new)
    assert [commit.id for commit in found.added_commits] == [new.commit]
    assert found.removed_commits == ()
    assert [change.path for change in found.files] == ["web/page.html"]
    assert [image.service for image in found.content.images] == ["web"]
    assert [(p.name, p.change) for p in found.content.packages] == [("libc6", Change.ADDED)]
    assert not found.is_empty
    assert diff(shop.session, old.id, old.id).is_empty


def test_pruning_forgets_releases_only_when_asked_and_never_needed_ones() -> None:
    shop = Shop()
    running = shop.up("main").environment.ownership.release
    for page in ("2", "3", "4"):
        shop.commit(page)
        frozen(shop)
    everything = {release.id for release in shop.session.ledger.releases()}
    plan = plan_prune(shop.session, keep=1)
    assert {item.kind for item in plan.removed} == {Prunable.IMAGE}
    assert len(plan.removed) == 2
    result = prune(Run(shop.session, shop.report), keep=1, releases=True)
    newest = shop.session.ledger.releases()[0].id
    assert {release.id for release in shop.session.ledger.releases()} == {running, newest}
    gone = {item.name for item in result.removed if item.kind is Prunable.RELEASE}
    assert gone == everything - {running, newest}
    digits = sorted(name.removeprefix("sha256:") for name in (running, newest))
    assert sorted(shop.session.ledger.record_names(RecordKind.ATTESTATION)) == digits
    left = {a.image for release in shop.session.ledger.releases() for a in release.artifacts}
    assert {f"sha256:{name}" for name in shop.session.ledger.record_names(RecordKind.BILL)} == left
    assert plan_prune(shop.session, keep=1, releases=True).removed == ()


def test_old_tombstones_go_and_young_ones_stay() -> None:
    shop = Shop()
    ledger = shop.session.ledger
    for name, year in (("old", 2024), ("young", DEFAULT_NOW.year)):
        ledger.store_record(RecordKind.TOMBSTONE, name, {"x": b""}, at=DEFAULT_NOW.replace(year=year))
    (found,) = plan_prune(shop.session).removed
    assert found == PruneItem(Prunable.TOMBSTONE, "old", False, "it is older than 30 days")
