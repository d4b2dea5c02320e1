"""A pytest plugin: ``pytest_plugins = ["previewer.testing.plugin"]`` in a ``conftest.py``.

The fixtures bring commits of the repository up as environments of the test run's own, and remove them::

    def test_the_front_page(preview):              # an environment of HEAD for this test alone
        preview.services["api"].wait_until(HttpWaitStrategy(8000, "/ready"))
        assert "Welcome" in urlopen(preview.url).read().decode()

    def test_it_is_as_before(session_preview, previews):     # one for all tests; one of another commit
        before = previews.up("v1.0.0")
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime

import pytest

from previewer.domain import naming
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.request import DeployRequest
from previewer.engine.protocol import LogOptions
from previewer.errors import PreviewerError, UsageError
from previewer.operations.logs import open_logs
from previewer.operations.run.sweeper import Sweeper
from previewer.operations.run.temporary import new_name, remove_abandoned, remove_of, temporary, up_for
from previewer.process_identity import identify
from previewer.session.open_session import open_session
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.testing.running_preview import RunningPreview

MARK = "preview"
"""``@pytest.mark.preview("v1.0.0", role="staging")`` says what the fixture ``preview`` brings up."""
LINES = 200
"""Of each container that a failing test's report shows, since the test began."""
_PROCESS = "previewer_process"
"""What pytest-xdist's controller tells its workers: environments that they share end with it."""


class Previews:
    """Environments of one process of a test run. Whatever ends it, they are removed."""

    def __init__(self, session: Session, stack: ExitStack, sweeper: Sweeper) -> None:
        self._session = session
        self._stack = stack
        self._sweeper = sweeper
        self.running: dict[str, RunningPreview] = {}
        """Those that are up, by name."""

    def up(
        self, revision: str = "HEAD", *, role: Role | str = Role.PREVIEW, definition: str | None = None
    ) -> RunningPreview:
        """Freeze a revision and run it until the test run ends, under a name that no other environment has.

        Waits until it is healthy. Raises what ``previewer up`` reports: :class:`previewer.errors.PreviewerError`
        and its kin.
        """
        return self._stack.enter_context(self.beside(revision, role=role, definition=definition))

    @contextmanager
    def beside(
        self, revision: str = "HEAD", *, role: Role | str = Role.PREVIEW, definition: str | None = None
    ) -> Iterator[RunningPreview]:
        """As :meth:`up`, until the block ends."""
        options = DeployRequest(role=_role(role), definition=definition, name=new_name(self._session))
        name = naming.slug(options.name or "")
        self._sweeper.watch(name)
        with temporary(Run(self._session), revision, options) as made:
            self.running[name] = RunningPreview(self._session, made.result.environment)
            try:
                yield self.running[name]
            finally:
                del self.running[name]

    def share(self, run: str, process: str) -> RunningPreview:
        """The environment of HEAD that all workers of a test run use: the first one brings it up.

        ``process`` is the controller, which it ends with.
        """
        name = naming.environment_name(self._session.project, f"test-{run[:12]}")
        made = up_for(Run(self._session), "HEAD", DeployRequest(name=name), process)
        self.running[name] = RunningPreview(self._session, made)
        return self.running[name]

    def logs(self, since: datetime) -> Iterator[tuple[str, str]]:
        """What the running environments have written since then, by title."""
        for name, preview in self.running.items():
            with suppress(PreviewerError):  # a test's own failure counts more
                stream = open_logs(self._session, preview.name, options=LogOptions(tail=LINES, since=since))
                try:
                    lines = [f"{line.service} | {line.text}" for batch in stream for line in batch]
                finally:
                    stream.close()
                if lines:
                    yield f"logs of {name}", "\n".join(lines)


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
    group.addoption(
        "--preview-shared",
        action="store_true",
        help="with pytest -n: let all workers use one session_preview, instead of one each",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", f"{MARK}(revision, role, definition): what the fixture `preview` brings up")


_PREVIEWS = pytest.StashKey[Previews]()
_BEGAN = pytest.StashKey[float]()
_CONTROLLER = pytest.StashKey[ExitStack]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Of pytest-xdist, in its controller: environments that workers share end with it."""
    config, told = getattr(node, "config", None), getattr(node, "workerinput", None)
    if not isinstance(config, pytest.Config) or not isinstance(told, dict):
        return
    if not config.getoption("--preview-shared"):
        return
    told[_PROCESS] = identify()
    if _CONTROLLER not in config.stash:
        stack = config.stash[_CONTROLLER] = ExitStack()
        session = stack.enter_context(open_session(_path(config), environment=os.environ))
        stack.enter_context(_sweeper(session))
        stack.callback(remove_of, Run(session), identify())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what workers shared."""
    if (stack := config.stash.get(_CONTROLLER, None)) is not None:
        stack.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what environments wrote to the report of a test that failed."""
    report = yield
    if call.when == "setup":
        item.stash[_BEGAN] = call.start
    previews = item.config.stash.get(_PREVIEWS, None)
    if previews is not None and report.failed:
        report.sections += list(previews.logs(datetime.fromtimestamp(item.stash[_BEGAN]).astimezone()))
    return report


@pytest.fixture(scope="session")
def previews(pytestconfig: pytest.Config) -> Iterator[Previews]:
    """Environments of commits, for the whole test run."""
    with open_session(_path(pytestconfig), environment=os.environ) as session, _sweeper(session) as sweeper:
        remove_abandoned(Run(session))
        with ExitStack() as stack:
            made = pytestconfig.stash[_PREVIEWS] = Previews(session, stack, sweeper)
            yield made
        del pytestconfig.stash[_PREVIEWS]


@pytest.fixture(scope="session")
def session_preview(pytestconfig: pytest.Config, previews: Previews) -> RunningPreview:
    """One environment of HEAD for all tests of this process, or with ``--preview-shared`` of all workers."""
    told: dict[str, str] = getattr(pytestconfig, "workerinput", {})
    if _PROCESS in told:
        return previews.share(told["testrunuid"], told[_PROCESS])
    return previews.up("HEAD")


@pytest.fixture
def preview(request: pytest.FixtureRequest, previews: Previews) -> Iterator[RunningPreview]:
    """An environment for one test: of HEAD, or of what ``@pytest.mark.preview`` says."""
    mark = request.node.get_closest_marker(MARK)
    arguments, options = (mark.args, mark.kwargs) if mark is not None else ((), {})
    with previews.beside(*arguments, **options) as made:
        yield made


def _path(config: pytest.Config) -> str:
    return str(config.getoption("--preview-repo") or config.rootpath)


def _sweeper(session: Session) -> Sweeper:
    return Sweeper(["--repo", session.source.location], os.environ)
