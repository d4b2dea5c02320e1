"""Warnings in good time: environments that are about to expire, and how many more fit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from previewer.cli.diagnostics import Diagnostics
from previewer.deployment.capacity import Capacity, measure_capacity
from previewer.domain.deploy.plan import Plan
from previewer.domain.engine.capacity import need_of_plan
from previewer.domain.environment.environment import Environment
from previewer.domain.units import counted
from previewer.engine.protocol import Selection
from previewer.present.values import duration
from previewer.session.session import Session

SOON = timedelta(hours=2)
NAMED = 3
"""Environments that are named; of more only the number is told."""


def warn_of_expiry(diagnostics: Diagnostics, environments: Sequence[Environment], now: datetime) -> None:
    """One line for those that expire soon, one for those that have expired, each with what helps."""
    dated = sorted((e.expires_at, e.name) for e in environments if e.expires_at is not None)
    over = [name for until, name in dated if until <= now]
    soon = [(until, name) for until, name in dated if now < until <= now + SOON]
    if over:
        diagnostics.warn(f"expired: {_names(over)}", "`previewer down --expired` removes what has expired")
    if soon:
        first, name = soon[0]
        others = f", and {len(soon) - 1} more soon after" if len(soon) > 1 else ""
        left = duration((first - now).total_seconds())
        diagnostics.warn(f"{name} expires in {left}{others}", f"`previewer extend {name} 2d` lets it live longer")


def _names(names: Sequence[str]) -> str:
    if len(names) <= NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


FEW = 10
"""The number from which on no warning is needed."""


def note_capacity(diagnostics: Diagnostics, plan: Plan, session: Session) -> None:
    """How often ``plan`` could be carried out; nothing where it makes nothing."""
    if not len(plan):
        return
    free_capacity = measure_capacity(
        session,
        need_of_plan(plan, subnet_prefix=session.settings.subnet_prefix),
        session.engine.observe(Selection()),
    )
    diagnostics.note(*capacity_words(free_capacity))


def note_scarcity(diagnostics: Diagnostics, free_capacity: Capacity) -> None:
    """How many more environments fit, if they are few."""
    if free_capacity.more < FEW:
        diagnostics.note(*capacity_words(free_capacity))


def capacity_words(free_capacity: Capacity) -> tuple[str, str]:
    """How many fit, and what bounds them."""
    tightest = free_capacity.tightest
    if free_capacity.more:
        return (
            f"room for {counted(free_capacity.more, 'environment')} like it",
            tightest.reason if tightest else "",
        )
    return "no room for it", f"{tightest.reason}; {tightest.hint}" if tightest else ""
