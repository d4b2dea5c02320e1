"""A running or ended operation as lines."""

from __future__ import annotations

from previewer.domain.progress import Outcome
from previewer.present.safe_text import plain, plain_log
from previewer.tui.job import Task, Work, WorkState
from previewer.tui.present.notices import failure_lines, failure_summary
from previewer.tui.present.states import outcome_glyph, spinner
from previewer.tui.present.text import Line, Piece, Tone, cut, line, width_of
from previewer.tui.present.times import stopwatch

_TIME_WIDTH = 8
_STATES = {
    WorkState.RUNNING: Piece("", Tone.PLAIN),
    WorkState.CANCELLING: Piece("cancelling: what was begun is being undone", Tone.WARN),
    WorkState.SUCCEEDED: Piece("✔ done", Tone.GOOD),
    WorkState.CANCELLED: Piece("⊘ cancelled, and undone", Tone.WARN),
    WorkState.FAILED: Piece("✖ failed", Tone.BAD),
}


def work_title(work: Work, now: float) -> Line:
    """``✔ done  up feature/a  12s``: how it is doing comes first, a name can be long."""
    elapsed = work.elapsed(now)
    mark = (spinner(elapsed), Piece(" ")) if work.is_running else ()
    state = _STATES[work.state]
    return line(
        *mark,
        state,
        Piece("   " if state.text else ""),
        Piece(work.title, Tone.STRONG),
        Piece(f"   {stopwatch(elapsed)}", Tone.QUIET),
    )


def task_lines(work: Work, now: float, *, width: int) -> tuple[Line, ...]:
    """One line a task: glyph, name, detail, seconds at the right edge."""
    return tuple(_task_line(task, now, width) for task in work.board.tasks.values())


def tail_lines(work: Work, *, height: int) -> tuple[Line, ...]:
    """The last lines of the task that speaks, under its name; nothing while none has spoken."""
    task = work.board.talker
    if task is None or not task.tail or height < 2:
        return ()
    last = list(task.tail)[-(height - 1) :]
    return (
        line(Piece(f"output of {task.name}", Tone.QUIET)),
        *((Piece("  "), Piece(plain_log(text), Tone.QUIET)) for text in last),
    )


def ending_lines(work: Work) -> tuple[Line, ...]:
    """What came of it: URLs, the error with its hint, notes. Nothing while it runs."""
    lines: list[Line] = []
    for note in work.board.notes:
        lines.append(line(Piece("! ", Tone.WARN), note.message))
        if note.hint:
            lines.append(line(Piece("  hint  ", Tone.QUIET), Piece(note.hint, Tone.ACCENT)))
    if work.error is not None and work.state is WorkState.FAILED:
        lines.extend(failure_lines(work.error))
    elif work.state is WorkState.SUCCEEDED:
        lines.extend(line(Piece("  "), Piece(plain(text), Tone.ACCENT)) for text in work.outcome)
    return tuple(lines)


def status_line(work: Work, now: float, *, key: str) -> Line:
    """The operation on home's status line."""
    if work.state is WorkState.FAILED and work.error is not None:
        return (*line(Piece(f"{work.title}: ", Tone.STRONG)), *failure_summary(work.error))
    title = work_title(work, now)
    running = work.board.running
    doing = f"{running[-1].name} " if running else ""
    hint = f"· {key} shows it" if work.is_running else ""
    return (*title, *line(Piece(f"   {doing}", Tone.PLAIN), Piece(hint, Tone.QUIET)))


def cell_line(work: Work, now: float) -> Line:
    """What stands in a row's state cell while it is being worked on."""
    word = "undoing" if work.state is WorkState.CANCELLING else work.doing
    return (spinner(work.elapsed(now)), Piece(f" {word}", Tone.BUSY))


def _task_line(task: Task, now: float, width: int) -> Line:
    elapsed = task.elapsed(now)
    glyph = outcome_glyph(task.outcome) if task.outcome else spinner(elapsed)
    is_quiet = task.outcome in (Outcome.DONE, Outcome.CACHED)
    detail = task.detail if task.outcome else (plain_log(task.tail[-1]).strip() if task.tail else "")
    name = line(Piece(task.name, Tone.PLAIN if not is_quiet else Tone.QUIET))
    room = width - 2 - width_of(name) - _TIME_WIDTH - 2
    told = cut(plain(detail), room) if room > 4 else ""
    tone = Tone.BAD if task.outcome is Outcome.FAILED else Tone.QUIET
    head = (glyph, Piece(" "), *name, *line(Piece(f"  {told}" if told else "", tone)))
    gap = max(1, width - width_of(head) - _TIME_WIDTH)
    return (*head, Piece(" " * gap), Piece(f"{stopwatch(elapsed):>{_TIME_WIDTH}}", Tone.QUIET))
