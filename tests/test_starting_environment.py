"""Whatever pytest is started with, the tests run in one environment."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from tests.starting_environment import FILE_MODE_MASK, REQUIRES_ENGINE, starting_environment

HOSTILE = {
    "CI": "true",
    "COLORTERM": "truecolor",
    "COLUMNS": "40",
    "DOCKER_CONTEXT": "nope",
    "FORCE_COLOR": "1",
    "GIT_AUTHOR_NAME": "x",
    "GIT_DIR": "/nonexistent",
    "GITHUB_REF": "refs/pull/7/merge",
    "GITLAB_CI": "true",
    "HOME": "/nonexistent",
    "LANG": "C",
    "LC_ALL": "de_DE.UTF-8",
    "LINES": "5",
    "NO_COLOR": "1",
    "PREVIEWER_TTL": "1h",
    "PYTHONWARNINGS": "error",
    "TERM": "dumb",
    "TZ": "Asia/Kathmandu",
    "XDG_CONFIG_HOME": "/nonexistent",
    "http_proxy": "http://proxy.invalid",
}


def without_engine(variables: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name != "DOCKER_HOST"}


def test_what_it_was_started_with_makes_no_difference(tmp_path: Path) -> None:
    plain = starting_environment({"PATH": "/bin"}, tmp_path)
    hostile = starting_environment({"PATH": "/bin"} | HOSTILE, tmp_path)
    assert without_engine(hostile) == without_engine(plain) | {REQUIRES_ENGINE: "1"}
    again = starting_environment(hostile, tmp_path)
    assert without_engine(again) == without_engine(hostile), "workers start from it again"


@pytest.mark.parametrize("host", ["unix:///run/one.sock", "tcp://192.0.2.1:2376"])
def test_the_engine_to_test_on_is_kept(tmp_path: Path, host: str) -> None:
    assert starting_environment({"DOCKER_HOST": host}, tmp_path)["DOCKER_HOST"] == host


def test_a_chosen_context_is_the_engine_to_test_on(tmp_path: Path) -> None:
    folder = tmp_path / ".docker/contexts/meta" / hashlib.sha256(b"one").hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": "unix:///run/one.sock"}}}))
    given = {"HOME": str(tmp_path), "DOCKER_CONTEXT": "one"}
    assert starting_environment(given, tmp_path / "new")["DOCKER_HOST"] == "unix:///run/one.sock"


def test_the_tests_run_in_it() -> None:
    assert os.environ["HOME"] == str(Path.home())
    assert "previewer-tests-home-" in os.environ["HOME"]
    assert time.tzname == ("UTC", "UTC")
    assert set(HOSTILE) & set(os.environ) == {"HOME", "LANG", "TERM", "TZ"}
    mask = os.umask(FILE_MODE_MASK)
    assert mask == FILE_MODE_MASK
