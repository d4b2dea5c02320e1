"""Derive from what a run wrote which paths have to be declared writable before writing is prevented."""

from __future__ import annotations

from previewer.deployment.drift import choose_environments, freeze_environments
from previewer.domain.drift.judge import pair_containers
from previewer.domain.drift.judge_files import ChangedPath, undeclared_changes
from previewer.domain.drift.suggestion import Suggestion, suggest
from previewer.session.session import Session


def suggest_writable(session: Session, environment: str) -> tuple[Suggestion, ...]:
    """For each service of ``environment``, sorted by name: what its containers wrote that is not declared yet.

    Use the environment before: only what was written is known. Where writing is prevented already, nothing was.
    Raises :class:`NotFoundError`.
    """
    (found,) = choose_environments(session, [environment])
    seen = session.examiner.examine(session.source.installation)
    (frozen,) = freeze_environments(session, [found], seen)
    pairs = [(wanted, live) for wanted, live in pair_containers(frozen, seen) if live is not None]
    changes = session.examiner.file_changes([live.id for _wanted, live in pairs])
    written: dict[str, list[ChangedPath]] = {}
    for wanted, live in pairs:
        allowed = (*live.mounted, *wanted.copied)
        declared = undeclared_changes(changes.get(live.id, ()), allowed=allowed)
        written.setdefault(wanted.service, []).extend(declared)
    return tuple(suggest(service, written[service]) for service in sorted(written))
