"""Fixtures that every part of the tests may use. Those with an engine are made on first use only."""

from __future__ import annotations

import os
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from previewer.docker_api.connection import DockerConnection
from previewer.errors import EngineError
from tests.docker.base_image import BaseImage, is_static_busybox, load_base_image, unload_base_image
from tests.docker.remains import remains_of
from tests.starting_environment import REQUIRES_ENGINE, enter_starting_environment

TEST_LABEL = "dev.previewer.test"
"""On every engine object that a test makes; its value is the session's id."""

NO_PODMAN = "on Podman as well: Debian 12 has 4.3, which fails some; docs/testing.md says how to use yours"
"""Why tests that ran on Docker did not run on Podman."""

HOME = enter_starting_environment()
"""Made before pytest imports any test: some libraries read the environment when they are imported."""

# Properties are judged by what they find, and never by how long an example took on a busy machine.
settings.register_profile(
    "previewer",
    settings.get_profile(settings.get_current_profile_name()),  # of CI where that is set: derandomised
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("previewer")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``pytest tests/cli --update-cli-goldens`` writes what the tests compare with."""
    parser.addoption("--update-cli-goldens", action="store_true", help="rewrite tests/cli/golden and docs/cli.md")


class ModulesTogether(LoadScopeScheduling):  # type: ignore[misc]
    """Tests of a module that use a real engine share what they made: one worker runs them all.

    (Groups as pytest-xdist 3.8 marks them do not reach pytest 9's node ids.)
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        if module.endswith("/test_probe.py"):
            return "probe"  # they listen at the ports that environments in memory have
        return module if module.startswith("tests/docker/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ModulesTogether | None:
    """For ``--dist loadgroup``."""
    return ModulesTogether(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was not tested here and why, as the run's closing lines."""
    skipped = [report.longrepr for report in terminalreporter.stats.get("skipped", [])]
    reasons = Counter(place[2].removeprefix("Skipped: ") for place in skipped if isinstance(place, tuple))
    if "podman" not in os.environ.get("DOCKER_HOST", ""):
        on_engine = [report for report in terminalreporter.stats.get("passed", []) if "docker" in report.keywords]
        reasons.update({NO_PODMAN: len(on_engine)} if on_engine else {})
    if reasons:
        terminalreporter.section("not tested here")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count:4} {reason}")


def pytest_unconfigure() -> None:
    """Workers of pytest-xdist end without the interpreter's own clean-up."""
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def test_session() -> str:
    """This run of the tests, for labels and names."""
    return uuid.uuid4().hex[:8]


@pytest.fixture(scope="session")
def test_labels(test_session: str) -> dict[str, str]:
    """To be put on every engine object that a test makes, besides its ownership."""
    return {TEST_LABEL: test_session}


@pytest.fixture(scope="session")
def docker_connection(test_session: str) -> Iterator[DockerConnection]:
    """The engine of this machine. At the end nothing that the tests made may be left on it."""
    from previewer.docker_api.connection import connect

    try:
        connection = connect()
    except EngineError as error:
        reason = f"{error} ({'; '.join(error.details)})"
        if os.environ.get(REQUIRES_ENGINE):
            pytest.fail(reason)
        pytest.skip(reason)
    with connection:
        yield connection
        left = remains_of(connection, f"{TEST_LABEL}={test_session}")
        assert left == [], "the tests left objects on the engine"


@pytest.fixture(scope="session")
def base_image(docker_connection: DockerConnection, test_session: str) -> Iterator[BaseImage]:
    """A busybox image, loaded for the session."""
    if not is_static_busybox():
        reason = "no static /bin/busybox (install the package busybox-static)"
        if os.environ.get(REQUIRES_ENGINE):
            pytest.fail(reason)
        pytest.skip(reason)
    yield load_base_image(docker_connection, test_session)
    unload_base_image(docker_connection, test_session)
