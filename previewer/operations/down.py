"""Tear environments down, with proof: what is left afterwards is looked for and must be nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from previewer.domain.cancellation import Cancellation
from previewer.domain.history import LedgerEntry
from previewer.domain.naming import environment_name
from previewer.domain.observation import Observation
from previewer.domain.plan import Plan
from previewer.domain.progress import Noted, Report
from previewer.domain.reconcile import plan_removal
from previewer.domain.wording import counted
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError
from previewer.operations.environments import find_environment, list_environments
from previewer.operations.remove import remove_all
from previewer.operations.session import Session

CAUSE = "environments are disposable"


@dataclass(frozen=True, slots=True)
class DownResult:
    """What is gone."""

    removed: tuple[str, ...]
    """Every object that was removed, as ``container NAME``, ``network NAME``, ``volume NAME``."""
    environments: tuple[str, ...]
    """The environments they belonged to."""
    already_gone: tuple[str, ...]
    """Names that were known once and had nothing left to remove."""


def all_names(session: Session) -> tuple[str, ...]:
    """The names of all of the repository's environments, whole or not."""
    return tuple(environment.name for environment in list_environments(session))


def expired_names(session: Session) -> tuple[str, ...]:
    """The names of those whose time to live is over."""
    now = session.clock()
    return tuple(e.name for e in list_environments(session) if e.expires_at is not None and e.expires_at <= now)


def plan_down(session: Session, environments: Sequence[str]) -> Plan:
    """What :func:`down` would do."""
    names, _gone = _resolve(session, environments)
    title = f"down {', '.join(names)}" if names else "down"
    return plan_removal(_observe(session, names), title=title, cause=CAUSE)


def down(
    session: Session, environments: Sequence[str], *, report: Report, cancellation: Cancellation
) -> DownResult:
    """Remove everything that belongs to these environments: containers, networks and volumes.

    Raises :class:`NotFoundError` for a name that nothing is known of, and :class:`LeftoversError` where
    something could not be removed. Once begun, it goes on to the end: half a removal helps nobody.
    """
    names, gone = _resolve(session, environments)
    for name in gone:
        report(Noted(f"{name} is already gone"))
    cancellation.check()
    with ExitStack() as locks:
        for name in sorted(names):
            locks.enter_context(session.ledger.lock(name, purpose="down"))
        before = _observe(session, names)
        removed = remove_all(
            session.engine,
            lambda: _observe(session, names),
            title=f"down {', '.join(names)}",
            cause=CAUSE,
            stage="down",
            report=report,
        )
        for name in names:
            session.ledger.append(_entry(session, name, before.of(name)))
    return DownResult(removed, tuple(names), tuple(gone))


def _observe(session: Session, names: Sequence[str]) -> Observation:
    """What belongs to the environments, in one look however many they are."""
    if not names:
        return Observation()
    one = names[0] if len(names) == 1 else None
    return session.engine.observe(Selection(session.source.installation, environment=one)).of(*names)


def _resolve(session: Session, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names of environments that exist, and those of ones that did."""
    names: list[str] = []
    gone: list[str] = []
    for text in wanted:
        try:
            name = find_environment(session, text).name
            if name not in names:
                names.append(name)
        except NotFoundError:
            if (former := _former_name(session, text)) is None:
                raise
            gone.append(former)
    return names, gone


def _former_name(session: Session, text: str) -> str | None:
    candidates = {text, environment_name(session.project, text)}
    former = {entry.environment for entry in session.ledger.entries() if entry.environment}
    return next(iter(sorted(candidates & former)), None)


def _entry(session: Session, name: str, before: Observation) -> LedgerEntry:
    newest = max(before.owners, key=lambda owner: owner.generation, default=None)
    kinds = (("container", before.containers), ("network", before.networks), ("volume", before.volumes))
    return LedgerEntry(
        action="down",
        at=session.clock(),
        actor=session.source.actor,
        environment=name,
        release=newest.release if newest else None,
        commit=newest.commit if newest else None,
        detail=", ".join(counted(len(objects), noun) for noun, objects in kinds),
    )
