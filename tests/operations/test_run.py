"""What a run decides by itself: how commands end, what a sweeper is told, which environments are abandoned."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from previewer.domain.cancellation import Cancellation
from previewer.domain.progress import Event, Noted
from previewer.errors import TimedOutError, UnhealthyError, UsageError
from previewer.operations.run.command import run_on_host, time_limit
from previewer.operations.run.run import CommandRequest, CommandResult, run_command
from previewer.operations.run.sweeper import Orphan, Sweeper, await_end
from previewer.operations.run.temporary import remove_abandoned
from previewer.operations.up import UpOptions, up
from previewer.process_identity import identify
from previewer.records.environments import list_environments
from previewer.session.run import Run
from previewer.testing.memory.container import Behaviour
from tests.operations.shop import Shop


class Unwatched(Sweeper):
    """No process: nothing is killed here."""

    def __init__(self) -> None:
        self.told: list[Mapping[str, str | int]] = []

    def _tell(self, **message: str | int) -> None:
        self.told.append(message)


def run(shop: Shop, tmp_path: Path, *command: str, events: list[Event] | None = None) -> CommandResult:
    request = CommandRequest(command, dict(os.environ), evidence=tmp_path)
    report = (events if events is not None else []).append
    return run_command(Run(shop.session, report), "main", request, sweeper=Unwatched(), lines=lambda _line: None)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_the_environment_is_there_for_the_command_alone(tmp_path: Path) -> None:
    shop = Shop()
    result = run(shop, tmp_path, *python("import os; os.environ['PREVIEWER_ENVIRONMENT']"))
    assert (result.code, result.error) == (0, None)
    assert result.urls["PREVIEWER_URL"].startswith("http://")
    assert list_environments(shop.session) == ()
    assert list(tmp_path.iterdir()) == []


def test_a_service_that_fails_is_looked_at_before_it_is_undone(tmp_path: Path) -> None:
    shop = Shop()
    shop.engine.behaviours["migrate"] = Behaviour(exit_code=3)
    result = run(shop, tmp_path, *python("raise SystemExit(1)"))
    assert isinstance(result.error, UnhealthyError)
    assert result.code is None
    assert result.evidence is not None
    health = json.loads((result.evidence / "health.json").read_text())
    (migrate,) = (service for service in health["services"] if service["service"] == "migrate")
    assert migrate["containers"][0]["exit_code"] == 3
    assert list_environments(shop.session) == ()


def test_a_command_that_there_is_none_of_builds_nothing(tmp_path: Path) -> None:
    shop = Shop()
    events: list[Event] = []
    result = run(shop, tmp_path, "no-such-command", events=events)
    assert isinstance(result.error, UsageError)
    assert events == []


@pytest.mark.parametrize(
    ("code", "expected"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_a_command_ends_as_a_shell_would_say(code: str, expected: int) -> None:
    lines: list[str] = []
    found = run_on_host(
        python(f"print('begun', flush=True)\n{code}"),
        os.environ,
        cancellation=Cancellation(),
        sweeper=Unwatched(),
        lines=lines.append,
    )
    assert (found, lines) == (expected, ["begun"])


def test_a_signal_is_passed_on_to_the_command_and_all_that_it_started() -> None:
    cancellation, sweeper = Cancellation(), Unwatched()
    script = (
        "import signal, time; signal.signal(2, lambda *_: exit(5)); print('ready', flush=True); time.sleep(60)"
    )
    found = run_on_host(
        python(script),
        os.environ,
        cancellation=cancellation,
        sweeper=sweeper,
        lines=lambda _line: cancellation.request(2),
    )
    assert found == 5
    assert [list(message) for message in sweeper.told] == [["group"], ["ended"]]


def test_a_time_limit_is_told_from_an_interruption() -> None:
    whole = Run(Shop().session)
    with pytest.raises(TimedOutError), time_limit(whole, 0.01, where="shop") as limited:
        assert limited.cancellation.wait(60)
    with time_limit(whole, 60, where="shop") as limited:
        whole.cancellation.request(15)
        assert limited.cancellation.signal == 15


def test_a_sweeper_learns_what_was_left_unless_all_was_taken_down() -> None:
    told = ['{"process": "p"}', '{"environment": "a"}', '{"group": 4}', '{"group": 5}', '{"ended": 4}', '{"envi']
    assert await_end(told) == Orphan("p", ("a",), (5,))
    assert await_end([*told, '{"end": "done"}']) is None
    assert await_end([]) is None


def test_only_environments_of_processes_that_have_ended_are_abandoned() -> None:
    shop = Shop()
    ended = json.dumps({**json.loads(identify()), "started": "never"})
    elsewhere = json.dumps({**json.loads(identify()), "host": "elsewhere", "started": "never"})
    processes = {"mine": identify(), "ended": ended, "elsewhere": elsewhere, "of-nobody": None, "odd": "{"}
    events: list[Event] = []
    whole = Run(shop.session, events.append)
    for name, process in processes.items():
        up(whole, "main", UpOptions(name=name, process=process))
    events.clear()
    remove_abandoned(whole)
    assert [environment.name for environment in list_environments(shop.session)] == sorted(
        set(processes) - {"ended"}
    )
    assert not any(isinstance(event, Noted) for event in events)
