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
from collections.abc import Iterator

import pytest

from previewer.domain.cancellation import Cancellation
from previewer.domain.definition import Role
from previewer.domain.naming import environment_name
from previewer.domain.progress import ignore
from previewer.operations.down import down
from previewer.operations.environments import list_environments
from previewer.operations.open_session import open_session
from previewer.operations.session import Session
from previewer.operations.up import UpOptions, up
from previewer.testing.running_preview import RunningPreview

TTL = "2h"
"""Of a test's environment: should the run be killed, it is known to be rubbish soon."""


class Previews:
    """Environments of one test run."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._run = os.urandom(4).hex()
        self._names: list[str] = []

    def up(
        self, revision: str = "HEAD", *, role: Role = Role.PREVIEW, definition: str | None = None
    ) -> RunningPreview:
        """Freeze a revision and run it, under a name that no user's environment has. Waits until it is healthy.

        Raises what ``previewer up`` reports: :class:`previewer.errors.PreviewerError` and its kin.
        """
        name = environment_name(self._session.project, f"test-{self._run}-{len(self._names) + 1}")
        self._names.append(name)
        options = UpOptions(role=role, definition=definition, name=name, ttl=TTL)
        result = up(self._session, revision, options, report=ignore, cancellation=Cancellation())
        return RunningPreview(self._session, result.environment)

    def down_all(self) -> None:
        """Remove them, and prove that nothing is left. Those that never came up have nothing to remove."""
        known = {environment.name for environment in list_environments(self._session)}
        names = [name for name in self._names if name in known]
        down(self._session, names, report=ignore, cancellation=Cancellation())


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--preview-repo`` says which repository, if it is not the one that the tests are in."""
    group = parser.getgroup("previewer")
    group.addoption("--preview-repo", default=None, help="the repository whose commits are previewed")


@pytest.fixture(scope="session")
def previews(pytestconfig: pytest.Config) -> Iterator[Previews]:
    """Environments of commits, for the whole test run."""
    path: str = pytestconfig.getoption("--preview-repo") or str(pytestconfig.rootpath)
    with open_session(path, environment=os.environ) as session:
        made = Previews(session)
        try:
            yield made
        finally:
            made.down_all()
