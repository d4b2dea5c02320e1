"""A running or ended operation as lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from previewer.domain.environment.environment import State
from previewer.domain.progress import Outcome
from previewer.domain.record.notes import FailedAttempt
from previewer.present.safe_text import plain, plain_log
from previewer.present.tables import Column, share_out
from previewer.present.values import Span, Tone, signed, stopwatch
from previewer.tui.context import AppContext
from previewer.tui.job import Job, JobState, Task
from previewer.tui.present.notices import failure_lines, failure_summary
from previewer.tui.present.states import outcome_glyph, spinner
from previewer.tui.present.text import Line, cut, line, width_of
from previewer.tui.present.usage import bar

_TIME_WIDTH = 8
BAR_WIDTH = 12
_STATES = {
    JobState.RUNNING: Span("", Tone.PLAIN),
    JobState.CANCELLING: Span("cancelling: what was begun is being undone", Tone.WARN),
    JobState.SUCCEEDED: Span("✔ done", Tone.GOOD),
    JobState.CANCELLED: Span("⊘ cancelled, and undone", Tone.WARN),
    JobState.FAILED: Span("✖ failed", Tone.BAD),
}


def work_title(job: Job, now: float) -> Line:
    """``✔ done  up feature/a  12s``: how it is doing comes first, a name can be long."""
    elapsed = job.elapsed(now)
    mark = (spinner(elapsed), Span(" ")) if job.is_running else ()
    state = _STATES[job.state]
    return line(
        *mark,
        state,
        Span("   " if state.text else ""),
        Span(job.title, Tone.STRONG),
        Span(f"   {stopwatch(elapsed)}", Tone.QUIET),
    )


def task_lines(job: Job, now: float, *, width: int) -> tuple[Line, ...]:
    """One line a task: glyph, name, detail, seconds at the right edge."""
    return tuple(_task_line(task, now, width) for task in job.board.tasks.values())


def tail_lines(job: Job, *, height: int) -> tuple[Line, ...]:
    """The last lines of the task that speaks, under its name; nothing while none has spoken."""
    task = job.board.active_task
    if task is None or not task.tail or height < 2:
        return ()
    last = list(task.tail)[-(height - 1) :]
    return (
        line(Span(f"output of {task.name}", Tone.QUIET)),
        *((Span("  "), Span(plain_log(text), Tone.QUIET)) for text in last),
    )


def ending_lines(job: Job) -> tuple[Line, ...]:
    """What came of it: URLs, the error with its hint, notes. Nothing while it runs."""
    lines: list[Line] = []
    for note in job.board.notes:
        lines.append(line(Span("! ", Tone.WARN), note.message))
        if note.hint:
            lines.append(line(Span("  hint  ", Tone.QUIET), Span(note.hint, Tone.ACCENT)))
    if job.error is not None and job.state is JobState.FAILED:
        lines.extend(failure_lines(job.error))
    elif job.state is JobState.SUCCEEDED:
        lines.extend(line(Span("  "), Span(plain(text), Tone.ACCENT)) for text in job.outcome)
    return tuple(lines)


def status_line(job: Job, now: float, *, key: str) -> Line:
    """The operation on home's status line."""
    if job.state is JobState.FAILED and job.error is not None:
        return (*line(Span(f"{job.title}: ", Tone.STRONG)), *failure_summary(job.error))
    title = work_title(job, now)
    running = job.board.running
    progress_label = f"{running[-1].name} " if running else ""
    hint = f"· {key} shows it" if job.is_running else ""
    return (*title, *progress_line(job), *line(Span(f"   {progress_label}"), Span(hint, Tone.QUIET)))


def progress_line(job: Job) -> Line:
    """``  ▓▓▓▓░░░░ 7/23``: how much of what is to be expected is over; nothing before anything is known."""
    if not job.total or not job.is_running:
        return ()
    done = job.board.ended_count
    shown = bar(done / job.total, BAR_WIDTH)
    return line(Span(f"   {shown}", Tone.BUSY), Span(f" {done}/{job.total}", Tone.QUIET))


def cell_line(job: Job, now: float) -> Line:
    """What stands in a row's state cell while it is being worked on."""
    word = "undoing" if job.state is JobState.CANCELLING else job.progress_label
    return (spinner(job.elapsed(now)), Span(f" {word}", Tone.BUSY))


def _task_line(task: Task, now: float, width: int) -> Line:
    elapsed = task.elapsed(now)
    glyph = outcome_glyph(task.outcome) if task.outcome else spinner(elapsed)
    is_quiet = task.outcome in (Outcome.DONE, Outcome.CACHED)
    detail = task.detail if task.outcome else (plain_log(task.tail[-1]).strip() if task.tail else "")
    name = line(Span(task.name, Tone.PLAIN if not is_quiet else Tone.QUIET))
    room = width - 2 - width_of(name) - _TIME_WIDTH - 2
    told = cut(plain(detail), room) if room > 4 else ""
    style = Tone.BAD if task.outcome is Outcome.FAILED else Tone.QUIET
    head = (glyph, Span(" "), *name, *line(Span(f"  {told}" if told else "", style)))
    gap = max(1, width - width_of(head) - _TIME_WIDTH)
    return (*head, Span(" " * gap), Span(f"{stopwatch(elapsed):>{_TIME_WIDTH}}", Tone.QUIET))


MOST_JOBS = 3
"""Lines of the bar; the list of jobs has all."""


def job_lines(context: AppContext) -> tuple[Line, ...]:
    """The bar: what runs, what failed and was not looked at yet, and the last command line."""
    now, key = context.monotonic(), context.key_of("work")
    lines = [status_line(job, now, key=key) for job in context.running_works[-MOST_JOBS:]]
    last = next(reversed(context.works.values()), None)
    if last is not None and not last.is_running and last.error is not None and not last.was_seen:
        lines.append(status_line(last, now, key=key))
    if last is not None and last.is_running and last.command:
        lines.append(line(Span(f"$ {last.command}", Tone.QUIET)))
    return tuple(lines)


def marked_line(count: int, key_of: Callable[[str], str]) -> Line:
    """What can be done to the marked environments."""
    down, rest, parity, back = map(key_of, ("down", "sleep", "parity", "back"))
    keys = f" · {down} tears them down, {rest} stops them, {parity} compares two, {back} unmarks"
    return line(Span(f"▌ {count} marked", Tone.ACCENT), Span(keys, Tone.QUIET))


def failure_line(attempt: FailedAttempt, key_of: Callable[[str], str]) -> Line:
    """Why the branch under the cursor did not come up, where no pane says so."""
    keys = (Span(f"  {key_of('logs')}", Tone.ACCENT), Span(" shows its last lines", Tone.QUIET))
    return line(signed(State.FAILED.value), "  ", Span(attempt.reason, Tone.BAD), *keys)


def filter_line(shown: int, count: int, key_of: Callable[[str], str], *, is_typing: bool) -> Line:
    """How much the filter leaves, and its keys."""
    change, clear = key_of("filter"), key_of("back")
    keys = f"enter keeps it, {clear} clears it" if is_typing else f"{change} changes the filter, {clear} clears it"
    return line(Span(f"{shown} of {count} rows · {keys}", Tone.QUIET))


def fit_job_columns(width: int, longest: Mapping[str, int]) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells."""
    return share_out(
        (
            Column("state", "State", 12),
            Column("job", "Job", 18, share=2, most=50),
            Column("time", "Time", 8, align_right=True),
            Column("outcome", "Outcome", 16, share=3),
            *(
                (Column("command", "The same on the command line", 24, share=3, most=70),)
                if width >= COMMAND_FROM
                else ()
            ),
        ),
        width,
        longest,
    )


COMMAND_FROM = 90


def job_row(job: Job, now: float) -> Mapping[str, Line]:
    """A job's row in the list of them."""
    state = _STATES[job.state]
    running = (spinner(job.elapsed(now)), Span(" running")) if job.state is JobState.RUNNING else (state,)
    outcome = line(Span(job.outcome[0] if job.outcome else "", Tone.QUIET))
    if job.is_running:
        outcome = progress_line(job)
    elif job.error is not None:
        outcome = failure_summary(job.error)
    return {
        "state": running,
        "job": line(job.title),
        "time": line(stopwatch(job.elapsed(now))),
        "outcome": outcome,
        "command": line(Span(f"$ {job.command}", Tone.ACCENT)),
    }
