"""The action, and the pipelines that `init --ci` writes: their shell, run as the CI systems would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from previewer.docker_api.connection import DockerConnection
from tests.cli.test_ci import read_outputs
from tests.docker.base_image import BaseImage
from tests.forge.platform_server import PlatformServer, platform_server
from tests.worlds.docker import TIMEOUT, EngineFixture, fetch

pytestmark = [
    pytest.mark.docker,
    pytest.mark.slow,
    pytest.mark.timeout(600),  # many environments come up one after the other
    pytest.mark.usefixtures("base_image"),
]

ROOT = Path(__file__).parents[2]
COMPOSE = 'services:\n  web:\n    build: web\n    ports: ["8080"]\n'
FETCH = (
    "python3 -c 'import os, urllib.request; print(urllib.request.urlopen(os.environ[\"PREVIEWER_URL\"]).read())'"
)
EXPRESSION = re.compile(r"\$\{\{ *([a-z._-]+) *\}\}")


class Runner:
    """A checkout of a small site, and shells in it."""

    def __init__(self, site: EngineFixture, folder: Path, server: PlatformServer) -> None:
        site.repository.commit({"compose.yaml": COMPOSE})
        self.site = site
        self.folder = folder
        self.server = server
        folder.mkdir()

    def shell(
        self, script: str, environment: Mapping[str, str], *, at: Path | None = None, code: int = 0
    ) -> tuple[str, str]:
        """What a script printed, and what it told."""
        scripts = Path(sys.executable).parent
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=at or self.site.repository.path,
            env={
                "PATH": f"{scripts}:{os.environ['PATH']}",
                "HOME": str(self.folder),
                "DOCKER_HOST": self.site.connection.host,
                "GIT_CEILING_DIRECTORIES": str(self.folder),
                "CI": "true",
                "PREVIEWER_ROUTER": "off",
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout, done.stderr

    def act(self, *, code: int = 0, **inputs: str) -> dict[str, str]:
        """Run every step of the action; its outputs."""
        action = yaml.safe_load((ROOT / "action.yml").read_text())
        given = {name: str(entry.get("default", "")) for name, entry in action["inputs"].items()} | inputs
        output = self.folder / "output"
        output.write_text("")
        known = {f"inputs.{name}": value for name, value in given.items()}
        known |= {"github.token": "ghs_job", "github.event.repository.default_branch": "main"}
        for step in action["runs"]["steps"]:
            assert step["shell"] == "bash"
            assert "${{" not in step["run"], "values of others never become shell"
            values = {name: self._fill(text, known) for name, text in step["env"].items()}
            self.shell(
                step["run"],
                {**self._job(), "GITHUB_OUTPUT": str(output), **values},
                code=code if "DO" in values else 0,
            )
        return read_outputs(output)

    def _fill(self, text: str, known: Mapping[str, str]) -> str:
        """As the runner evaluates it; a default may be an expression itself."""
        filled = EXPRESSION.sub(lambda found: known[found[1]], text)
        return EXPRESSION.sub(lambda found: known[found[1]], filled)

    def _job(self) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_REPOSITORY": "ada/shop",
            "GITHUB_API_URL": self.server.address,
        }


@pytest.fixture
def runner(tmp_path: Path, docker_connection: DockerConnection, base_image: BaseImage) -> Iterator[Runner]:
    del base_image
    site = EngineFixture(tmp_path / "site", docker_connection)
    # The origin that the steps may fetch from: it has the main branch, and no network is needed.
    site.repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    with platform_server() as server:
        yield Runner(site, tmp_path / "runner", server)
    site.clean_up()


def test_the_action_runs_brings_up_comments_and_takes_down(runner: Runner) -> None:
    evidence = f"--evidence\n{runner.folder / 'evidence'}"
    assert runner.act(command=FETCH, options=evidence)["exit-code"] == "0"
    assert runner.act(command="exit 7", options=evidence, code=7)["exit-code"] == "7"
    assert runner.site.remains() == []
    outputs = runner.act(do="up", name="the-preview")
    assert fetch(outputs["url"]) == "page of main\n"
    runner.act(do="down", name=outputs["environment"])
    assert runner.site.remains() == []
    bodies = [comment["body"] for comment in runner.server.comments]
    assert len(bodies) == 3, "one for each command, and one for the environment"
    assert "was removed" in bodies[-1]
    runner.act(do="dance", code=2)


def test_the_pipelines_that_init_writes_run(runner: Runner, tmp_path: Path) -> None:
    for system, path in (
        ("github", ".github/workflows/preview.yml"),
        ("gitlab", ".gitlab/previewer.gitlab-ci.yml"),
    ):
        assert path in runner.shell(f"previewer init --ci {system}", {})[0]
        assert path in runner.shell(f"previewer init --ci {system} --dry-run", {})[0]
    workflow = yaml.safe_load((runner.site.repository.path / ".github/workflows/preview.yml").read_text())
    (script,) = (step["run"] for step in workflow["jobs"]["preview"]["steps"] if "run HEAD" in step.get("run", ""))
    runner.shell(script, {"GITHUB_ACTIONS": "true"}, at=runner.site.repository.path)
    jobs = yaml.safe_load((runner.site.repository.path / ".gitlab/previewer.gitlab-ci.yml").read_text())
    variables = {
        "GITLAB_CI": "true",
        "CI_PROJECT_NAME": runner.site.project,
        "CI_ENVIRONMENT_SLUG": "review-feature-x-a1b2c3",
        "CI_COMMIT_REF_NAME": "feature/x",
        "CI_DEFAULT_BRANCH": "main",
    }
    empty = tmp_path / "runner" / "empty"
    empty.mkdir()
    runner.shell(_lines(jobs["preview_tests"]), variables)
    runner.shell(_lines(jobs["review"]), variables)
    dotenv = dict(
        line.split("=", 1) for line in (runner.site.repository.path / "previewer.env").read_text().splitlines()
    )
    assert fetch(dotenv["PREVIEWER_URL"]) == "page of main\n"
    (environment,) = runner.site.environments()
    assert environment["branch"] == "feature/x"
    runner.shell(_lines(jobs["nightly_reports"]).replace("previewer parity", "true previewer parity"), variables)
    runner.shell(_lines(jobs["stop_review"]), variables, at=empty)
    assert runner.site.remains() == []


def _lines(job: dict[str, Any]) -> str:
    return "\n".join(job["script"])


SNIPPET = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SCRIPT = "#!/bin/sh\nexec true\n"


def test_every_line_of_shell_in_the_document_runs(runner: Runner) -> None:
    repository = runner.site.repository
    probed = "x-previewer: {parity: {probe: {requests: [/]}}}\n"
    (repository.path / "smoke-test").write_text(SCRIPT)
    (repository.path / "print-prices").write_text(SCRIPT)
    for name in ("smoke-test", "print-prices"):
        (repository.path / name).chmod(0o755)
    roles = ("preview", "ci", "staging", "production")
    files = {f"envs/{role}.yaml": "include: [../compose.yaml]\n" + probed for role in roles}
    repository.commit({**files, ".gitignore": "/smoke-test\n/print-prices\n"})
    repository.git("tag", "v1.4")
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.git("branch", "feature/login")
    for number in range(2):
        repository.commit({"web/index.html": f"{number}\n"})
    runner.shell("previewer up HEAD --name shop-pull-7", {})
    blocks = "".join(SNIPPET.findall((ROOT / "docs" / "ci.md").read_text(encoding="utf-8")))
    lines = [line for line in blocks.splitlines() if line.startswith("previewer ")]
    assert len(lines) >= 12
    for line in lines:
        # Whether revisions differ is theirs; a bisection of what has no bug blames the bad end.
        script = f"{line.partition('  #')[0]} || [ $? = 3 ]"
        runner.shell(script, {"BRANCH_NAME": "feature/x", "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"})
    runner.shell("previewer down --all --yes", {})
    assert runner.site.remains() == []
