"""What is compared with what."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.branches import make_branches
from benchmarks.data import IDLE, run_clones, run_idle_clones, up_with_data
from benchmarks.many import AT_ONCE, run_many
from benchmarks.measure import Measured, Subject
from benchmarks.results import Figure
from benchmarks.routed import cost_of_the_router, many_names, replace_under_load
from benchmarks.stand_ins import fakes
from benchmarks.terminal_ui import run_idle, run_keys, run_logs, run_start
from benchmarks.workplace import Workplace, compose, previewer, servers, services
from previewer.git.output import BRANCH_FORMAT, HEADS
from tests.docker.base_image import BASE_REFERENCE
from tests.free_port import free_port

BRANCHES = 10_000
LARGE = 70
"""Services of the large definition."""
MANY = 150
"""Environments, five times as many as there are networks to be had from Docker's own pools."""
BARE = (sys.executable, "-m", "benchmarks.bare_engine")
ANSWERING = (sys.executable, "-I", "-S", str(Path(__file__).with_name("answering.py")))
SLOW_ROUNDS = 3
"""Where a command waits ten seconds for others, more rounds say nothing more."""
Subjects = AbstractContextManager[Sequence[Subject]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One question. Ours comes first; the others are what it is held against."""

    name: str
    title: str
    prepare: Callable[[Workplace], Subjects]
    most_rounds: int = 1000
    is_quick: bool = True
    """Whether it is measured when nothing is said."""


@dataclass(frozen=True, slots=True)
class Course:
    """Commands one after the other, once, which are held against nothing."""

    name: str
    title: str
    run: Callable[[Workplace], Sequence[Measured]]
    is_quick: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """Figures of other kinds than the seconds of a command."""

    name: str
    title: str
    run: Callable[[Workplace], Sequence[Figure]]
    is_quick: bool = False


@contextmanager
def _branches(place: Workplace, *, packed: bool) -> Iterator[Sequence[Subject]]:
    folder = make_branches(place.folder / f"branches-{packed}", BRANCHES, packed=packed)
    same = ("git", "for-each-ref", "--sort=-committerdate", f"--format={BRANCH_FORMAT}", HEADS)
    yield (
        Subject("previewer branches -o json", previewer("branches", "-o", "json"), folder),
        Subject("git for-each-ref, same fields", same, folder),
        Subject("git for-each-ref", ("git", "for-each-ref", HEADS), folder),
        Subject("bare interpreter", (sys.executable, "-c", "pass"), folder),
    )


@contextmanager
def _help(place: Workplace) -> Iterator[Sequence[Subject]]:
    yield (
        Subject("previewer --help", previewer("--help"), place.folder),
        Subject("docker compose --help", compose("--help"), place.folder),
        Subject("bare interpreter", (sys.executable, "-c", "pass"), place.folder),
    )


@contextmanager
def _ls(place: Workplace, *, count: int) -> Iterator[Sequence[Subject]]:
    folder = place.repository(f"ls-{count}", {"compose.yaml": services(1)}).path
    with fakes(place, folder, count):
        yield (
            Subject("previewer ls", previewer("ls"), folder, environment=place.environment),
            Subject("docker compose ls", compose("ls", "--all"), folder, environment=place.environment),
            Subject("engine calls", (*BARE, "list", place.installation), folder, environment=place.environment),
        )


@contextmanager
def _status(place: Workplace, *, count: int) -> Iterator[Sequence[Subject]]:
    folder = place.repository(f"status-{count}", {"compose.yaml": services(1)}).path
    with fakes(place, folder, count) as names:
        theirs = compose("--project-name", names[0], "ps", "--all")
        yield (
            Subject("previewer status", previewer("status", names[0]), folder, environment=place.environment),
            Subject("docker compose ps", theirs, folder, environment=place.environment),
        )


@contextmanager
def _up(place: Workplace, *, count: int) -> Iterator[Sequence[Subject]]:
    tools = _tools(place, f"up-{count}", count)
    yield tuple(
        Subject(tool.up_name, tool.up, tool.folder, after=tool.run_down, environment=place.environment)
        for tool in tools
    )


@contextmanager
def _up_answering(place: Workplace, *, count: int) -> Iterator[Sequence[Subject]]:
    """Ours returns when the ports answer; Compose's `--wait` once the containers run, so its ports are asked."""
    ports = [free_port() for _ in range(count)]
    ours, theirs, _ = _tools(place, f"answering-{count}", count, definition=servers(ports))
    asked = ((ours.up_name, ours, ""), ("docker compose up and answers", theirs, ",".join(map(str, ports))))
    yield tuple(
        Subject(
            name, (*ANSWERING, waited, *tool.up), tool.folder, after=tool.run_down, environment=place.environment
        )
        for name, tool, waited in asked
    )


@contextmanager
def _down(place: Workplace, *, graceful: bool) -> Iterator[Sequence[Subject]]:
    # Checks of health every 200 ms would keep the engine busy while it removes, as no definition in earnest does.
    ours, theirs, bare = _tools(place, f"down-{graceful}", 5, are_checked=False)
    if graceful:
        theirs = Tool(
            theirs.place, theirs.folder, theirs.up_name, theirs.up, "docker compose down", _compose_down(place)
        )
    yield tuple(
        Subject(tool.down_name, tool.down, tool.folder, before=tool.run_up, environment=place.environment)
        for tool in (ours, theirs, bare)
    )


@contextmanager
def _freeze(place: Workplace) -> Iterator[Sequence[Subject]]:
    folder = place.repository("freeze", {"compose.yaml": services(5)}).path
    place.run(folder, *previewer("freeze", "main"))
    yield (
        Subject("previewer freeze main", previewer("freeze", "main"), folder, environment=place.environment),
        Subject("docker compose config", compose("config"), folder, environment=place.environment),
    )


@contextmanager
def _build(place: Workplace) -> Iterator[Sequence[Subject]]:
    """A base and files, made without a builder; and the same with ``--chown``, which is left to the builder."""
    build = previewer("freeze", "main", "--from-scratch")
    folders: list[tuple[str, Path]] = []
    pages = {f"site/page{number}.html": f"page {number}\n" * 200 for number in range(200)}
    for title, option in (("direct", ""), ("by a builder", "--chown=0:0 ")):
        dockerfile = f"FROM scratch\nCOPY {option}. /site\n"
        definition = "services: {site: {build: site}}\n"
        files = {"compose.yaml": definition, "site/Dockerfile": dockerfile, **pages}
        folders.append((title, place.repository(f"build-{len(folders)}", files).path))
    yield tuple(
        Subject(f"previewer freeze --from-scratch, {title}", build, folder, environment=place.environment)
        for title, folder in folders
    )


@contextmanager
def _config(place: Workplace, *, count: int) -> Iterator[Sequence[Subject]]:
    folder = place.repository(f"config-{count}", {"compose.yaml": services(count)}).path
    yield (
        Subject("previewer config", previewer("config"), folder),
        Subject("docker compose config", compose("config"), folder),
    )


@dataclass(frozen=True, slots=True)
class Tool:
    """One way to run the services of a folder."""

    place: Workplace
    folder: Path
    up_name: str
    up: tuple[str, ...]
    down_name: str
    down: tuple[str, ...]

    def run_up(self) -> None:
        """Bring them up, without being measured."""
        self.place.run(self.folder, *self.up)

    def run_down(self) -> None:
        """Remove them, without being measured."""
        self.place.run(self.folder, *self.down)


def _tools(
    place: Workplace, name: str, count: int, *, are_checked: bool = True, definition: str = ""
) -> tuple[Tool, Tool, Tool]:
    files = {"compose.yaml": definition or services(count, are_checked=are_checked)}
    folder = place.repository(name, files).path
    place.run(folder, *previewer("freeze", "main"))
    project = ("--project-name", f"theirs{place.session}")
    facts = (place.session, str(count), BASE_REFERENCE, "checked" if are_checked else "unchecked")
    return (
        Tool(place, folder, "previewer up", previewer("up", "main"), "previewer down", previewer("down", "main")),
        Tool(
            place,
            folder,
            "docker compose up -d --wait",
            compose(*project, "up", "-d", "--wait"),
            "docker compose down -t 0",
            (*_compose_down(place), "--timeout", "0"),
        ),
        Tool(
            place,
            folder,
            "engine calls in threads",
            (*BARE, "up", *facts),
            "engine calls in threads",
            (*BARE, "down", *facts),
        ),
    )


def _compose_down(place: Workplace) -> tuple[str, ...]:
    return compose("--project-name", f"theirs{place.session}", "down", "--volumes")


COMPARISONS: tuple[Comparison | Course | Trial, ...] = (
    Comparison("help", "--help", _help),
    Comparison("branches-packed", f"{BRANCHES:,} branches, packed", partial(_branches, packed=True)),
    Comparison(
        "branches-loose", f"{BRANCHES:,} branches, loose", partial(_branches, packed=False), is_quick=False
    ),
    Comparison("config-1", "config of 1 service", partial(_config, count=1), is_quick=False),
    Comparison("config-70", f"config of {LARGE} services", partial(_config, count=LARGE)),
    Comparison("build", "an image that is a base and files", _build),
    Comparison("freeze", "freeze of an unchanged commit", _freeze),
    Comparison("ls-1", "ls with 1 environment", partial(_ls, count=1)),
    Comparison("ls-50", "ls with 50 environments", partial(_ls, count=50)),
    Comparison("ls-200", "ls with 200 environments", partial(_ls, count=200)),
    Comparison("status-1", "status of 1 environment", partial(_status, count=1)),
    Comparison("status-50", "status of 1 among 50 environments", partial(_status, count=50), is_quick=False),
    Comparison("status-200", "status of 1 among 200 environments", partial(_status, count=200)),
    Comparison("up-1", "up of 1 service", partial(_up, count=1)),
    Comparison("up-5", "up of 5 services", partial(_up, count=5)),
    Comparison("up-20", "up of 20 services", partial(_up, count=20), SLOW_ROUNDS, is_quick=False),
    Comparison("up-answering-5", "up of 5 services without health checks", partial(_up_answering, count=5)),
    Comparison("down-killed", "down of 5 services, killed at once", partial(_down, graceful=False)),
    Comparison("down-grace", "down of 5 services that ignore SIGTERM", partial(_down, graceful=True), SLOW_ROUNDS),
    Comparison("data-up", "up over a database of 5 GB", up_with_data, SLOW_ROUNDS, is_quick=False),
    Course("data-clone", "a clone of a database, and a copy", run_clones),
    Course("data-idle", f"{IDLE} idle clones of 5 GB", run_idle_clones),
    Course("many", f"{MANY} environments, {AT_ONCE} commands at a time", partial(run_many, count=MANY)),
    Trial("router-replace", "requests by name while generations change", replace_under_load),
    Trial("router-cost", "requests by name and directly to a port", cost_of_the_router),
    Trial("router-many", f"{MANY} environments with names", partial(many_names, count=MANY)),
    Course("tui-start", "the terminal interface, until a branch is read", run_start),
    Course("tui-keys", "a letter typed into a filter, until it is drawn", run_keys),
    Course("tui-idle", "ten seconds of idling", run_idle),
    Course("tui-logs", "ten seconds of 5,000 log lines a second", run_logs),
)
