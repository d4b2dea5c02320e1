"""Everything that is known about one release."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from previewer.domain.environment.environment import Environment
from previewer.domain.release.attestation import Attestations, Signature
from previewer.domain.release.release import Release
from previewer.engine.protocol import Selection
from previewer.errors import EngineUnreachableError
from previewer.records.environments import check_head, list_environments
from previewer.releases.attest import read_attestations, signature_of
from previewer.releases.named_release import find_release_named
from previewer.session.session import Session


class Inspection(Struct, frozen=True):
    """A release, what is said about it, and where it is."""

    release: Release
    subject: str
    """The first line of the commit's message; empty where the repository has not got the commit."""
    attestations: Attestations
    signature: Signature
    known_good: tuple[str, ...]
    """The environments that it was good in, sorted."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes by image, of those that the engine holds."""
    running: tuple[Environment, ...] = ()
    """The repository's environments that run it."""
    engine_answers: bool = True
    """If not, sizes and what runs are not known."""


def inspect(session: Session, text: str) -> Inspection:
    """What is known about the release that ``text`` names: an id, a frozen revision or an environment.

    Without an engine the rest is told all the same. Raises :class:`NotFoundError`.
    """
    release = find_release_named(session, text)
    attestations = read_attestations(session, release)
    signature = signature_of(session, release.id)
    commit = session.source.find_commit(release.commit)
    subject = commit.subject if commit is not None else ""
    good = known_good_in(session).get(release.id, ())
    try:
        sizes = session.image_sizes({artifact.image for artifact in release.artifacts})
        running = tuple(e for e in list_environments(session) if e.ownership.release == release.id)
    except EngineUnreachableError:
        return Inspection(release, subject, attestations, signature, good, engine_answers=False)
    return Inspection(release, subject, attestations, signature, good, sizes, running)


def known_good_in(session: Session) -> Mapping[str, tuple[str, ...]]:
    """The environments that each release was good in, by its id."""
    found: dict[str, set[str]] = {}
    for name, notes in session.known_notes().items():
        for good in notes.known_good:
            found.setdefault(good.release, set()).add(name)
    return {release: tuple(sorted(names)) for release, names in found.items()}


def running_in(session: Session) -> Mapping[str, tuple[str, ...]]:
    """The environments of this repository whose objects are of each release, by its id; sorted.

    Kept generations count: they are there, and can be started again.
    """
    found: dict[str, set[str]] = {}
    observed = session.engine.observe(Selection(installation=session.source.installation))
    check_head(session, observed)
    for owner in observed.owners:
        found.setdefault(owner.release, set()).add(owner.environment)
    return {release: tuple(sorted(names)) for release, names in found.items()}
