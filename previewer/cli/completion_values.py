"""The names that a shell completes: branches and environments. Silent and empty where anything fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from previewer.cli.invocation import Invocation
from previewer.errors import PreviewerError

if TYPE_CHECKING:
    from previewer.operations.session import Session

MOST = 500
"""Names that a shell is given; nobody reads more."""


def complete_branches(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Branches that begin like ``incomplete``."""
    return _completed(ctx, "branches", incomplete)


def complete_environments(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Environments that begin like ``incomplete``."""
    return _completed(ctx, "environments", incomplete)


def names_to_complete(invocation: Invocation, kind: str) -> list[str]:
    """The names of ``branches`` or of ``environments``; none where git or the engine does not answer."""
    try:
        with invocation.open_session() as session:
            found = _branches(session) if kind == "branches" else _environments(session)
    except (PreviewerError, OSError):
        return []
    return [name for name in found if name.isprintable()][:MOST]


def _completed(ctx: click.Context, kind: str, incomplete: str) -> list[str]:
    invocation = ctx.find_object(Invocation)
    if invocation is None:
        return []
    return [name for name in names_to_complete(invocation, kind) if name.startswith(incomplete)]


def _branches(session: Session) -> list[str]:
    from previewer.operations.branches import list_branches

    return [branch.name for branch in list_branches(session)]


def _environments(session: Session) -> list[str]:
    from previewer.operations.down import all_names

    return list(all_names(session))
