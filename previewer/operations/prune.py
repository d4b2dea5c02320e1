"""Free the disk of images, and the repository of references, that nothing needs any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum

from msgspec import Struct, field

from previewer.deployment.supersede import claimed_commits
from previewer.domain.commit.revision import short_id
from previewer.domain.engine.observation import Observation
from previewer.domain.progress import Noted, Outcome, TaskFinished, TaskStarted
from previewer.domain.record.notes import LedgerEntry
from previewer.domain.release.image_comparison import Layers, freed_bytes
from previewer.domain.release.release import Release
from previewer.domain.release.retention import FREEZE_GRACE, Judgements, judge_images, judge_releases
from previewer.domain.units import counted
from previewer.engine.protocol import Selection
from previewer.errors import EngineError, EngineUnreachableError, SourceError
from previewer.ledger.protocol import RecordKind
from previewer.records.environments import check_head
from previewer.releases.named_release import newest_first
from previewer.session.run import Run
from previewer.session.session import Session


class Prunable(Enum):
    """Kinds of what pruning looks at. The value is for people."""

    IMAGE = "image"
    RELEASE = "release"
    ATTESTATION = "attestation"
    """The attestation of a release that is gone."""
    BILL = "bill of materials"
    """The bill of materials of an image that is in no release."""
    TOMBSTONE = "tombstone"


_RECORDS = {
    Prunable.ATTESTATION: RecordKind.ATTESTATION,
    Prunable.BILL: RecordKind.BILL,
    Prunable.TOMBSTONE: RecordKind.TOMBSTONE,
}


class PruneItem(Struct, frozen=True):
    """Something that pruning looked at."""

    kind: Prunable
    name: str
    """An image's or a release's ``sha256:…``, or a record's name."""
    keeps: bool
    reason: str
    bytes: int = 0
    """The image's size, as the engine counts it: layers that other images share are counted again."""
    commits: frozenset[str] = frozenset()
    """Commits that it was built for, or belongs to, as far as that is known."""


class PrunePlan(Struct, frozen=True):
    """What pruning would remove, and what it would keep."""

    items: tuple[PruneItem, ...]
    layers: Mapping[str, Layers] = field(default_factory=dict)
    """The layers of all images of the engine; sizes are known of those that go."""

    @property
    def removed(self) -> tuple[PruneItem, ...]:
        """What goes."""
        return tuple(item for item in self.items if not item.keeps)

    @property
    def kept(self) -> tuple[PruneItem, ...]:
        """What stays."""
        return tuple(item for item in self.items if item.keeps)

    @property
    def bytes(self) -> int:
        """That the engine frees if all of it goes."""
        return self.freed_by(self.removed)

    def freed_by(self, items: Iterable[PruneItem]) -> int:
        """The bytes that the engine frees if ``items`` go: layers that other images have stay."""
        return freed_bytes({item.name for item in items if item.kind is Prunable.IMAGE}, self.layers)


class PruneResult(Struct, frozen=True):
    """What pruning removed."""

    removed: tuple[PruneItem, ...]
    bytes: int
    """Bytes that the engine freed."""


def plan_prune(session: Session, *, keep: int | None = None, releases: bool = False) -> PrunePlan:
    """What is unused: images that were built for this project, and what belongs to releases that are gone.

    Never what any environment on the engine runs, what a kept generation or a known-good release needs, or the
    newest ``keep`` releases (``None``: as the settings say). With ``releases`` the references of other releases
    go too; without, they stay, and freezing builds their images again. Nor what a running `freeze` or `up` uses
    meanwhile: see :data:`FREEZE_GRACE`.
    """
    known = newest_first(session, session.ledger.releases())
    observed = session.engine.observe(Selection())
    check_head(session, observed)
    judged = judge_releases(
        known,
        observed=observed,
        notes=session.ledger.notes(),
        installation=session.source.installation,
        newest=session.settings.keep_releases if keep is None else keep,
        claimed=claimed_commits(session),
    )
    built = session.images.list_built(session.project)
    images = _judge_images(session, sorted(built), known, judged, observed)
    commits = _commits(known, images)
    staying = [release for release in known if not releases or judged[release.id].keeps]
    going = [image for image, found in images.items() if not found.keeps]
    return PrunePlan(
        layers=session.images.layers_of_all(measured=going) if going else {},
        items=(
            *(
                PruneItem(Prunable.IMAGE, image, found.keeps, found.reason, built[image], commits[image])
                for image, found in images.items()
            ),
            *(
                PruneItem(
                    Prunable.RELEASE, r.id, judged[r.id].keeps, judged[r.id].reason, commits=frozenset({r.commit})
                )
                for r in known
                if releases
            ),
            *_orphans(session, staying, {image for image, found in images.items() if found.keeps}),
            *_old_tombstones(session),
        ),
    )


def prune(run: Run, *, keep: int | None = None, releases: bool = False) -> PruneResult:
    """Remove what :func:`plan_prune` lists. What came into use meanwhile stays.

    What cannot be removed keeps nothing else: where the repository refuses, its disk being full say, that is told,
    and where the engine does, its first error is raised in the end.
    """
    session = run.session
    removed: list[PruneItem] = []
    failures: list[EngineError] = []
    plan = plan_prune(session, keep=keep, releases=releases)
    for item in plan.removed:
        run.cancellation.check()
        if _remove(run, item, failures):
            removed.append(item)
    result = PruneResult(tuple(removed), plan.freed_by(removed))
    if removed:
        _note(run, result)
    for failure in failures:
        raise EngineError(failure.message, where=failure.where, hint="everything else that is unused was removed")
    session.images.unname_bases(session.project)
    session.images.sweep()
    return result


def _remove(run: Run, item: PruneItem, failures: list[EngineError]) -> bool:
    """Whether it is gone."""
    task, begun = f"remove {item.kind.value} {item.name}", time.monotonic()
    run.report(TaskStarted(task, "prune"))
    is_gone, outcome, detail = False, Outcome.DONE, ""
    try:
        # Not by what was seen when all was judged: that may be long ago where there is much to remove.
        is_wanted = bool(item.commits) and not item.commits.isdisjoint(claimed_commits(run.session))
        is_gone = not is_wanted and _remover(run.session, item)()
        detail = "" if is_gone else "an `up` of it is running" if is_wanted else "it is in use"
    except EngineUnreachableError:
        raise
    except (EngineError, SourceError) as error:
        outcome, detail = Outcome.FAILED, str(error)
        failures += [error] if isinstance(error, EngineError) else []
    run.report(TaskFinished(task, outcome, time.monotonic() - begun, detail))
    return is_gone


def _note(run: Run, result: PruneResult) -> None:
    entry = LedgerEntry(
        action="prune",
        at=run.session.clock(),
        actor=run.session.source.actor,
        detail=f"{describe(result.removed)}, {result.bytes} bytes",
    )
    try:
        run.session.ledger.append(entry)
    except SourceError as error:
        run.report(Noted(f"it could not be added to the history: {error}"))


def _judge_images(
    session: Session, images: list[str], known: tuple[Release, ...], judged: Judgements, observed: Observation
) -> Judgements:
    named = {artifact.image for release in known for artifact in release.artifacts}
    times = session.images.named_at([image for image in images if image not in named])
    young = {image for image, at in times.items() if session.clock() - at < FREEZE_GRACE}
    return judge_images(images, releases=known, judged=judged, observed=observed, young=young)


def describe(items: Iterable[PruneItem]) -> str:
    """``2 images, 1 release``: how many of each kind."""
    numbers: dict[Prunable, int] = {}
    for item in items:
        numbers[item.kind] = numbers.get(item.kind, 0) + 1
    plurals = {Prunable.BILL: "bills of materials"}
    return ", ".join(counted(number, kind.value, plurals.get(kind)) for kind, number in numbers.items())


def _remover(session: Session, item: PruneItem) -> Callable[[], bool]:
    """What removes it, and says whether it is gone."""

    def remove_image() -> bool:
        session.images.remove(item.name)
        return bool(session.images.missing([item.name]))

    def remove_release() -> bool:
        session.ledger.remove_release(item.name)
        return True

    def remove_record() -> bool:
        session.ledger.remove_record(_RECORDS[item.kind], item.name)
        return True

    return {Prunable.IMAGE: remove_image, Prunable.RELEASE: remove_release}.get(item.kind, remove_record)


def _commits(releases: Iterable[Release], images: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """By image, the commits of the releases that have it, as an artifact or as a base of one."""
    found: dict[str, set[str]] = {image: set() for image in images}
    for release in releases:
        for artifact in release.artifacts:
            for image in (artifact.image, *(base.image for base in artifact.bases)):
                if image in found:
                    found[image].add(release.commit)
    return {image: frozenset(commits) for image, commits in found.items()}


def _orphans(session: Session, staying: Iterable[Release], images: set[str]) -> Iterator[PruneItem]:
    """What is said about releases that are gone, and of images that neither a release nor the engine has."""
    releases = list(staying)
    for name in session.ledger.record_names(RecordKind.ATTESTATION):
        if f"sha256:{name}" not in {release.id for release in releases}:
            yield PruneItem(Prunable.ATTESTATION, name, False, f"release {short_id(name)} is not kept")
    named = {artifact.image for release in releases for artifact in release.artifacts} | images
    for name in session.ledger.record_names(RecordKind.BILL):
        if f"sha256:{name}" not in named:
            yield PruneItem(Prunable.BILL, name, False, "no release has this image")


def _old_tombstones(session: Session) -> Iterator[PruneItem]:
    age = session.settings.keep_tombstones
    if age is None:
        return
    oldest = session.clock() - age
    for name, at in session.ledger.record_times(RecordKind.TOMBSTONE).items():
        if at < oldest:
            yield PruneItem(Prunable.TOMBSTONE, name, False, f"it is older than {age.days} days")
