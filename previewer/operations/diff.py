"""What lies between two releases."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from previewer.deployment.definition import new_secrecy
from previewer.domain.commit.revision import Commit, FileChange
from previewer.domain.parity.compare import conceal
from previewer.domain.release.diff import ReleaseDiff, diff_releases
from previewer.domain.release.release import Release
from previewer.releases.attest import read_attestations
from previewer.releases.named_release import find_release_named
from previewer.session.session import Session

MOST_COMMITS = 1000


class Difference(Struct, frozen=True):
    """From one release to another."""

    old: Release
    new: Release
    content: ReleaseDiff
    """Images, packages, definitions; values that may be secrets are keyed hashes."""
    added_commits: tuple[Commit, ...] = ()
    """Commits that only the new one contains, newest first; at most :data:`MOST_COMMITS`."""
    removed_commits: tuple[Commit, ...] = ()
    """Commits that only the old one contains."""
    files: tuple[FileChange, ...] = ()
    """Files, sorted by path."""
    has_commits: bool = True
    """Whether the repository holds both commits; if not, commits and files are not known."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no difference at all, commits included."""
        return self.content.is_empty and self.old.commit == self.new.commit


def diff(session: Session, old_text: str, new_text: str) -> Difference:
    """What changed from one release to another; each is an id, a frozen revision or an environment.

    Raises :class:`NotFoundError`.
    """
    old, new = find_release_named(session, old_text), find_release_named(session, new_text)
    packages = {**read_attestations(session, old).packages, **read_attestations(session, new).packages}
    content = _without_secrets(session, diff_releases(old, new, packages))
    source = session.source
    if old.commit == new.commit:
        return Difference(old, new, content)
    if not all(source.find_commit(release.commit) for release in (old, new)):
        return Difference(old, new, content, has_commits=False)
    return Difference(
        old,
        new,
        content,
        added_commits=source.commits_between(old.commit, new.commit, limit=MOST_COMMITS),
        removed_commits=source.commits_between(new.commit, old.commit, limit=MOST_COMMITS),
        files=source.changed_files(old.commit, new.commit),
    )


def _without_secrets(session: Session, content: ReleaseDiff) -> ReleaseDiff:
    secrecy = new_secrecy(session)
    shown = (
        replace(
            change,
            before=conceal(change.path, change.before, secrecy),
            after=conceal(change.path, change.after, secrecy),
        )
        for change in content.definitions
    )
    return replace(content, definitions=tuple(shown))
