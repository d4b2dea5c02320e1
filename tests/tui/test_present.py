"""Presenters as tables: a value in, lines out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from previewer.domain.commit.revision import Branch
from previewer.domain.deploy.plan import (
    DisconnectContainer,
    Plan,
    RemoveContainer,
    RemoveNetwork,
    RemoveVolume,
    StartContainer,
    Step,
)
from previewer.domain.environment.environment import OverviewRow, State
from previewer.domain.progress import Noted, Outcome, TaskFinished, TaskOutput, TaskStarted
from previewer.engine.protocol import LogLine
from previewer.errors import BuildError, CancelledError
from previewer.present.tables import CELL_PADDING
from previewer.present.values import Span, Tone
from previewer.tui.job import Job, JobState
from previewer.tui.present.dialogs import data_lines, pick_lines, plan_lines
from previewer.tui.present.environment import fit_service_columns
from previewer.tui.present.home import filter_rows, fit_columns, home_rows, row_lines, sync_line
from previewer.tui.present.logs import LogShape, log_title, matches, rows_of, whole_text
from previewer.tui.present.notices import failure_lines, failure_summary
from previewer.tui.present.states import state_line
from previewer.tui.present.text import Line, join_fitting, line, width_of
from previewer.tui.present.work_lines import ending_lines, status_line, tail_lines, task_lines, work_title

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def text_of(spans: Line) -> str:
    return "".join(text_span.text for text_span in spans)


def make_branch(name: str, *, days: int = 1, subject: str = "subject", author: str = "Ada") -> Branch:
    return Branch(name, "c" * 40, NOW - timedelta(days=days), author, subject)


def test_states_differ_without_colour_too() -> None:
    shown = [text_of(state_line(state)) for state in State]
    assert len({text[0] for text in shown}) == len(State)
    assert [text[2:] for text in shown] == [state.value for state in State]


@pytest.mark.parametrize("width", [40, 77, 97, 117, 140, 197, 300])
def test_home_columns_fill_the_width_and_no_more(width: int) -> None:
    columns = fit_columns(width)
    taken = sum(column.width + 2 * CELL_PADDING for column in columns)
    assert taken <= max(width, 77)


@pytest.mark.parametrize(
    ("width", "keys"),
    [
        (77, "mark branch state url left age"),
        (117, "mark branch state cpu memory url left age subject"),
        (197, "mark branch state cpu memory url notes left age commit author sync subject environment"),
    ],
)
def test_what_matters_most_stays_longest(width: int, keys: str) -> None:
    assert [column.key for column in fit_columns(width)] == keys.split()


def test_no_column_is_wider_than_its_content() -> None:
    columns = {
        column.key: column.width
        for column in fit_columns(
            197, {"branch": 24, "subject": 40, "author": 9, "url": 15, "environment": 20, "notes": 0}
        )
    }
    assert columns["branch"] == 24
    assert columns["subject"] == 40


@given(st.integers(40, 300))
def test_service_columns_fill_the_width(width: int) -> None:
    taken = sum(column.width + 2 * CELL_PADDING for column in fit_service_columns(width, has_figures=True))
    assert taken <= max(width, 68)


@pytest.mark.parametrize(
    ("ahead", "behind", "shown"),
    [(None, None, ""), (0, 0, "="), (2, 0, "↑2"), (0, 3, "↓3"), (2, 3, "↑2 ↓3")],
)
def test_ahead_and_behind(ahead: int | None, behind: int | None, shown: str) -> None:
    assert text_of(sync_line(ahead, behind)) == shown


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["main", "feature/a", "fix/b"]),
        ("feature", ["feature/a"]),
        ("GRACE", ["fix/b"]),
        ("fix grace", ["fix/b"]),
        ("main grace", []),
        ("loop", ["feature/a"]),
    ],
)
def test_filter(text: str, names: list[str]) -> None:
    branches = (
        make_branch("main"),
        make_branch("feature/a", subject="stop the LOOP"),
        make_branch("fix/b", author="Grace"),
    )
    rows = home_rows([OverviewRow(branch, None) for branch in branches])
    found = [row.source.branch.name for row in filter_rows(rows, text) if row.source.branch]
    assert found == names


def test_a_branch_without_an_environment() -> None:
    lines = row_lines(OverviewRow(make_branch("main"), None), now=NOW, is_marked=False)
    assert text_of(lines["branch"]) == "main"
    assert text_of(lines["state"]) == "–"
    assert text_of(lines["age"]) == "1d"


def make_plan() -> Plan:
    container = Step(RemoveContainer("shop-main-g1-web-1"), "previews are disposable")
    network = Step(RemoveNetwork("shop-main-g1_default"), "previews are disposable", frozenset({container.id}))
    return Plan("down shop-main", (container, network))


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (
            100,
            [
                "remove container  shop-main-g1-web-1    because previews are disposable",
                "remove network    shop-main-g1_default  because previews are disposable",
            ],
        ),
        (
            60,
            [
                "because previews are disposable",
                "  remove container  shop-main-g1-web-1",
                "  remove network    shop-main-g1_default",
            ],
        ),
    ],
)
def test_plan(width: int, shown: list[str]) -> None:
    assert [text_of(one).rstrip() for one in plan_lines(make_plan(), width=width)] == shown


def test_every_step_of_a_removal_has_a_warning_s_tone_and_no_other_step() -> None:
    plan = Plan(
        "replace shop-main",
        (
            Step(StartContainer("shop-main-g2-web-1"), "web is wanted"),
            Step(DisconnectContainer("shop-main-g1-web-1", ()), "another generation serves"),
            Step(RemoveContainer("shop-main-g1-web-1"), "another generation serves"),
            Step(RemoveVolume("shop-main-g1_data"), "another generation serves"),
        ),
    )
    for width in (120, 60):
        styles = {
            text_span.text.strip(): text_span.tone
            for spans in plan_lines(plan, width=width)
            for text_span in spans
            if text_span.text.startswith(("start", "disconnect", "remove"))
        }
        assert styles == {
            "start container": Tone.PLAIN,
            "disconnect": Tone.WARN,
            "remove container": Tone.WARN,
            "remove volume": Tone.WARN,
        }


def test_an_empty_plan_has_no_lines() -> None:
    assert plan_lines(Plan("up x", ()), width=80) == ()


def test_a_plan_says_what_does_not_run_as_it_is_written() -> None:
    plan = replace(make_plan(), notes=("web.ports: a free one is chosen",))
    shown = [text_of(one) for one in plan_lines(plan, width=120)]
    assert shown[-3:] == ["", "not as written", "web.ports: a free one is chosen"]


def test_a_plan_says_what_happens_to_data() -> None:
    left = "data is left behind: volumes start empty, and what is in data now is deleted with generation 1"
    plan = replace(
        make_plan(), begins=("book begins with seed book", "log begins with seed log"), left_data=(left,)
    )
    assert data_lines(make_plan()) == ()
    assert [text_of(one) for one in data_lines(plan)] == [
        f"! {left}",
        "data: book begins with seed book; log begins with seed log",
    ]


def test_failure_shows_everything() -> None:
    error = BuildError("it failed", where="Dockerfile:3", hint="try again", details=("one", "two"))
    assert [text_of(one) for one in failure_lines(error)] == [
        "✖ it failed",
        "  at    Dockerfile:3",
        "  hint  try again",
        "",
        "  one",
        "  two",
    ]
    assert text_of(failure_summary(error)) == "✖ Dockerfile:3: it failed"


def test_of_many_details_the_last_are_shown() -> None:
    error = BuildError("it failed", details=tuple(f"line {number}" for number in range(100)))
    lines = [text_of(one) for one in failure_lines(error, details=2)]
    assert lines[-3:] == ["  … 98 lines before", "  line 98", "  line 99"]


def entry(text: str, service: str = "web") -> LogLine:
    return LogLine(f"{service}-1", service, NOW, text, is_error=False)


@pytest.mark.parametrize(
    ("shape", "rows"),
    [
        (LogShape(service_width=4), ["web  │ 0123456789abcdefghijklmnopqrstuvwxyz"]),
        (LogShape(service_width=0), ["0123456789abcdefghijklmnopqrstuvwxyz"]),
        (
            LogShape(service_width=4, has_times=True),
            ["12:00:00.000 web  │ 0123456789abcdefghijklmnopqrstuvwxyz"],
        ),
        (
            LogShape(service_width=4, is_wrapped=True, width=30),
            ["web  │ 0123456789abcdefghijklm", "     │ nopqrstuvwxyz"],
        ),
    ],
)
def test_log_rows(shape: LogShape, rows: list[str]) -> None:
    assert list(rows_of(entry("0123456789abcdefghijklmnopqrstuvwxyz"), shape)) == rows


@given(st.text(), st.integers(30, 120))
@example("\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}", 30)
@example("\N{COMBINING ACUTE ACCENT}" + "日" * 40 + "\N{COMBINING ACUTE ACCENT}", 30)
def test_no_wrapped_row_is_too_wide_and_nothing_is_lost(text: str, width: int) -> None:
    shape = LogShape(service_width=4, is_wrapped=True, width=width)
    rows = list(rows_of(entry(text), shape))
    assert all(cell_len(row) <= width for row in rows)
    (whole,) = rows_of(entry(text), LogShape(service_width=4))
    assert "".join(row[shape.text_start :] for row in rows) == whole[shape.text_start :]


@pytest.mark.parametrize(
    ("shape", "is_shown"),
    [
        (LogShape(), True),
        (LogShape(service="web"), True),
        (LogShape(service="api"), False),
        (LogShape(search="READY"), True),
        (LogShape(search="ready now"), False),
    ],
)
def test_which_lines_are_shown(shape: LogShape, *, is_shown: bool) -> None:
    assert matches(entry("\x1b[1mready\x1b[0m"), shape) is is_shown


def test_saved_lines_are_whole() -> None:
    assert whole_text([entry("\x1b[1mready\x1b[0m")]) == "2026-03-01T12:00:00.000+00:00 web | ready\n"


@pytest.mark.parametrize(
    ("held", "is_following", "has_ended", "badge"),
    [
        (0, True, False, "● following"),
        (0, False, False, "❚❚ paused · G follows"),
        (1, False, False, "❚❚ paused, 1 new line · G follows"),
        (7, False, False, "❚❚ paused, 7 new lines · G follows"),
        (0, True, True, "■ ended: the services have stopped"),
    ],
)
def test_follow_badge(held: int, *, is_following: bool, has_ended: bool, badge: str) -> None:
    title = log_title(LogShape(), width=80, shown=3, held=held, is_following=is_following, has_ended=has_ended)
    assert text_of(title).endswith(badge)
    assert width_of(title) == 80


def make_work() -> Job:
    return Job(1, "up", "main", "main", (), started_at=100.0)


def test_a_running_operation() -> None:
    job = make_work()
    for event in (
        TaskStarted("build web", "freeze"),
        TaskOutput("build web", "step 1"),
        TaskOutput("build web", "step 2"),
        TaskStarted("build api", "freeze"),
        TaskFinished("build api", Outcome.CACHED, 0.5, "from input 1a2b"),
    ):
        job.board.apply(event, at=101.0)
    lines = [text_of(one) for one in task_lines(job, 104.0, width=60)]
    assert [" ".join(text.split()[1:]) for text in lines] == [
        "build web step 2 3.0s",
        "build api from input 1a2b 0.5s",
    ]
    assert all(width_of(one) == 60 for one in task_lines(job, 104.0, width=60))
    assert [text_of(one).strip() for one in tail_lines(job, height=5)] == [
        "output of build web",
        "step 1",
        "step 2",
    ]
    assert "build web" in text_of(status_line(job, 104.0, key="w"))
    assert ending_lines(job) == ()


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (None, JobState.SUCCEEDED, "✔ done"),
        (CancelledError("interrupted"), JobState.CANCELLED, "⊘ cancelled"),
        (BuildError("no"), JobState.FAILED, "✖ failed"),
    ],
)
def test_how_an_operation_ended(error: BuildError | CancelledError | None, state: JobState, words: str) -> None:
    job = make_work()
    job.board.apply(Noted("a port was taken", "another one is used"), at=101.0)
    job.error, job.outcome, job.ended_at = error, ("http://127.0.0.1:80",), 142.0
    assert job.state is state
    assert words in text_of(work_title(job, 999.0))
    assert "42s" in text_of(work_title(job, 999.0))
    shown = "\n".join(text_of(one) for one in ending_lines(job))
    assert "a port was taken" in shown
    assert ("http://127.0.0.1:80" in shown) is (error is None)
    assert ("✖ no" in shown) is isinstance(error, BuildError)


def test_a_task_that_starts_again_is_running_again() -> None:
    job = make_work()
    for event in (
        TaskStarted("start web", "run"),
        TaskFinished("start web", Outcome.FAILED, 1.0, "port taken"),
        TaskStarted("start web", "run"),
    ):
        job.board.apply(event, at=101.0)
    assert [task.name for task in job.board.running] == ["start web"]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (30, "one · two · three"),
        (17, "one · two · three"),
        (16, "one · two"),
        (5, "one"),
        (3, "one"),
        (2, "o…"),
        (0, ""),
    ],
)
def test_what_does_not_fit_in_full_is_left_out(width: int, shown: str) -> None:
    parts = [line("one"), (), line("two"), line("three")]
    assert text_of(join_fitting(parts, Span(" · "), width)) == shown
    assert join_fitting([], Span(" · "), width) == ()


def test_what_can_be_picked_stands_under_one_another() -> None:
    names = [("shop", "preview"), ("日本", "staging"), ("x" * 60, "far too long")]
    assert [text_of(one) for one in pick_lines(names, width=40)] == [
        "shop" + " " * 24 + "preview",
        "日本" + " " * 24 + "staging",
        "x" * 25 + "…  far too long",
    ]
    assert pick_lines([], width=40) == ()
