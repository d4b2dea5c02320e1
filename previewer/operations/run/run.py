"""Freeze, start, wait, run one command, keep evidence where it fails, and remove: whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from previewer.deployment.deployment import UpResult
from previewer.domain import naming
from previewer.domain.compose.routes import routes_of
from previewer.domain.deploy.request import ANY_PREVIEW, DeployRequest
from previewer.domain.environment.urls import injected_variables
from previewer.domain.json_value import JsonObject
from previewer.domain.progress import Event, Noted, Outcome, Report, TaskFinished, TaskOutput, TaskStarted
from previewer.errors import PreviewerError, TimedOutError
from previewer.operations.debug import debug
from previewer.operations.run.command import Lines, refuse_unknown, run_on_host, time_limit
from previewer.operations.run.evidence import Evidence
from previewer.operations.run.sweeper import Sweeper
from previewer.operations.run.temporary import new_name, temporary
from previewer.session.run import Run


class CommandRequest(Struct, frozen=True):
    """What is to be run beside an environment."""

    command: tuple[str, ...]
    variables: Mapping[str, str]
    """The caller's environment variables, which the command gets too."""
    deploy: DeployRequest = ANY_PREVIEW
    """How the environment is brought up; without a name it gets one that no other has."""
    service: str | None = None
    """The service in a copy of which the command runs; ``None`` for this machine."""
    timeout: float | None = None
    """Seconds that all of it may take, but for the removal; ``None`` for no limit."""
    keeps_on_failure: bool = False
    """Whether the environment stays, for its time to live, where the command fails."""
    evidence: Path | None = None
    """The folder that evidence of a failure is written to; ``None`` for none."""
    has_terminal: bool = False
    """Whether the command reads from a terminal."""


class CommandResult(Struct, frozen=True):
    """What came of one run."""

    title: str
    """What ran, as the user called it."""
    environment: str
    code: int | None = None
    """The command's exit code; ``None`` where it did not come to its end."""
    error: PreviewerError | None = None
    """What else went wrong: before, beside or after the command."""
    commit: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)
    """The ``PREVIEWER_*`` variables that the command had."""
    seconds: float = 0.0
    evidence: Path | None = None
    """The folder with what was kept; its archive is beside it."""
    is_kept: bool = False
    """Whether the environment is still there."""

    @property
    def has_failed(self) -> bool:
        """Whether anything was not as it should be."""
        return self.error is not None or self.code != 0


class Entry(Struct, frozen=True):
    """One field of a matrix."""

    revision: str
    definition: str | None = None

    @property
    def title(self) -> str:
        """What it is called."""
        return f"{self.revision}:{self.definition}" if self.definition else self.revision


def run_command(
    run: Run,
    revision: str,
    request: CommandRequest,
    *,
    sweeper: Sweeper,
    lines: Lines | None = None,
    title: str = "",
) -> CommandResult:
    """One run. What goes wrong is in the result, so that it can be told; nothing of it is left on the engine.

    ``lines`` gets the command's output, which else goes where this process's does.
    """
    name = naming.slug(request.deploy.name or new_name(run.session))
    deploy = replace(request.deploy, name=name)
    begun = time.monotonic()
    result = CommandResult(title or revision, name)
    evidence = Evidence(run.session, request.evidence, name) if request.evidence is not None else None
    watched = run.reporting_to(evidence.listening(run.report)) if evidence is not None else run
    try:
        if request.service is None:
            refuse_unknown(request.command, request.variables)
        sweeper.watch(name)
        with (
            time_limit(watched, request.timeout, where=name) as limited,
            temporary(limited, revision, deploy, may_stay=request.keeps_on_failure) as made,
        ):
            result = replace(result, commit=made.result.release.commit, urls=variables_of(made.result))
            try:
                code = _run_beside(limited, made.result, request, result.urls, sweeper=sweeper, lines=lines)
                result = replace(result, code=code)
            finally:
                if result.code != 0 and not run.cancellation.requested:
                    made.is_kept = request.keeps_on_failure
                    result = replace(result, is_kept=made.is_kept)
                    if evidence is not None:
                        evidence.capture()
    except PreviewerError as error:
        result = replace(result, error=error, code=None if isinstance(error, TimedOutError) else result.code)
    result = replace(result, seconds=time.monotonic() - begun)
    if evidence is not None and evidence.has_begun and result.has_failed and not run.cancellation.requested:
        result = _write(result, evidence, revision, deploy)
    return result


def run_matrix(
    run: Run,
    entries: Sequence[Entry],
    request: CommandRequest,
    *,
    sweeper: Sweeper,
    parallel: int,
    lines_of: Callable[[str], Lines],
) -> tuple[CommandResult, ...]:
    """One run for each entry, in their order; ``parallel`` of them at the same time."""
    names = [_entry_name(request.deploy.name, entry) for entry in entries]

    def one(entry: Entry, name: str | None) -> CommandResult:
        deploy = replace(request.deploy, definition=entry.definition or request.deploy.definition, name=name)
        own = run.reporting_to(_prefixed(run.report, entry.title))
        return run_command(
            own,
            entry.revision,
            replace(request, deploy=deploy),
            sweeper=sweeper,
            lines=lines_of(entry.title),
            title=entry.title,
        )

    with ThreadPoolExecutor(parallel, thread_name_prefix="previewer-run") as pool:
        return tuple(pool.map(one, entries, names))


def variables_of(result: UpResult) -> dict[str, str]:
    """The ``PREVIEWER_*`` variables of an environment, as its containers have them, with URLs from here."""
    environment = result.environment
    definition = result.release.definitions[environment.ownership.definition or "preview"].definition
    urls = {(service.name, port.port): port.reached for service in environment.services for port in service.ports}
    return injected_variables(environment.ownership, urls, routes_of(definition))


def result_value(result: CommandResult) -> JsonObject:
    """A result as data."""
    return {
        "run": result.title,
        "environment": result.environment,
        "commit": result.commit or None,
        "exit_code": result.code,
        "error": str(result.error) if result.error is not None else None,
        "seconds": round(result.seconds, 1),
        "url": result.urls.get("PREVIEWER_URL"),
        "evidence": str(result.evidence) if result.evidence is not None else None,
        "kept": result.is_kept,
    }


def _run_beside(
    run: Run,
    result: UpResult,
    request: CommandRequest,
    variables: Mapping[str, str],
    *,
    sweeper: Sweeper,
    lines: Lines | None,
) -> int:
    with _told(run, is_shown=not request.has_terminal):
        if request.service is not None:
            name = result.environment.name
            return debug(run, name, request.service, request.command, terminal=request.has_terminal)
        return run_on_host(
            request.command,
            {**request.variables, **variables},
            cancellation=run.cancellation,
            sweeper=sweeper,
            lines=lines,
            has_terminal=request.has_terminal and lines is None,
        )


@contextmanager
def _told(run: Run, *, is_shown: bool) -> Iterator[None]:
    """Report the command as a task, unless what moves on a terminal would be in its way."""
    if not is_shown:
        yield
        return
    begun = time.monotonic()
    run.report(TaskStarted("command", "command"))
    try:
        yield
    finally:
        run.report(TaskFinished("command", Outcome.DONE, time.monotonic() - begun))


def _write(result: CommandResult, evidence: Evidence, revision: str, deploy: DeployRequest) -> CommandResult:
    result = replace(result, evidence=evidence.folder)
    try:
        evidence.write(revision, deploy, result_value(result))
    except OSError as error:
        failure = PreviewerError(f"the evidence cannot be written: {error.strerror}", where=str(evidence.folder))
        return replace(result, evidence=None, error=result.error or failure)
    return result


def _entry_name(name: str | None, entry: Entry) -> str | None:
    return None if name is None else naming.slug(f"{naming.slug(name)}-{naming.slug(entry.title)}")


def _prefixed(report: Report, title: str) -> Report:
    """Tasks of several runs at once bear their run's name: else two would be called the same."""

    def tell(event: Event) -> None:
        if isinstance(event, TaskStarted | TaskOutput | TaskFinished):
            report(replace(event, task=f"{title}: {event.task}"))
        elif isinstance(event, Noted):
            report(replace(event, message=f"{title}: {event.message}"))

    return tell
