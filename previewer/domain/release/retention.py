"""What pruning keeps, and why: decided before anything is removed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from previewer.domain.commit.revision import short_id
from previewer.domain.engine.observation import Observation
from previewer.domain.labels import Ownership
from previewer.domain.record.notes import Notes
from previewer.domain.release.release import Release

FREEZE_GRACE = timedelta(hours=1)
"""How long an image without a release stays: the freeze that built it may still be at work, in any clone."""


class Judgement(Struct, frozen=True):
    """Whether something stays."""

    keeps: bool
    reason: str
    """Ends the sentence "it stays because" or "it goes because"."""


Judgements = Mapping[str, Judgement]
"""Judgements by a release's id or an image's digest."""


def judge_releases(
    releases: Sequence[Release],
    *,
    observed: Observation,
    notes: Notes,
    installation: str,
    newest: int,
    claimed: Collection[str] = (),
) -> Judgements:
    """Which of ``releases`` (newest commit first) anybody needs; ``observed`` is all that is on the engine.

    Needed is what an environment runs, of any installation, what a kept generation is made of, what was good in an
    environment that is still there, releases of ``claimed`` commits, and the ``newest`` ones. ``notes`` are those
    of ``installation``.
    """
    reasons = {r.id: "an `up` of its commit is running" for r in releases if r.commit in claimed}
    present = {owner.environment for owner in observed.owners if owner.installation == installation}
    reasons |= {
        good.release: f"it was good in {name}"
        for name, note in notes.items()
        if name in present
        for good in note.known_good
    }
    reasons |= {owner.release: _use(owner, notes, installation) for owner in _by_use(observed.owners)}
    judged: dict[str, Judgement] = {}
    for place, release in enumerate(releases):
        if release.id in reasons:
            judged[release.id] = Judgement(True, reasons[release.id])
        elif place < newest:
            judged[release.id] = Judgement(True, f"it is one of the newest {newest} releases")
        else:
            not_new = f", and it is not among the newest {newest}" if newest else ""
            judged[release.id] = Judgement(False, f"no environment needs it{not_new}")
    return judged


def judge_images(
    images: Iterable[str],
    *,
    releases: Sequence[Release],
    judged: Judgements,
    observed: Observation,
    young: Collection[str] = (),
) -> Judgements:
    """Which of ``images`` (config digests) anybody needs: a container of anybody's, or a release that stays.

    The ``young`` ones are those that were built within the last :data:`FREEZE_GRACE`.
    """
    used = {container.image: container.ownership.environment for container in observed.containers}
    named: dict[str, list[Release]] = {}
    for release in releases:
        for artifact in release.artifacts:
            for image in (artifact.image, *(base.image for base in artifact.bases)):
                named.setdefault(image, []).append(release)
    return {
        image: _judge_image(used.get(image), named.get(image, ()), judged, is_young=image in young)
        for image in images
    }


def _judge_image(
    user: str | None, releases: Sequence[Release], judged: Judgements, *, is_young: bool
) -> Judgement:
    if user is not None:
        return Judgement(True, f"{user} runs it")
    for release in releases:
        if judged[release.id].keeps:
            return Judgement(True, f"release {short_id(release.id)} needs it: {judged[release.id].reason}")
    if releases:
        return Judgement(False, f"no environment runs it; release {short_id(releases[0].id)} is not kept")
    if is_young:
        return Judgement(True, "it is less than an hour old, and the freeze that built it may go on")
    return Judgement(False, "no environment runs it, and no release has it")


def _by_use(owners: Iterable[Ownership]) -> list[Ownership]:
    """The one whose use is told comes last: the live generation of the environment that sorts first."""
    return sorted(owners, key=lambda owner: (owner.environment, -owner.generation), reverse=True)


def _use(owner: Ownership, notes: Notes, installation: str) -> str:
    note = notes.get(owner.environment) if owner.installation == installation else None
    if note is not None and owner.generation in note.kept:
        return f"generation {owner.generation} of {owner.environment} is kept to roll back to"
    return f"{owner.environment} runs it"
