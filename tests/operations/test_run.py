"""What a run decides by itself: how commands end, what a sweeper is told, which environments are abandoned."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from previewer.cli.rows.runs import run_junit
from previewer.domain.cancellation import Cancellation
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.progress import Event, Noted
from previewer.errors import TimedOutError, UnhealthyError, UsageError
from previewer.operations.run.command import run_on_host, time_limit
from previewer.operations.run.run import CommandRequest, CommandResult, Entry, run_command, run_matrix
from previewer.operations.run.sweeper import Orphan, Sweeper, await_end
from previewer.operations.run.temporary import remove_abandoned
from previewer.operations.up import up
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


def test_ten_runs_of_a_matrix_give_one_report(tmp_path: Path) -> None:
    shop = Shop()
    for page in range(9):
        shop.commit(f"page {page}")
    entries = [Entry(f"main~{back}" if back else "main") for back in range(10)]
    request = CommandRequest(
        python("import os; exit(int(os.environ['PREVIEWER_COMMIT'], 16) % 2)"), dict(os.environ)
    )
    whole = Run(shop.session)
    results = run_matrix(
        whole, entries, request, sweeper=Unwatched(), parallel=4, lines_of=lambda _title: lambda _line: None
    )
    assert len({result.commit for result in results}) == len({result.environment for result in results}) == 10
    suite = ET.fromstring(run_junit(results))
    failed = [result.title for result in results if result.code]
    assert 0 < len(failed) < 10
    assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "10", str(len(failed)))
    assert [case.get("name") for case in suite.iter("testcase")] == [entry.title for entry in entries]
    assert [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None] == failed
    assert list_environments(shop.session) == ()


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
    processes = {"mine": identify(), "ended": ended, "elsewhere": elsewhere, "of-none": None, "odd": "{"}
    events: list[Event] = []
    whole = Run(shop.session, events.append)
    for name, process in processes.items():
        up(whole, "main", DeployRequest(name=name, process=process))
    events.clear()
    remove_abandoned(whole)
    assert [environment.name for environment in list_environments(shop.session)] == sorted(
        set(processes) - {"ended"}
    )
    assert not any(isinstance(event, Noted) for event in events)
