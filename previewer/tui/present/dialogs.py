"""Dialogs: what would happen, the question before it, and lists to pick from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from previewer.domain.commit.revision import short_id
from previewer.domain.deploy.plan import Plan, Step
from previewer.domain.units import counted, format_memory
from previewer.operations.extend import ExtendResult
from previewer.operations.prune import PruneItem, PrunePlan, describe
from previewer.present.safe_text import plain
from previewer.present.values import Span, Tone, time_left
from previewer.tui.present.text import Line, cut, cut_line, hanging_indent, line, width_of
from previewer.tui.request import Proposal, Request


def plan_lines(plan: Plan, *, width: int) -> tuple[Line, ...]:
    """The steps, aligned; removals in the tone of a warning. None where there is nothing to do."""
    return _step_lines(plan, width) if plan.steps else ()


def data_lines(plan: Plan) -> tuple[Line, ...]:
    """What happens to data: what is lost, as a warning, and what volumes begin with; none without data."""
    begins = line(Span("data: ", Tone.QUIET), "; ".join(plan.begins))
    return (
        *(line(Span("! ", Tone.WARN), Span(said, Tone.WARN)) for said in plan.left_data),
        *((begins,) if plan.begins else ()),
    )


def plan_words(plan: Plan) -> str:
    """``makes 3 containers, 2 networks · removes 3 containers, 1 volume with its data``."""
    made = Counter(step.action.verb.removeprefix("create ") for step in plan.steps if step.action.verb in _MAKING)
    gone = Counter(step.action.verb.removeprefix("remove ") for step in plan.steps if step.removes)
    stopped = sum(step.action.verb == "stop container" for step in plan.steps)
    started = sum(step.action.verb == "start container" for step in plan.steps) if not made else 0
    parts = [
        f"{word} {', '.join(counted(counts[kind], kind) for kind in KINDS if counts[kind])}"
        for word, counts in (("makes", made), ("removes", gone))
        if any(counts[kind] for kind in KINDS)
    ]
    if gone["volume"] and not (plan.left_data or plan.begins):  # else that says what becomes of it
        parts[-1] += " with its data" if gone["volume"] == 1 else " with their data"
    parts += [f"{word} {counted(n, 'container')}" for word, n in (("starts", started), ("stops", stopped)) if n]
    return " · ".join(parts)


KINDS = ("container", "network", "volume")
_MAKING = frozenset(f"create {kind}" for kind in KINDS)


def _step_lines(plan: Plan, width: int) -> tuple[Line, ...]:
    verbs = max(len(step.action.verb) for step in plan.steps)
    names = max(len(step.action.name) for step in plan.steps)
    causes = max(len(step.cause) for step in plan.steps)
    is_one_line = verbs + names + causes + len("  because ") + 4 <= width
    lines: list[Line] = []
    previous_cause = ""
    for step in plan.steps:
        if is_one_line:
            lines.append((*_step(step, verbs, names), Span(f"  because {step.cause}", Tone.QUIET)))
            continue
        if step.cause != previous_cause:
            lines.append(line(Span(f"because {step.cause}", Tone.QUIET)))
            previous_cause = step.cause
        lines.append((Span("  "), *_step(step, verbs, 0)))
    return (*lines, *_note_lines(plan))


def _note_lines(plan: Plan) -> tuple[Line, ...]:
    """What of the definition does not run as it is written."""
    if not plan.notes:
        return ()
    return (
        line(),
        line(Span("not as written", Tone.STRONG)),
        *(line(Span(note, Tone.QUIET)) for note in plan.notes),
    )


def plan_size(plan: Plan) -> str:
    """``12 steps``."""
    return f"{len(plan)} step{'' if len(plan) == 1 else 's'}"


def _step(step: Step, verbs: int, names: int) -> Line:
    style = Tone.WARN if step.removes else Tone.PLAIN
    return line(Span(f"{step.action.verb:<{verbs}}", style), f"  {step.action.name:<{names}}")


_DIGITS = 64
"""Of a digest: its first ones say enough."""


def is_empty(proposal: Proposal) -> bool:
    """Whether there is nothing to do."""
    if isinstance(proposal, Plan):
        return not proposal.steps
    if isinstance(proposal, ExtendResult):
        return not proposal.changed
    if isinstance(proposal, tuple):
        return not proposal
    return not proposal.removed


def proposal_size(proposal: Proposal) -> str:
    """``12 steps``; how much pruning frees; nothing for a lifetime."""
    if isinstance(proposal, Plan):
        return plan_size(proposal)
    if isinstance(proposal, ExtendResult | tuple):
        return ""
    return f"{describe(proposal.removed)}, {format_memory(proposal.bytes)}"


def proposal_lines(proposal: Proposal, *, now: datetime, width: int) -> tuple[Line, ...]:
    """All of it; none of an empty plan: the question says already that there is nothing to do."""
    if isinstance(proposal, Plan):
        return plan_lines(proposal, width=width)
    if isinstance(proposal, ExtendResult):
        return _lifetime_lines(proposal, now)
    if isinstance(proposal, tuple):
        return hanging_indent((line(words) for words in proposal), width, indent=4)
    return _prune_lines(proposal, width)


def _lifetime_lines(result: ExtendResult, now: datetime) -> tuple[Line, ...]:
    return (
        line(Span("lives now    ", Tone.QUIET), time_left(result.before.expires_at, now)),
        line(Span("lives then   ", Tone.QUIET), time_left(result.environment.expires_at, now)),
    )


def _prune_lines(plan: PrunePlan, width: int) -> tuple[Line, ...]:
    kinds = max((len(item.kind.value) for item in plan.removed), default=0)
    lines = [part for item in plan.removed for part in _item_lines(item, kinds, width)]
    if plan.kept and lines:
        lines += [(), line(Span(f"{counted(len(plan.kept), 'other')} stay", Tone.QUIET))]
    return tuple(lines)


def _item_lines(item: PruneItem, kinds: int, width: int) -> tuple[Line, ...]:
    """On one line with its reason where that fits, else the reason below."""
    what, reason = _item(item, kinds), line(Span(f"because {item.reason}", Tone.QUIET))
    if width_of(what) + 2 + width_of(reason) <= width:
        return ((*what, Span("  "), *reason),)
    return (cut_line(what, width), *hanging_indent([line(Span("  "), *reason)], width))


def _item(item: PruneItem, kinds: int) -> Line:
    digits = item.name.removeprefix("sha256:")
    name = short_id(item.name) if len(digits) == _DIGITS else item.name
    size = f"  {format_memory(item.bytes)}" if item.bytes else ""
    return line(
        Span(f"remove {item.kind.value:<{kinds}}", Tone.WARN),
        f"  {name}{size}",
    )


def question_lines(request: Request, proposal: Proposal | None, *, width: int) -> tuple[Line, ...]:
    """What is asked, what it comes to, what happens to data, and one line that says what it means."""
    has_some = proposal is not None and not is_empty(proposal)
    size = f"   {proposal_size(proposal)}" if proposal is not None and has_some else ""
    meaning = request.nothing if proposal is not None and not has_some else request.meaning
    words = plan_words(proposal) if isinstance(proposal, Plan) else ""
    data = data_lines(proposal) if isinstance(proposal, Plan) and proposal.steps else ()
    lines = (
        line(Span(f"{request.title}?", Tone.STRONG), Span(size, Tone.QUIET)),
        *((line(words),) if words else ()),
        *data,
        line(Span(meaning, Tone.QUIET)),
    )
    return hanging_indent(lines, width)


def choice_line(request: Request, *, other_key: str) -> Line:
    """What can be chosen, with its keys, the chosen one marked. Where another may be typed, that is the last."""
    offered = [(str(number), choice.label) for number, choice in enumerate(request.choices, 1)]
    if request.kind.other:
        offered.append((other_key, "other"))
    chosen = request.index if request.index >= 0 else len(request.choices)
    spans: list[Span] = []
    for index, (key, label) in enumerate(offered):
        is_chosen = index == chosen
        spans.append(Span("◉ " if is_chosen else "○ ", Tone.ACCENT if is_chosen else Tone.QUIET))
        spans.append(Span(f"{key} ", Tone.ACCENT))
        spans.append(Span(f"{label}   ", Tone.STRONG if is_chosen else Tone.QUIET))
    return line(*spans)


def danger_line(name: str) -> Line:
    """Production's warning."""
    return line(Span(" PRODUCTION ", Tone.LOUD), "  type ", Span(name, Tone.STRONG), " to go on:")


WIDEST_NAME = 48
"""So that what it is stays beside it."""


def pick_lines(names: Sequence[tuple[str, str]], *, width: int) -> tuple[Line, ...]:
    """One line each, in at most ``width`` cells; long names give way."""
    room = max(12, min(WIDEST_NAME, width * 2 // 3))
    shown = [(line(cut(plain(name), room)), about) for name, about in names]
    widest = max((width_of(name) for name, _about in shown), default=0)
    return tuple(
        (*name, *line(Span(" " * (widest - width_of(name) + 2) + about, Tone.QUIET))) for name, about in shown
    )
