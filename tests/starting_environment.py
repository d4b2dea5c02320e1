"""The environment that the tests run in: the same on every machine, whatever pytest was started with.

Contributors colour their terminals, set time zones and git identities, choose Docker contexts and run inside CI;
none of that decides a test. Two choices are kept: where programs are found, and which engine to test on.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from previewer.docker_api.wire.contexts import find_endpoints
from previewer.errors import EngineUnreachableError

KEPT = ("PATH", "TMPDIR", "USER", "LOGNAME", "DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
"""Where programs and temporary files are, who runs the tests, and the engine to test on."""
KEPT_PREFIXES = ("PREVIEWER_TEST_", "PYTEST_", "COV_", "COVERAGE_")
"""Choices of these tests, and what pytest and its plugins tell their own processes."""
FIXED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "LANG": "C.UTF-8",
    "PREVIEWER_ROUTER": "off",
    "PREVIEWER_SETTLE_TIME": "500ms",
    "TERM": "xterm-256color",
    "TZ": "UTC",
}
REQUIRES_ENGINE = "PREVIEWER_TEST_REQUIRES_ENGINE"
"""Set where a missing engine or program fails the tests instead of skipping them: wherever ``CI`` was set."""
FILE_MODE_MASK = 0o022


def starting_environment(given: Mapping[str, str], home: Path) -> dict[str, str]:
    """The variables of a test run that was started with ``given``; ``home`` is an empty folder."""
    kept = {name: value for name, value in given.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    if given.get("CI"):
        kept[REQUIRES_ENGINE] = "1"
    if host := _chosen_engine(given):
        kept["DOCKER_HOST"] = host
    return kept | FIXED | {"HOME": str(home)}


def enter_starting_environment() -> Path:
    """Run in that environment from now on. Its home, which is returned, has to be removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="previewer-tests-home-"))
    variables = starting_environment(os.environ, home)
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()
    os.umask(FILE_MODE_MASK)
    return home


def _chosen_engine(given: Mapping[str, str]) -> str | None:
    """The engine that a Docker context in the user's own home names, or the first socket that is there."""
    try:
        endpoints = find_endpoints(environ=given, home=Path(given.get("HOME") or "/"))
    except EngineUnreachableError:
        return None
    for endpoint in endpoints:
        if len(endpoints) == 1 or Path(endpoint.host.removeprefix("unix://")).exists():
            return endpoint.host
    return None
