"""List the repository's releases."""

from __future__ import annotations

from previewer.domain.release import Release
from previewer.errors import EngineUnreachableError
from previewer.frozen import dataclass
from previewer.operations.inspect import known_good_in, running_in
from previewer.operations.session import Session


@dataclass(frozen=True, slots=True)
class ListedRelease:
    """A release, and who needs it."""

    release: Release
    running: tuple[str, ...] | None
    """The environments that run it, or keep it to roll back to; ``None`` where no engine answers."""
    known_good: tuple[str, ...]
    """The environments that it was good in."""
    is_signed: bool
    """Whether somebody signed it; whether that is good, `previewer inspect` says."""
    is_published: bool | None
    """Whether a remote has it; ``None`` where nobody asked."""


def list_releases(session: Session, *, remote: str | None = None) -> tuple[ListedRelease, ...]:
    """Every release that the repository keeps, newest commit first; with ``remote`` also whether that has it.

    Raises :class:`SourceError` where the remote does not answer.
    """
    releases = session.ledger.releases()
    if not releases:
        return ()
    good, signed = known_good_in(session), session.ledger.signed()
    published = session.ledger.published(remote) if remote is not None else None
    try:
        running = running_in(session)
    except EngineUnreachableError:
        running = None
    return tuple(
        ListedRelease(
            release=release,
            running=running.get(release.id, ()) if running is not None else None,
            known_good=good.get(release.id, ()),
            is_signed=release.id in signed,
            is_published=release.id in published if published is not None else None,
        )
        for release in releases
    )
