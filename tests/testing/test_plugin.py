"""The plugin in a test run of its own, as a project that uses it would have it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.docker_api.connection import DockerConnection
from tests.docker.base_image import BaseImage
from tests.eventually import eventually
from tests.worlds.docker import EngineFixture

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(600),  # whole test runs, with environments of their own
    pytest.mark.usefixtures("base_image"),
]

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
def engine_fixture(
    tmp_path: Path, docker_connection: DockerConnection, base_image: BaseImage
) -> Iterator[EngineFixture]:
    del base_image
    found = EngineFixture(tmp_path / "site", docker_connection)
    found.repository.commit({"web/index.html": "second page\n"})
    yield found
    found.clean_up()


def run_tests(
    engine_fixture: EngineFixture, folder: Path, files: dict[str, str], *options: str
) -> subprocess.CompletedProcess[str]:
    """Run the tests of a project whose folder holds these files."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(content)
    return subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "--rootdir",
                str(folder),
                str(folder),
            ),
            *("--preview-repo", str(engine_fixture.repository.path)),
            *options,
        ],
        env={**os.environ, "DOCKER_HOST": engine_fixture.connection.host},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )


@pytest.mark.parametrize(
    "failure", ["", "\ndef test_that_fails(previews):\n    previews.up()\n    raise ValueError\n"]
)
def test_a_project_previews_its_commits_in_its_tests(
    engine_fixture: EngineFixture, tmp_path: Path, failure: str
) -> None:
    done = run_tests(
        engine_fixture, tmp_path / "checks", {"conftest.py": CONFTEST, "test_site.py": TESTS + failure}
    )
    assert done.returncode == (1 if failure else 0), done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert engine_fixture.remains() == []


KILLED = """
import os
import signal


def test_killed(previews):
    previews.up()
    os.kill(os.getpid(), signal.SIGKILL)
"""
IS_BESIDE = """
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen


def test_another_run_beside_this_one(previews, pytestconfig):
    preview = previews.up()
    inner = Path("inner")
    inner.mkdir()
    (inner / "conftest.py").write_text('pytest_plugins = ["previewer.testing.plugin"]')
    (inner / "test_inner.py").write_text("def test_it(previews): pass")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", "inner", "inner"]
    subprocess.run([*command, "--preview-repo", pytestconfig.getoption("--preview-repo")], check=True)
    assert urlopen(preview.url).read() == b"second page\\n"
"""


def test_what_a_killed_run_left_goes_with_the_next_one_and_what_another_uses_stays(
    engine_fixture: EngineFixture, tmp_path: Path
) -> None:
    engine_fixture.up("main")
    killed = run_tests(engine_fixture, tmp_path / "killed", {"conftest.py": CONFTEST, "test_it.py": KILLED})
    assert killed.returncode == -signal.SIGKILL
    eventually(lambda: len(engine_fixture.environments()) == 1, what="the killed run's sweeper removes its own")
    done = run_tests(engine_fixture, tmp_path / "next", {"conftest.py": CONFTEST, "test_it.py": IS_BESIDE})
    assert done.returncode == 0, done.stdout + done.stderr
    assert [environment["branch"] for environment in engine_fixture.environments()] == ["main"]
    assert not any("-run-" in thing for thing in engine_fixture.remains())


SHARED = """
from urllib.request import urlopen

import pytest


@pytest.mark.parametrize("number", range(4))
def test_all_workers_ask_one(session_preview, number, record_property):
    record_property("url", session_preview.url)
    assert urlopen(session_preview.url).read() == b"second page\\n"


@pytest.mark.preview("HEAD~1")
def test_one_of_its_own(preview, session_preview):
    assert urlopen(preview.url).read() == b"page of main\\n"
    assert preview.name != session_preview.name


def test_that_fails(preview):
    raise AssertionError("look at the logs")
"""


def test_workers_share_one_environment_and_failures_show_its_logs(
    engine_fixture: EngineFixture, tmp_path: Path
) -> None:
    compose = (
        'services:\n  web:\n    build: web\n    ports: ["8080"]\n    command: [sh, -c, "echo begun; {run}"]\n'
    )
    run = "exec busybox httpd -f -p 8080 -h /site"
    for page in ("page of main", "second page"):
        files = {"compose.yaml": compose.format(run=run), "web/index.html": f"{page}\n"}
        engine_fixture.repository.commit(files, subject=page)
    options = ("-n", "2", "--preview-shared", "--junit-xml", str(tmp_path / "junit.xml"))
    done = run_tests(
        engine_fixture, tmp_path / "shared", {"conftest.py": CONFTEST, "test_it.py": SHARED}, *options
    )
    assert "1 failed, 5 passed" in done.stdout, done.stdout + done.stderr
    assert "logs of" in done.stdout
    assert "web | begun" in done.stdout
    urls = set(re.findall(r'name="url" value="([^"]+)"', (tmp_path / "junit.xml").read_text()))
    assert len(urls) == 1
    assert engine_fixture.remains() == []


ROLES = """
import pytest

from previewer.errors import UsageError


def test_a_role_by_its_name(previews):
    assert previews.up("HEAD", role="staging").environment.role.value == "staging"
    with pytest.raises(UsageError, match="there is no role 'stage'"):
        previews.up("HEAD", role="stage")
"""


def test_a_role_is_named_as_on_the_command_line(engine_fixture: EngineFixture, tmp_path: Path) -> None:
    engine_fixture.repository.commit(
        {f"envs/{role}.yaml": "include: [../compose.yaml]\n" for role in ("preview", "staging")}
    )
    done = run_tests(engine_fixture, tmp_path / "checks", {"conftest.py": CONFTEST, "test_it.py": ROLES})
    assert done.returncode == 0, done.stdout + done.stderr
    assert engine_fixture.remains() == []


DOCUMENT = Path(__file__).parents[2] / "docs" / "testing.md"
EXAMPLE = re.compile(r"^```python\n# (?P<name>\S+\.py)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
DOCUMENTED_SITE = {
    "compose.yaml": """
services:
  api:
    build: .
    ports: ["8000"]
""",
    "Dockerfile": """FROM previewer-test/base:1
COPY pages /pages
CMD ["busybox", "httpd", "-f", "-p", "8000", "-h", "/pages"]
""",
    "pages/index.html": "Welcome\n",
    "pages/ready": "yes\n",
}


def test_the_documents_examples_pass(engine_fixture: EngineFixture, tmp_path: Path) -> None:
    engine_fixture.repository.commit(DOCUMENTED_SITE)
    engine_fixture.repository.git("tag", "v1.0.0")
    engine_fixture.repository.commit({"notes": "of no page"})
    examples = {found["name"]: found["code"] for found in EXAMPLE.finditer(DOCUMENT.read_text(encoding="utf-8"))}
    assert set(examples) == {"conftest.py", "test_site.py"}
    done = run_tests(engine_fixture, tmp_path / "checks", examples)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{examples['test_site.py'].count('def test_')} passed" in done.stdout
    assert engine_fixture.remains() == []
