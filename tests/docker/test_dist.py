"""What a release publishes: built, installed into a fresh environment outside of this repository, and used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.dist import main
from tests.worlds.docker import EngineFixture

pytestmark = [
    pytest.mark.docker,
    pytest.mark.slow,
    pytest.mark.timeout(600),  # all dependencies are downloaded and installed
    pytest.mark.usefixtures("base_image"),
]

PYTHONS = os.environ.get("PREVIEWER_TEST_PYTHONS", sys.executable).split(os.pathsep)
"""Interpreters to install it for."""
COMPOSE = 'services:\n  web:\n    build: web\n    ports: ["8080"]\n'
FETCH = "import os, urllib.request; print(urllib.request.urlopen(os.environ['PREVIEWER_URL']).read().decode())"


def test_the_wheel_runs_the_main_job_outside_of_the_repository(
    engine_fixture: EngineFixture, tmp_path: Path
) -> None:
    built = tmp_path / "dist"
    try:
        assert main(built) == 0, "two builds have the same bytes"
    except subprocess.CalledProcessError as error:
        if "install" not in error.cmd:
            raise
        pytest.skip("no package index answers, to get the build tool from")
    (wheel,) = built.glob("*.whl")
    bill = json.loads((built / "previewer_environments.cdx.json").read_text())
    names = {component["name"] for component in bill["components"]}
    assert {"click", "docker", "textual", "urllib3"} <= names
    assert not names & {"pytest", "mypy", "ruff", "previewer-environments"}
    with zipfile.ZipFile(wheel) as archive:
        files = archive.namelist()
    assert "previewer/cli/ci/templates/github.yml" in files
    assert all(name.startswith(("previewer/", "previewer_environments-")) for name in files)
    engine_fixture.repository.commit({"compose.yaml": COMPOSE})
    for number, python in enumerate(PYTHONS):
        folder = tmp_path / f"python{number}"
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
        install = [f"{folder}/bin/pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)]
        subprocess.run(install, check=True, cwd=tmp_path, capture_output=True)
        done = subprocess.run(
            [
                *(f"{folder}/bin/previewer", "run", "main", "--repo", str(engine_fixture.repository.path)),
                *("--progress", "quiet", "--", f"{folder}/bin/python", "-c", FETCH),
            ],
            cwd=tmp_path,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(tmp_path),
                "CI": "true",
                "DOCKER_HOST": engine_fixture.connection.host,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout.strip()) == (0, "page of main"), done.stderr
        assert engine_fixture.remains() == []
