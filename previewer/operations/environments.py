"""List environments and find the one that a user means."""

from __future__ import annotations

import difflib

from previewer.domain.definition import Role
from previewer.domain.environment import Environment
from previewer.domain.environment import list_environments as environments_in
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError
from previewer.operations.session import Session


def list_environments(session: Session, *, everywhere: bool = False) -> tuple[Environment, ...]:
    """The repository's environments, by name; with ``everywhere`` those of all repositories on the engine."""
    installation = None if everywhere else session.source.installation
    return environments_in(session.engine.observe(Selection(installation=installation)))


def find_environment(session: Session, text: str) -> Environment:
    """The environment that ``text`` names: by its name, its branch, its commit, or a unique beginning of them.

    Raises :class:`NotFoundError` with the nearest names, or with the several that it could mean.
    """
    environments = list_environments(session)
    for matches in (_exactly(environments, text), _beginning(environments, text)):
        if len(matches) == 1:
            return matches[0]
        if matches:
            several = ", ".join(environment.name for environment in matches)
            raise NotFoundError(f"several environments match: {several}", where=text, hint="give the whole name")
    names = [environment.name for environment in environments]
    near = difflib.get_close_matches(text, names, n=3, cutoff=0.4) or names[:5]
    hint = f"there is {', '.join(near)}" if near else f"`previewer up {text}` makes one"
    raise NotFoundError("no such environment", where=text, hint=hint)


def _exactly(environments: tuple[Environment, ...], text: str) -> tuple[Environment, ...]:
    """By name; else by branch or commit, where a preview goes before staging or production of the same."""
    if by_name := tuple(e for e in environments if e.name == text):
        return by_name
    by_source = tuple(e for e in environments if text in (e.ownership.branch, e.ownership.commit))
    return tuple(e for e in by_source if e.role is Role.PREVIEW) or by_source


def _beginning(environments: tuple[Environment, ...], text: str) -> tuple[Environment, ...]:
    if not text:
        return ()
    return tuple(
        e
        for e in environments
        if e.name.startswith(text)
        or e.name.removeprefix(f"{e.ownership.project}-").startswith(text)
        or (len(text) >= 4 and e.ownership.commit.startswith(text))
    )
