"""The names that a shell completes: branches, environments and their services. Silent where anything fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from previewer.cli.invocation import Invocation
from previewer.errors import PreviewerError

if TYPE_CHECKING:
    from previewer.session.session import Session

MOST = 500
"""The most names that a shell is given; a longer list is not read."""


def complete_branches(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Branches that begin like ``incomplete``."""
    return _completed(ctx, "branches", incomplete)


def complete_environments(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Environments that begin like ``incomplete``, else their branches; but none that is there already."""
    invocation, there = ctx.find_object(Invocation), ctx.params.get("environments") or ()
    if invocation is None:
        return []
    names = _silently(invocation, lambda session: _environments_like(session, incomplete))
    return [name for name in names if name not in there]


def complete_services(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Services of the environment that stands before, but those that are there already."""
    invocation, environment = ctx.find_object(Invocation), ctx.params.get("environment")
    if invocation is None or not environment:
        return []
    there = ctx.params.get("services") or ()
    names = _silently(invocation, lambda session: _services(session, str(environment)))
    return [name for name in names if name.startswith(incomplete) and name not in there]


def names_to_complete(invocation: Invocation, kind: str) -> list[str]:
    """The names of ``branches`` or of ``environments``; none where git or the engine does not answer."""
    return _silently(invocation, _branches if kind == "branches" else _environments)


def _silently(invocation: Invocation, look: Callable[[Session], Iterable[str]]) -> list[str]:
    try:
        with invocation.open_session() as session:
            return [name for name in look(session) if name.isprintable()][:MOST]
    except (PreviewerError, OSError):
        return []


def _completed(ctx: click.Context, kind: str, incomplete: str) -> list[str]:
    invocation = ctx.find_object(Invocation)
    if invocation is None:
        return []
    return [name for name in names_to_complete(invocation, kind) if name.startswith(incomplete)]


def _branches(session: Session) -> list[str]:
    from previewer.operations.lists import list_branches

    branches = list_branches(session, remote=True)
    local = [branch.name for branch in branches if not branch.is_remote]
    # `up feature/x` finds the branch at the remote too: a fresh clone has no other.
    remote = (branch.name.partition("/")[2] for branch in branches if branch.is_remote)
    return list(dict.fromkeys((*local, *remote)))


def _environments(session: Session) -> list[str]:
    from previewer.operations.down import all_names

    return list(all_names(session))


def _environments_like(session: Session, beginning: str) -> list[str]:
    from previewer.records.environments import list_environments

    environments = list_environments(session)
    names = [environment.name for environment in environments if environment.name.startswith(beginning)]
    branches = (e.ownership.branch for e in environments if e.role.value == "preview")
    return names or [branch for branch in branches if branch and branch.startswith(beginning)]


def _services(session: Session, environment: str) -> list[str]:
    from previewer.records.environments import find_environment

    return [service.name for service in find_environment(session, environment).services]
