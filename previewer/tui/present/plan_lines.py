"""A plan as lines: the step first, its cause behind it, or below where the width does not hold both."""

from __future__ import annotations

from previewer.domain.plan import Plan, Step
from previewer.tui.present.hanging import hanging
from previewer.tui.present.pieces import Line, Piece, Tone, line


def plan_lines(plan: Plan, *, width: int) -> tuple[Line, ...]:
    """The steps, aligned; removals in the tone of a warning. None where there is nothing to do.

    Which data is left behind stands first: it is what people must not miss.
    """
    if not plan.steps:
        return ()
    lost = [line(Piece("! ", Tone.WARN), Piece(note, Tone.WARN)) for note in plan.left_data]
    return (*hanging((*lost, ()), width), *_step_lines(plan, width)) if lost else _step_lines(plan, width)


def _step_lines(plan: Plan, width: int) -> tuple[Line, ...]:
    verbs = max(len(step.action.verb) for step in plan.steps)
    names = max(len(step.action.name) for step in plan.steps)
    causes = max(len(step.cause) for step in plan.steps)
    is_one_line = verbs + names + causes + len("  because ") + 4 <= width
    lines: list[Line] = []
    previous_cause = ""
    for step in plan.steps:
        if is_one_line:
            lines.append((*_step(step, verbs, names), Piece(f"  because {step.cause}", Tone.QUIET)))
            continue
        if step.cause != previous_cause:
            lines.append(line(Piece(f"because {step.cause}", Tone.QUIET)))
            previous_cause = step.cause
        lines.append((Piece("  "), *_step(step, verbs, 0)))
    return (*lines, *_note_lines(plan))


def _note_lines(plan: Plan) -> tuple[Line, ...]:
    """What of the definition does not run as it is written."""
    if not plan.notes:
        return ()
    return (
        line(),
        line(Piece("not as written", Tone.STRONG)),
        *(line(Piece(note, Tone.QUIET)) for note in plan.notes),
    )


def plan_size(plan: Plan) -> str:
    """``12 steps``."""
    return f"{len(plan)} step{'' if len(plan) == 1 else 's'}"


def _step(step: Step, verbs: int, names: int) -> Line:
    tone = Tone.WARN if step.removes else Tone.PLAIN
    return line(Piece(f"{step.action.verb:<{verbs}}", tone), f"  {step.action.name:<{names}}")
