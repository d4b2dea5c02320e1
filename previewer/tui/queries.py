"""Everything that the screens ask of operations, each as a question to the bridge."""

from __future__ import annotations

import time
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from textual.message import Message
from textual.message_pump import MessagePump

from previewer.domain.compose.definition import Role
from previewer.domain.engine.usage import UsageSample
from previewer.domain.environment.environment import Environment, without_remote_doubles
from previewer.domain.naming import environment_name
from previewer.domain.progress import Event, TaskStarted
from previewer.domain.record.notes import FailedAttempt
from previewer.engine.protocol import ContainerEvent, LogLine, LogOptions, Selection
from previewer.errors import EngineUnreachableError, PreviewerError, SourceError
from previewer.operations.debug import debug
from previewer.operations.lists import list_branches, list_commits
from previewer.operations.logs import open_logs_or_last
from previewer.records.environments import list_environments
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.tui.bridge import Bridge, Mailbox
from previewer.tui.clipboard import copy_natively
from previewer.tui.job import Job
from previewer.tui.messages import (
    BranchesFailed,
    BranchesRead,
    CommitsFailed,
    CommitsFound,
    CommitsRead,
    EngineStirred,
    EngineWatchEnded,
    EnvironmentsFailed,
    EnvironmentsRead,
    FileSaved,
    JobEnded,
    JobReported,
    LogsArrived,
    LogsEnded,
    NamesRead,
    PlanFailed,
    PlanRead,
    TextCopied,
    UrlOpened,
    UsageArrived,
    UsageEnded,
)
from previewer.tui.pager import page
from previewer.tui.present.logs import whole_text
from previewer.tui.request import Request

LOG_TAIL = 500
"""Lines of each container that are read before its log is followed."""
LOG_CAPACITY = 20_000
"""Lines that may wait for the screen; of a flood the newest are kept."""
COMMITS_SHOWN = 200
MOST_LOOKED_AT = 2_000
"""Of more branches it is not looked at which are merged: that reads the log of each."""
USAGE_PAUSE = 0.5
"""Seconds in which samples of several containers are gathered."""
BATCH_PAUSE = 0.03
"""Seconds that a log's reader rests after it has told of new lines: a flood is then drawn 30 times a second."""


class Queries:
    """Questions to one session. Answers arrive as messages; every method returns at once."""

    def __init__(self, session: Session, bridge: Bridge) -> None:
        self._session = session
        self._bridge = bridge

    def read_branches(self, tell: MessagePump) -> None:
        """Answered with :class:`BranchesRead` or :class:`BranchesFailed`."""
        self._bridge.ask(
            "branches",
            lambda: without_remote_doubles(list_branches(self._session, remote=True)),
            tell=tell,
            answered=BranchesRead,
            failed=BranchesFailed,
            is_repeated=True,
        )

    def read_names(self, branch_count: int, tell: MessagePump) -> None:
        """Answered with :class:`NamesRead`: tags, pull requests, and which branches are merged or gone."""

        def call() -> Message:
            source = self._session.source
            looks_close = branch_count <= MOST_LOOKED_AT
            return NamesRead(source.named_commits(), source.branch_view(about=lambda _branch: looks_close))

        self._bridge.ask(
            "names", call, tell=tell, answered=lambda answer: answer, failed=BranchesFailed, is_repeated=True
        )

    def follow_usage(self, containers: Sequence[str], tell: MessagePump) -> None:
        """Tell :class:`UsageArrived` about twice a second, :class:`UsageEnded` at the end."""
        mailbox: Mailbox[UsageSample] = Mailbox()

        def arrived(batch: Sequence[UsageSample]) -> Message | None:
            is_news = mailbox.put(batch)
            time.sleep(USAGE_PAUSE)
            return UsageArrived(mailbox) if is_news else None

        self._bridge.follow(
            "usage",
            lambda: self._session.engine.usage(containers),
            tell=tell,
            arrived=arrived,
            ended=lambda _error: UsageEnded(),
        )

    def stop_usage(self) -> None:
        """Nothing is looked at any more."""
        self._bridge.stop("usage")

    def read_environments(self, tell: MessagePump) -> None:
        """Answered with :class:`EnvironmentsRead` or :class:`EnvironmentsFailed`."""

        def call() -> EnvironmentsRead:
            try:
                found = list_environments(self._session)
            except SourceError:
                if self._session.source.branches():
                    raise
                found = ()  # nothing has been committed yet: that is what git says, and no fault of the engine
            except EngineUnreachableError:
                self._session.disconnect()
                raise
            capabilities = self._session.engine.capabilities
            faults = tuple(f"{fault.message}: {fault.hint}" for fault in self._session.faults)
            engine = f"{capabilities.name} · {capabilities.platform}"
            return EnvironmentsRead(
                found,
                engine=engine,
                faults=faults,
                attempts=self._failed_attempts(found),
                role_attempts=self._failed_roles(found),
            )

        self._bridge.ask(
            "environments",
            call,
            tell=tell,
            answered=lambda answer: answer,
            failed=EnvironmentsFailed,
            is_repeated=True,
        )

    def _failed_attempts(self, environments: Sequence[Environment]) -> tuple[FailedAttempt, ...]:
        """Those of the branches' own previews that are not there."""
        project, present = self._session.project, {environment.name for environment in environments}
        return tuple(
            failed
            for name, notes in self._session.known_notes().items()
            if name not in present
            and (failed := notes.failed)
            and failed.branch
            and name == environment_name(project, failed.branch)
        )

    def _failed_roles(self, environments: Sequence[Environment]) -> Mapping[Role, FailedAttempt]:
        """The failed attempts to bring up what is not there of staging and production."""
        present = {environment.role for environment in environments}
        notes, project = self._session.known_notes(), self._session.project
        found: dict[Role, FailedAttempt] = {}
        for role in {Role.STAGING, Role.PRODUCTION} - present:
            about = notes.get(environment_name(project, role.value))
            if about is not None and about.failed is not None:
                found[role] = about.failed
        return found

    def read_commits_of(self, ids: Sequence[str], tell: MessagePump) -> None:
        """Answered with :class:`CommitsFound`: those of them that this clone has."""
        find = self._session.source.find_commit
        self._bridge.ask(
            "commits of environments",
            lambda: [found for one in ids if (found := find(one)) is not None],
            tell=tell,
            answered=CommitsFound,
            failed=lambda _error: CommitsFound(()),
        )

    def watch_engine(self, tell: MessagePump) -> None:
        """Tell :class:`EngineStirred` whenever something happens to our containers, until the stream ends."""
        session = self._session

        def arrived(batch: Sequence[ContainerEvent]) -> Message | None:
            return EngineStirred() if batch else None

        self._bridge.follow(
            "watch",
            lambda: session.engine.watch(Selection(installation=session.source.installation)),
            tell=tell,
            arrived=arrived,
            ended=lambda _error: EngineWatchEnded(),
        )

    def read_commits(self, revision: str, tell: MessagePump) -> None:
        """Answered with :class:`CommitsRead` or :class:`CommitsFailed`."""
        self._bridge.ask(
            "commits",
            lambda: list_commits(self._session, revision, limit=COMMITS_SHOWN),
            tell=tell,
            answered=CommitsRead,
            failed=CommitsFailed,
        )

    def propose(self, request: Request, tell: MessagePump) -> None:
        """Answered with :class:`PlanRead` or :class:`PlanFailed`."""
        self._bridge.ask(
            "plan",
            lambda: request.kind.propose(self._session, request),
            tell=tell,
            answered=PlanRead,
            failed=PlanFailed,
        )

    def follow_logs(self, environment: str, tell: MessagePump) -> None:
        """Tell :class:`LogsArrived` as lines come, :class:`LogsEnded` at the end. One environment at a time.

        Of one that is gone, or did not come up, its last lines come.
        """
        mailbox: Mailbox[LogLine] = Mailbox(capacity=LOG_CAPACITY)

        def arrived(batch: Sequence[LogLine]) -> Message | None:
            if not mailbox.put(batch):
                return None
            time.sleep(BATCH_PAUSE)
            return LogsArrived(mailbox)

        options = LogOptions(tail=LOG_TAIL, follow=True)
        self._bridge.follow(
            "logs",
            lambda: open_logs_or_last(self._session, environment, options=options),
            tell=tell,
            arrived=arrived,
            ended=LogsEnded,
        )

    def stop_logs(self) -> None:
        """Close the stream of logs."""
        self._bridge.stop("logs")

    def start(self, job: Job, request: Request, tell: MessagePump) -> None:
        """Do it. Tells :class:`JobReported` as it goes and :class:`JobEnded` at the end."""
        report = self._reporter(job, tell)

        def call() -> Message:
            done = request.kind.perform(Run(self._session, report, job.cancellation), request)
            return JobEnded(job.number, environment=done.environment, outcome=done.outcome)

        self._bridge.operate(job.title, call, tell=tell, failed=lambda error: JobEnded(job.number, error=error))

    def open_shell(self, environment: str, service: str, say: Callable[[str], None]) -> int:
        """A shell in a copy of the service; its exit code. In this very thread, which has the terminal's signals.

        ``say`` hears what is done until the shell is there: the copy's start may take seconds.

        It does not return at once. Raises :class:`PreviewerError`.
        """

        def report(event: Event) -> None:
            if isinstance(event, TaskStarted):
                say(f"{event.task} …")

        return Bridge.in_front(
            lambda: debug(
                Run(self._session, report),
                environment,
                service,
                terminal=True,
            )
        )

    def page_logs(self, environment: str, service: str | None) -> None:
        """The whole log in the user's pager, until it is closed; of one service, or of all by time.

        In this very thread, which has the terminal's signals, and does not return at once either. Raises
        :class:`PreviewerError`.
        """

        def call() -> None:
            services = (service,) if service is not None else ()
            options = LogOptions(tail=None)
            stream = open_logs_or_last(self._session, environment, services=services, options=options)
            try:
                page(map(whole_text, stream))
            finally:
                stream.close()

        Bridge.in_front(call)

    def copy(self, text: str, tell: MessagePump) -> None:
        """Answered with :class:`TextCopied`."""
        self._bridge.ask(
            "copy",
            lambda: copy_natively(text),
            tell=tell,
            answered=lambda is_native: TextCopied(text, is_native=is_native),
            failed=lambda _error: TextCopied(text, is_native=False),
        )

    def open_url(self, url: str, tell: MessagePump) -> None:
        """Answered with :class:`UrlOpened`."""
        self._bridge.ask(
            "browser",
            lambda: webbrowser.open(url),
            tell=tell,
            answered=lambda is_open: UrlOpened(url, is_open=is_open),
            failed=lambda _error: UrlOpened(url, is_open=False),
        )

    def save(self, path: Path, text: str, tell: MessagePump) -> None:
        """Answered with :class:`FileSaved`."""

        def call() -> str:
            try:
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise PreviewerError(f"cannot be written: {error.strerror}", where=str(path)) from error
            return str(path)

        self._bridge.ask(
            "save",
            call,
            tell=tell,
            answered=FileSaved,
            failed=lambda error: FileSaved(str(path), error=error),
        )

    def _reporter(self, job: Job, tell: MessagePump) -> Callable[[Event], None]:
        mailbox: Mailbox[Event] = Mailbox()

        def report(event: Event) -> None:
            if mailbox.put((event,)):
                self._bridge.post(tell, JobReported(job.number, mailbox))

        return report
