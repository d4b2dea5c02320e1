"""The plugin in a test run of its own, as a project that uses it would have it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.docker_api.connection import DockerConnection
from tests.docker.base_image import BaseImage
from tests.docker.site import Site

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

CONFTEST = 'pytest_plugins = ["previewer.testing.plugin"]\n'
TESTS = """
from urllib.request import urlopen

import pytest
from testcontainers.core.wait_strategies import (
    HealthcheckWaitStrategy,
    HttpWaitStrategy,
    LogMessageWaitStrategy,
)

from previewer.errors import NotFoundError


def test_two_commits_side_by_side(previews):
    new, old = previews.up("HEAD"), previews.up("HEAD~1")
    assert urlopen(new.url).read() == b"second page\\n"
    assert urlopen(old.url).read() == b"page of main\\n"


def test_wait_strategies(previews):
    web = previews.up().services["web"]
    web.wait_until(HttpWaitStrategy(8080, "/").for_status_code(200).with_startup_timeout(10))
    web.wait_until(HealthcheckWaitStrategy())
    assert web.status == "running"
    with pytest.raises(TimeoutError):
        web.wait_until(LogMessageWaitStrategy("never said").with_startup_timeout(1))
    with pytest.raises(NotFoundError):
        web.get_exposed_port(1)
"""


@pytest.fixture
def site(tmp_path: Path, docker_connection: DockerConnection, base_image: BaseImage) -> Iterator[Site]:
    del base_image
    found = Site(tmp_path / "site", docker_connection)
    found.repository.commit({"web/index.html": "second page\n"})
    yield found
    found.clean_up()


@pytest.mark.parametrize(
    "failure", ["", "\ndef test_that_fails(previews):\n    previews.up()\n    raise ValueError\n"]
)
def test_a_project_previews_its_commits_in_its_tests(site: Site, tmp_path: Path, failure: str) -> None:
    folder = tmp_path / "checks"
    folder.mkdir()
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_site.py").write_text(TESTS + failure)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
        str(folder),
    ]
    environment = {**os.environ, "DOCKER_HOST": site.connection.host}
    done = subprocess.run(
        [*command, "--preview-repo", str(site.repository.path)],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == (1 if failure else 0), done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert site.remains() == []
