"""Questions before irreversible operations. Without a terminal to ask on, ``--yes`` is required."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from previewer.cli.invocation import Invocation
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.plan import Plan, RemoveContainer, StopContainer
from previewer.domain.units import counted
from previewer.errors import CancelledError, UsageError
from previewer.present.safe_text import plain

if TYPE_CHECKING:
    from previewer.domain.environment.environment import Environment


def confirm(invocation: Invocation, question: str) -> None:
    """Ask; no is the default. Raises :class:`CancelledError` for no, :class:`UsageError` without a terminal."""
    _require_terminal(invocation, question)
    if invocation.ask(f"{plain(question)} [y/N]").lower() not in ("y", "yes"):
        raise CancelledError("nothing was changed")


def confirm_name(invocation: Invocation, question: str, name: str) -> None:
    """Ask for ``name`` to be typed. Raises as :func:`confirm` does."""
    _require_terminal(invocation, question)
    if invocation.ask(f"{plain(question)} Type its name to go on:") != name:
        raise CancelledError("that is not its name: nothing was changed")


def confirm_down(invocation: Invocation, environments: Sequence[Environment], *, every: bool) -> None:
    """Ask what ``previewer down`` has to ask: once for ``--all``, and for the name of each production."""
    names = [environment.name for environment in environments]
    if every:
        confirm(invocation, f"Remove {counted(len(names), 'environment')} ({', '.join(names)})?")
    for environment in environments:
        if environment.role is Role.PRODUCTION:
            confirm_name(invocation, f"{environment.name} is production.", environment.name)


def confirm_replacement(invocation: Invocation, role: Role, plan: Plan, *, is_rollback: bool = False) -> None:
    """Ask before what runs is replaced: for its name if it is production, else where data is left behind.

    A rollback is asked about in any role.
    """
    if not any(isinstance(step.action, RemoveContainer | StopContainer) for step in plan):
        return
    data = "".join(f"; {line}" for line in plan.left_data)
    if role is Role.PRODUCTION:
        confirm_name(invocation, f"{plan.environment} is production{data}.", plan.environment)
    elif is_rollback or (role is Role.STAGING and plan.left_data):
        confirm(invocation, f"{plan.title[:1].upper()}{plan.title[1:]}{data}. Go on?")


def _require_terminal(invocation: Invocation, question: str) -> None:
    if not invocation.can_ask:
        raise UsageError(f"no terminal to ask on: {question}", hint="pass --yes to confirm without a question")
