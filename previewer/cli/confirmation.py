"""Questions before what cannot be taken back. Without somebody to ask, ``--yes`` has to say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from previewer.cli.invocation import Invocation
from previewer.cli.plain_text import plain
from previewer.domain.definition import Role
from previewer.domain.plan import RemoveContainer
from previewer.domain.wording import counted
from previewer.errors import CancelledError, NotFoundError, UsageError

if TYPE_CHECKING:
    from previewer.operations.session import Session
    from previewer.operations.up import UpOptions


def confirm(invocation: Invocation, question: str) -> None:
    """Ask; no is the default. Raises :class:`CancelledError` for no, :class:`UsageError` without a terminal."""
    _need_somebody(invocation, question)
    if invocation.ask(f"{plain(question)} [y/N]").lower() not in ("y", "yes"):
        raise CancelledError("nothing was changed")


def confirm_name(invocation: Invocation, question: str, name: str) -> None:
    """Ask for ``name`` to be typed. Raises as :func:`confirm` does."""
    _need_somebody(invocation, question)
    if invocation.ask(f"{plain(question)} Type its name to go on:") != name:
        raise CancelledError("that is not its name: nothing was changed")


def confirm_down(invocation: Invocation, session: Session, names: Sequence[str], *, every: bool) -> None:
    """Ask what ``previewer down`` has to ask: once for ``--all``, and for the name of each production."""
    if every:
        confirm(invocation, f"Remove {counted(len(names), 'environment')} ({', '.join(names)})?")
    for name in _productions(session, names):
        confirm_name(invocation, f"{name} is production.", name)


def confirm_up(invocation: Invocation, session: Session, revision: str, options: UpOptions) -> None:
    """Ask for its name before a production that runs is replaced: what its volumes hold goes with it."""
    from previewer.operations.up import plan_up, wanted_name

    if options.role is not Role.PRODUCTION:
        return
    if any(step.action.verb == RemoveContainer.verb for step in plan_up(session, revision, options)):
        name = wanted_name(session, revision, options)
        confirm_name(invocation, f"{name} is production; what its volumes hold goes with what runs now.", name)


def _productions(session: Session, names: Sequence[str]) -> tuple[str, ...]:
    from previewer.operations.environments import find_environment

    found: list[str] = []
    for text in names:
        try:
            environment = find_environment(session, text)
        except NotFoundError:
            continue  # the operation tells what is already gone from what never was
        if environment.role is Role.PRODUCTION and environment.name not in found:
            found.append(environment.name)
    return tuple(found)


def _need_somebody(invocation: Invocation, question: str) -> None:
    if not invocation.can_ask:
        raise UsageError(f"nobody is there to answer: {question}", hint="--yes says it without a question")
