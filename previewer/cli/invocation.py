"""One run of the command line: its global options, its streams and the session it opens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TextIO, cast

import click

from previewer.cli.terminal import can_ask, is_terminal, terminal_size, wants_colour

if TYPE_CHECKING:
    from previewer.cli.diagnostics import Diagnostics
    from previewer.cli.output import Output
    from previewer.forge.job import Platform
    from previewer.operations.pull import FetchedRelease
    from previewer.session.session import Session


ENGINE_VARIABLE, SWARM = "PREVIEWER_ENGINE", "swarm"
"""The variable of the setting `engine`, and the value that `--swarm` gives it."""


class OpenSession(Protocol):
    """How a session is opened; tests give one in memory."""

    def __call__(
        self, path: str | None, *, docker_host: str | None, environment: Mapping[str, str]
    ) -> AbstractContextManager[Session]:
        """Open the repository at ``path`` (``None``: the one around the current folder)."""
        ...


class Invocation:
    """What every command gets. Options may stand before and after the verb; the last one counts."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        stdin: TextIO,
        stdout: TextIO,
        stderr: TextIO,
        open_session: OpenSession | None = None,
    ) -> None:
        self.environment = environment
        self.stdin = stdin
        self.stdout = stdout
        self._stderr = stderr
        self._open_session = open_session
        self.repo: str | None = None
        """The repository's folder, or ``None`` for the one around the current folder."""
        self.project: str | None = None
        """A project's name, to work on without its repository."""
        self.host: str | None = None
        """The engine's address, or ``None`` for the environment's."""
        self.debug = False
        self.colour = "auto"
        self.ci = "auto"
        """Which CI system reads the output; ``auto`` for the one that the environment tells of."""

    @property
    def swarm(self) -> bool:
        """Whether environments run on a swarm, whatever the settings say."""
        return self.environment.get(ENGINE_VARIABLE) == SWARM

    @swarm.setter
    def swarm(self, is_chosen: bool) -> None:
        if is_chosen:
            self.environment = {**self.environment, ENGINE_VARIABLE: SWARM}

    @property
    def platform(self) -> Platform:
        """The CI system that reads the output."""
        from previewer.forge.job import Platform, find_platform

        return find_platform(self.environment) if self.ci == "auto" else Platform(self.ci)

    @property
    def stderr(self) -> TextIO:
        """Standard error; on GitHub nothing in it that others wrote is a command of the runner's."""
        from previewer.forge.job import Platform

        if self.platform is not Platform.GITHUB:
            return self._stderr
        from previewer.cli.ci.github import InertStream

        return cast("TextIO", InertStream(self._stderr))

    @contextmanager
    def open_session(
        self, names: Sequence[str] | None = None, *, is_everywhere: bool = False
    ) -> Iterator[Session]:
        """The session of this run. The engine is asked when first needed.

        When all is done it warns of unreadable ledger entries. ``names`` are the environments that
        a command is about, which the engine's labels suffice for: outside of any repository it works by these.
        ``is_everywhere`` is one about all projects.
        """
        with self._open(names, is_everywhere=is_everywhere) as session:
            try:
                yield session
            finally:
                for fault in session.faults:
                    self.diagnostics.warn(fault.message, fault.hint)

    def _open(self, names: Sequence[str] | None, *, is_everywhere: bool) -> AbstractContextManager[Session]:
        if self._open_session is not None:
            return self._open_session(self.repo, docker_host=self.host, environment=self.environment)
        from previewer.errors import NoRepositoryError
        from previewer.session.open_session import open_session

        session: Session | None = None
        if self.project is None:
            try:
                session = open_session(self.repo, docker_host=self.host, environment=self.environment)
            except NoRepositoryError:
                if names is None or self.repo is not None:
                    raise
        if session is None or (names and not session.is_chosen):
            from previewer.operations.open_outside import open_outside

            if session is not None:
                session.close()
            session = open_outside(
                names or (),
                project=self.project,
                is_everywhere=is_everywhere,
                docker_host=self.host,
                environment=self.environment,
            )
        if session.assumed:
            self.diagnostics.note(session.assumed)
        return session

    def open_pulled_session(self, fetched: FetchedRelease) -> AbstractContextManager[Session]:
        """The session that a release is pulled into; to be used in a ``with``."""
        if self._open_session is not None:
            return self.open_session()
        from previewer.session.open_session import open_pulled_session

        return open_pulled_session(fetched.bundle, self.repo, docker_host=self.host, environment=self.environment)

    @cached_property
    def output(self) -> Output:
        """Standard output."""
        from previewer.cli.output import Output

        return Output(
            self.stdout,
            colour=wants_colour(self.stdout, self.colour, self.environment),
            width=terminal_size(self.stdout)[0] if is_terminal(self.stdout) else None,
        )

    @property
    def diagnostics(self) -> Diagnostics:
        """Standard error."""
        from previewer.cli.diagnostics import Diagnostics

        stream = self.stderr
        return Diagnostics(stream, colour=wants_colour(stream, self.colour, self.environment))

    @property
    def can_ask(self) -> bool:
        """Whether a question would reach a person."""
        return can_ask(self.stdin, self.stderr, self.environment)

    def ask(self, question: str) -> str:
        """The answer to a question; only where :attr:`can_ask`."""
        return self.diagnostics.ask(question, self.stdin)


pass_invocation = click.make_pass_decorator(Invocation)
