"""A pytest plugin: ``pytest_plugins = ["previewer.testing.plugin"]`` in a ``conftest.py``.

The ``previews`` fixture brings commits of the repository up as environments of the test run's own, and removes
them at its end::

    def test_the_front_page(previews):
        preview = previews.up("HEAD")
        preview.services["api"].wait_until(HttpWaitStrategy(8000, "/ready"))
        assert "Welcome" in urlopen(preview.url).read().decode()
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

import pytest

from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import Environment
from previewer.domain.naming import environment_name
from previewer.errors import LockedError, NotFoundError, UsageError
from previewer.operations.down import down
from previewer.operations.up import UpOptions, up
from previewer.records.environments import list_environments
from previewer.session.open_session import open_session
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.testing.running_preview import RunningPreview

TTL = "2h"
"""Of a test's environment. One that a killed run of another machine left is removed after that."""
_NAME = re.compile(r"(?P<run>test-[0-9a-f]{16})-[0-9]+$")


class Previews:
    """Environments of one test run, which is known by the lock that it holds."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._run = f"test-{os.urandom(8).hex()}"
        self._names: list[str] = []

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Hold the run's lock, remove what killed runs left, and at the end what this run made."""
        with self._session.ledger.lock(self._run, purpose="run tests with previews"):
            self._remove_abandoned()
            try:
                yield self
            finally:
                self.down_all()

    def up(
        self, revision: str = "HEAD", *, role: Role | str = Role.PREVIEW, definition: str | None = None
    ) -> RunningPreview:
        """Freeze a revision and run it, under a name that no user's environment has. Waits until it is healthy.

        Raises what ``previewer up`` reports: :class:`previewer.errors.PreviewerError` and its kin.
        """
        name = environment_name(self._session.project, f"{self._run}-{len(self._names) + 1}")
        self._names.append(name)
        options = UpOptions(role=_role(role), definition=definition, name=name, ttl=TTL)
        result = up(Run(self._session), revision, options)
        return RunningPreview(self._session, result.environment)

    def down_all(self) -> None:
        """Remove them, and prove that nothing is left. Those that never came up have nothing to remove."""
        known = {environment.name for environment in list_environments(self._session)}
        names = [name for name in self._names if name in known]
        down(Run(self._session), names)

    def _remove_abandoned(self) -> None:
        """Remove the environments of runs that were killed. Another run may be at it too."""
        for environment in list_environments(self._session):
            if self._is_abandoned(environment):
                with suppress(LockedError, NotFoundError):
                    down(Run(self._session), [environment.name])

    def _is_abandoned(self, environment: Environment) -> bool:
        """Whether its run has ended: a run of this clone holds its lock until then, others have their time."""
        run = _NAME.search(environment.name)
        if run is None:
            return False
        if environment.expires_at is not None and environment.expires_at <= self._session.clock():
            return True
        if not self._session.began(environment.ownership.operation):
            return False
        try:
            with self._session.ledger.lock(run["run"], purpose="see whether the tests still run"):
                return True
        except LockedError:
            return False


def _role(name: Role | str) -> Role:
    """Raises :class:`UsageError` for a role that does not exist."""
    try:
        return Role(name)
    except ValueError:
        roles = ", ".join(role.value for role in Role)
        raise UsageError(f"there is no role {name!r}", hint=f"one of {roles}") from None


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--preview-repo`` says which repository, if it is not the one that the tests are in."""
    group = parser.getgroup("previewer")
    group.addoption("--preview-repo", default=None, help="the repository whose commits are previewed")


@pytest.fixture(scope="session")
def previews(pytestconfig: pytest.Config) -> Iterator[Previews]:
    """Environments of commits, for the whole test run."""
    path: str = pytestconfig.getoption("--preview-repo") or str(pytestconfig.rootpath)
    with open_session(path, environment=os.environ) as session, Previews(session).running() as made:
        yield made
