"""Say in time which environments are about to expire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from previewer.cli.diagnostics import Diagnostics
from previewer.domain.environment import Environment
from previewer.domain.ttl import format_remaining

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
        left = format_remaining(first, now=now).removesuffix(" left")
        diagnostics.warn(f"{name} expires in {left}{others}", f"`previewer extend {name} 2d` lets it live longer")


def _names(names: Sequence[str]) -> str:
    if len(names) <= NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
