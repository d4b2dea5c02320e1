"""What the page of a project says, told to the router piece by piece: what is as it was is not written again."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress

from previewer.background import begin
from previewer.deployment.sharing import names_at_router
from previewer.domain.commit.revision import Branch
from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import Environment, list_environments
from previewer.domain.labels import Ownership
from previewer.domain.parity.compare import compare_sides
from previewer.domain.routing.host_names import project_host
from previewer.domain.routing.index import (
    branches_files,
    environment_files,
    index_files,
    parity_files,
    removed_files,
)
from previewer.domain.routing.route_files import Link, RouterFiles
from previewer.domain.units import counted
from previewer.engine.protocol import Selection
from previewer.errors import EngineError, PreviewerError, SourceError
from previewer.session.session import Session

GUARDED = (Role.STAGING, Role.PRODUCTION)


def index_of(
    session: Session, environments: Iterable[Environment], *, removed: Iterable[Ownership] = ()
) -> RouterFiles:
    """The page with what became of ``environments``, and without those that were ``removed``."""
    told, gone = tuple(environments), tuple(removed)
    found = begin(session.source.branches, name="previewer-branches")
    host = _host(session, session.project)
    owners = (*gone, *(environment.ownership for environment in told))
    files = dict[str, bytes | Link]()
    for project in {session.project, *(owner.project for owner in owners)}:
        files |= index_files(_host(session, project), project)
    for environment in told:
        files |= environment_files(_host(session, environment.ownership.project), environment, now=session.clock())
    for owner in gone:
        files |= removed_files(_host(session, owner.project), owner)
    if any(owner.role in GUARDED for owner in owners):
        files |= parity_files(host, _parity(session, told))
    return {**files, **branches_files(host, _newest(found))}


def tell_page(session: Session, environment: Environment) -> None:
    """Let the page say what changed of an environment whose names lead where they led."""
    if names_at_router(session, environment):
        with suppress(EngineError):  # a router that is not there is told everything once it is
            session.router.write(session.settings.router.name, index_of(session, [environment]))


def _host(session: Session, project: str) -> str:
    return project_host(project, session.settings.router.domain)


def _newest(found: Future[tuple[Branch, ...]]) -> tuple[Branch, ...]:
    try:
        return found.result()
    except SourceError:
        return ()  # the page is about what runs


def _parity(session: Session, told: Iterable[Environment]) -> str:
    """How staging and production stand to each other, in a sentence; empty where that cannot be told.

    One that was ``told`` counts before the generation that the ledger still calls live.
    """
    seen = session.engine.observe(Selection(installation=session.source.installation))
    running = {one.role: one for one in (*list_environments(seen, session.known_notes()), *told)}
    if not all(role in running for role in GUARDED):
        return ""
    from previewer.deployment.parity import side_of_environment

    try:
        parity = compare_sides(*(side_of_environment(session, running[role]) for role in GUARDED))
    except PreviewerError:
        return ""
    differences = counted(len(parity.undeclared), "undeclared difference")
    return f"Staging and production: parity {parity.score} %, {differences}."
