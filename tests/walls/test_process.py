"""What a process really loads: a subprocess looks at its own ``sys.modules``."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "textual",
    "rich",
    "docker",
    "git",
    "yaml",
    "jsonschema",
    "requests",
    "asyncio",
    "testcontainers",
    "cyclonedx",
)

SCRIPT = """
import sys
sys.argv = ["previewer", *{arguments!r}]
from previewer.__main__ import run
try:
    run()
except SystemExit as stop:
    assert not stop.code, stop.code
print("\\0" + " ".join(name for name in {heavy!r} if name in sys.modules))
"""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["ls", "--help"], ["up", "--help"]], ids=" ".join
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    script = SCRIPT.format(arguments=arguments, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    help_text, loaded = done.stdout.split("\0")
    assert help_text.strip()
    assert loaded.split() == []


@pytest.mark.parametrize(
    "module",
    [
        "session.engine_clients",
        "operations.lists",
        "operations.down",
        "operations.up",
        "deployment.deploy",
        "engine.docker.engine",
        "freeze.docker.images",
    ],
)
def test_what_talks_to_an_engine_behind_a_socket_loads_no_library_for_it(module: str) -> None:
    """The SDK takes longer to import than `ls` takes altogether."""
    script = f"import sys, previewer.{module}\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_process_needs_no_standard_streams(closed: str) -> None:
    command = f'exec "$0" -m previewer --version {closed}'
    done = subprocess.run(["/bin/sh", "-c", command, sys.executable], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_was_written_arrives_though_the_process_ends_at_once() -> None:
    """A pipe has no lines: everything is written when the process ends."""
    command = [sys.executable, "-m", "previewer", "up", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith("Usage: previewer up")
    assert "\n  previewer up" in done.stdout


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("previewer.domain.deploy.reconcile", {"docker", "git", "yaml", "textual", "click"}),
        ("previewer.testing.memory.engine", {"docker", "requests", "git", "yaml", "textual"}),
        ("previewer.operations.lists", {"docker", "textual", "rich"}),
    ],
)
def test_a_room_does_not_drag_its_neighbours_in(module: str, unwanted: set[str]) -> None:
    script = f"import sys, {module}; print(*sorted({unwanted!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []
