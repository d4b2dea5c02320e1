"""What would happen as lines: the steps of a plan, a new lifetime, or what pruning removes."""

from __future__ import annotations

from datetime import datetime

from previewer.domain.memory_size import format_memory
from previewer.domain.plan import Plan
from previewer.domain.revision import short_id
from previewer.domain.wording import counted
from previewer.operations.extend import ExtendResult
from previewer.operations.prune import PruneItem, PrunePlan, describe
from previewer.tui.present.hanging import hanging
from previewer.tui.present.pieces import Line, Piece, Tone, cut_line, line, width_of
from previewer.tui.present.plan_lines import plan_lines, plan_size
from previewer.tui.present.times import time_left
from previewer.tui.requests.request import Proposal

_DIGITS = 64
"""Of a digest: its first ones say enough."""


def is_empty(proposal: Proposal) -> bool:
    """Whether there is nothing to do."""
    if isinstance(proposal, Plan):
        return not proposal.steps
    if isinstance(proposal, ExtendResult):
        return not proposal.changed
    return not proposal.removed


def proposal_size(proposal: Proposal) -> str:
    """``12 steps``; how much pruning frees; nothing for a lifetime."""
    if isinstance(proposal, Plan):
        return plan_size(proposal)
    if isinstance(proposal, ExtendResult):
        return ""
    return f"{describe(proposal.removed)}, {format_memory(proposal.bytes)}"


def proposal_lines(proposal: Proposal, *, now: datetime, width: int) -> tuple[Line, ...]:
    """All of it; none of an empty plan: the question says already that there is nothing to do."""
    if isinstance(proposal, Plan):
        return plan_lines(proposal, width=width)
    if isinstance(proposal, ExtendResult):
        return _lifetime_lines(proposal, now)
    return _prune_lines(proposal, width)


def _lifetime_lines(result: ExtendResult, now: datetime) -> tuple[Line, ...]:
    return (
        line(Piece("lives now    ", Tone.QUIET), *time_left(result.before.expires_at, now)),
        line(Piece("lives then   ", Tone.QUIET), *time_left(result.environment.expires_at, now)),
    )


def _prune_lines(plan: PrunePlan, width: int) -> tuple[Line, ...]:
    kinds = max((len(item.kind.value) for item in plan.removed), default=0)
    lines = [part for item in plan.removed for part in _item_lines(item, kinds, width)]
    if plan.kept and lines:
        lines += [(), line(Piece(f"{counted(len(plan.kept), 'other')} stay", Tone.QUIET))]
    return tuple(lines)


def _item_lines(item: PruneItem, kinds: int, width: int) -> tuple[Line, ...]:
    """On one line with its reason where that fits, else the reason below."""
    what, reason = _item(item, kinds), line(Piece(f"because {item.reason}", Tone.QUIET))
    if width_of(what) + 2 + width_of(reason) <= width:
        return ((*what, Piece("  "), *reason),)
    return (cut_line(what, width), *hanging([line(Piece("  "), *reason)], width))


def _item(item: PruneItem, kinds: int) -> Line:
    digits = item.name.removeprefix("sha256:")
    name = short_id(item.name) if len(digits) == _DIGITS else item.name
    size = f"  {format_memory(item.bytes)}" if item.bytes else ""
    return line(
        Piece(f"remove {item.kind.value:<{kinds}}", Tone.WARN),
        f"  {name}{size}",
    )
