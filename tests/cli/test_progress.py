"""The renderers, fed with what an operation reported."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Sequence

import pytest

from previewer.cli.progress.lines import JsonProgress, PlainProgress
from previewer.cli.progress.progress import ProgressMode, QuietProgress, make_progress
from previewer.cli.progress.terminal import ProgressBoard, TerminalProgress
from previewer.domain.progress import Event, Noted, Outcome, TaskFinished, TaskOutput, TaskStarted
from previewer.present.safe_text import cell_width
from tests.cli.runner import Terminal
from tests.cli.screen import Screen

RECORDED: Sequence[Event] = (
    TaskStarted("build web", "freeze"),
    TaskStarted("build api", "freeze"),
    TaskOutput("build web", "#5 RUN \x1b[32mnpm ci\x1b[0m"),
    TaskOutput("build web", "added\t12\x1b[2J packages\r"),
    TaskFinished("build api", Outcome.CACHED, 0.04),
    Noted("the engine is old", "update it"),
    TaskFinished("build web", Outcome.FAILED, 12.3, "exit code 1\nmore"),
)
HOSTILE = ("[/bold] x", "\x1b[2J\x1b[H", "a\nb\rc", "\u202eabc", "🦊" * 40, "y" * 300)


def test_plain_is_one_line_a_thing() -> None:
    stream = io.StringIO()
    progress = PlainProgress(stream)
    for event in RECORDED:
        progress.report(event)
    progress.say("interrupted\x07")
    assert stream.getvalue().splitlines() == [
        "… build web  (freeze)",
        "… build api  (freeze)",
        "  build web | #5 RUN npm ci",
        "  build web | added\t12\\x1b[2J packages",
        "≡ build api  cached 0.0s",
        "note: the engine is old",
        "hint: update it",
        "✖ build web  failed 12s  exit code 1\\nmore",
        "interrupted\\x07",
    ]


def test_json_is_one_object_a_line_and_loses_nothing() -> None:
    stream = io.StringIO()
    progress = JsonProgress(stream)
    for event in RECORDED:
        progress.report(event)
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {"event": "started", "task": "build web", "stage": "freeze"},
        {"event": "started", "task": "build api", "stage": "freeze"},
        {"event": "output", "task": "build web", "line": "#5 RUN \x1b[32mnpm ci\x1b[0m"},
        {"event": "output", "task": "build web", "line": "added\t12\x1b[2J packages\r"},
        {"event": "finished", "task": "build api", "outcome": "cached", "seconds": 0.04, "detail": ""},
        {"event": "noted", "message": "the engine is old", "hint": "update it"},
        {
            "event": "finished",
            "task": "build web",
            "outcome": "failed",
            "seconds": 12.3,
            "detail": "exit code 1\nmore",
        },
    ]


class Watched:
    """A terminal renderer on a screen, drawn by hand."""

    def __init__(self, columns: int, rows: int = 24) -> None:
        self.columns, self.rows, self.now = columns, rows, 0.0
        self.stream = io.StringIO()
        self.screen = Screen(columns)
        self.progress = TerminalProgress(
            self.stream, clock=lambda: self.now, size=lambda: (self.columns, self.rows), runs=False
        )

    def draw(self, *, final: bool = False) -> list[str]:
        """The screen after one more frame."""
        self.progress.draw(final=final)
        self.screen.feed(self.stream.getvalue())
        self.stream.seek(0)
        self.stream.truncate()
        return self.screen.lines


def test_terminal_keeps_what_ended_above_what_runs() -> None:
    watched = Watched(60)
    for event in RECORDED[:4]:
        watched.progress.report(event)
    watched.now = 2.0
    assert watched.draw() == ["⠦ build web  2.0s  added 12\\x1b[2J packages", "⠦ build api  2.0s"]
    watched.progress.report(RECORDED[4])
    watched.now = 2.125
    assert watched.draw() == ["≡ build api  cached 0.0s", "⠧ build web  2.1s  added 12\\x1b[2J packages"]
    for event in RECORDED[5:]:
        watched.progress.report(event)
    assert watched.draw(final=True) == [
        "≡ build api  cached 0.0s",
        "note: the engine is old",
        "hint: update it",
        "✖ build web  failed 12s  exit code 1\\nmore",
    ]


@pytest.mark.parametrize("columns", [1, 5, 20, 80])
@pytest.mark.parametrize("rows", [1, 3, 10])
def test_terminal_of_any_size_shows_no_stale_line(columns: int, rows: int) -> None:
    watched = Watched(columns, rows)
    tasks = [f"create container shop-main-g1-service-{number}" for number in range(12)]
    for task in tasks:
        watched.progress.report(TaskStarted(task, "run"))
        watched.progress.report(TaskOutput(task, "line " * 30))
        watched.now += 0.3
        assert len(watched.draw()) <= max(rows - 2, 1)
    for task in tasks:
        watched.progress.report(TaskFinished(task, Outcome.DONE, 1.0))
        watched.draw()
    plain = Screen(columns)
    plain.feed("".join(f"✔ {task}  done 1.0s\n" for task in tasks))
    assert watched.draw(final=True) == plain.lines


def test_terminal_made_narrower_while_tasks_run() -> None:
    watched = Watched(80)
    for number in range(3):
        watched.progress.report(TaskStarted(f"build a-service-with-a-long-name-{number}", "freeze"))
    watched.draw()
    watched.columns = 20
    watched.screen.resize(20)
    watched.now = 1.0
    assert watched.draw() == ["⠇ build a-service-…"] * 3


def test_tasks_that_do_not_fit_are_counted() -> None:
    board = ProgressBoard(colour=False)
    for number in range(10):
        board.take(TaskStarted(f"task {number}", "run"), 0.0)
    assert board.region(width=40, height=3, now=1.0) == (
        "⠇ task 0  1.0s",
        "⠇ task 1  1.0s",
        "  … and 8 more running",
    )


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("width", [9, 40, 79])
def test_hostile_tasks_stay_on_their_line(name: str, width: int) -> None:
    board = ProgressBoard(colour=False)
    board.take(TaskStarted(name, "run"), 0.0)
    board.take(TaskOutput(name, name), 0.0)
    (line,) = board.region(width=width, height=5, now=0.0)
    assert cell_width(line) <= width
    assert line.isprintable()
    (kept,) = board.take(TaskFinished(name, Outcome.DONE, 0.0, name), 0.0)
    assert kept.isprintable()


def test_many_threads_never_tear_a_line() -> None:
    stream = Terminal()
    progress = TerminalProgress(stream, size=lambda: (60, 10))

    def work(worker: int) -> None:
        for number in range(50):
            task = f"task-{worker}-{number}"
            progress.report(TaskStarted(task, "run"))
            progress.report(TaskOutput(task, "x" * 100))
            progress.report(TaskFinished(task, Outcome.DONE, 0.1))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    progress.close()
    screen = Screen(60)
    screen.feed(stream.getvalue())
    assert sorted(screen.lines) == sorted(f"✔ task-{w}-{n}  done 0.1s" for w in range(8) for n in range(50))


def test_frames_are_not_repeated_for_nothing() -> None:
    watched = Watched(60)
    watched.progress.report(TaskStarted("build web", "freeze"))
    watched.progress.draw()
    before = watched.stream.getvalue()
    watched.progress.draw()
    assert watched.stream.getvalue() == before


@pytest.mark.parametrize("mode", [ProgressMode.PLAIN, ProgressMode.JSON, ProgressMode.TTY])
def test_a_reader_that_left_stops_no_operation(mode: ProgressMode) -> None:
    class Gone(io.StringIO):
        def write(self, text: str, /) -> int:
            raise BrokenPipeError(text)

    progress = make_progress(mode, Gone(), colour_choice="auto", environment={})
    for event in RECORDED:
        progress.report(event)
    progress.close()


@pytest.mark.parametrize(
    ("terminal", "environment", "kind"),
    [
        (True, {}, TerminalProgress),
        (True, {"CI": "false"}, TerminalProgress),
        (True, {"CI": "true"}, PlainProgress),
        (True, {"TERM": "dumb"}, PlainProgress),
        (False, {}, PlainProgress),
    ],
)
def test_auto_moves_only_on_a_watched_terminal(terminal: bool, environment: dict[str, str], kind: type) -> None:
    stream = Terminal() if terminal else io.StringIO()
    progress = make_progress(ProgressMode.AUTO, stream, colour_choice="auto", environment=environment)
    progress.close()
    assert isinstance(progress, kind)


def test_quiet_is_quiet() -> None:
    stream = io.StringIO()
    progress = make_progress(ProgressMode.QUIET, stream, colour_choice="always", environment={})
    assert isinstance(progress, QuietProgress)
    for event in RECORDED:
        progress.report(event)
    progress.close()
    assert stream.getvalue() == ""
