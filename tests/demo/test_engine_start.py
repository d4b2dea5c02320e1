"""A real engine, started in folders and a network of its own, killed, and started again over its remains."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.local_engine.machine import find_dockerd
from scripts.local_engine.probe import answers
from scripts.local_engine.remains import process_name

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(sys.platform != "linux", reason="starts an engine of its own, on Linux"),
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="starting an engine needs root"),
    pytest.mark.skipif(find_dockerd() is None, reason="dockerd is not installed"),
    pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed"),
]


@dataclass(frozen=True)
class OwnEngine:
    """An engine in a folder of its own."""

    folder: Path

    @property
    def host(self) -> str:
        return f"unix://{self.folder}/sock"

    @property
    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    @property
    def containerd_pid_file(self) -> Path:
        return self.folder / "exec/containerd/containerd.pid"

    def ensure(self) -> subprocess.CompletedProcess[str]:
        """Run the command in namespaces of its own: no bridge or rule of it meets another engine's."""
        places = {"socket": "sock", "pid-file": "pid", "exec-root": "exec", "data-root": "data", "log": "log"}
        options = [f"--{option}={self.folder / name}" for option, name in places.items()]
        return subprocess.run(
            ["unshare", "--net", "--mount", sys.executable, "-m", "scripts.ensure_engine", *options],
            env={**os.environ, "DOCKER_HOST": self.host},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def kill(self) -> None:
        """End the engine and its containerd as a power cut would."""
        for pid in (self.pid, int(self.containerd_pid_file.read_text())):
            os.kill(pid, signal.SIGKILL)
            wait_for_end(pid)


@pytest.fixture
def engine() -> Iterator[OwnEngine]:
    # Not pytest's folder: the paths of the engine's sockets have to fit into 107 bytes.
    own = OwnEngine(Path(tempfile.mkdtemp(prefix="previewer-engine-", dir="/tmp")))
    try:
        yield own
    finally:
        if answers(own.host):
            pid = own.pid
            os.kill(pid, signal.SIGTERM)
            wait_for_end(pid)
        shutil.rmtree(own.folder, ignore_errors=True)


def test_it_starts_over_whatever_a_killed_one_left(engine: OwnEngine) -> None:
    first = engine.ensure()
    assert (first.returncode, first.stdout) == (0, f"{engine.host}\n"), first.stderr
    assert answers(engine.host)
    started = engine.pid

    again = engine.ensure()
    assert (again.returncode, again.stdout, again.stderr) == (0, f"{engine.host}\n", "")
    assert engine.pid == started, "an engine that answers is used, not started again"

    engine.kill()
    (engine.folder / "pid").write_text(str(os.getpid()))
    engine.containerd_pid_file.write_text(str(os.getpid()))
    assert not answers(engine.host)

    after = engine.ensure()
    assert (after.returncode, after.stdout) == (0, f"{engine.host}\n"), after.stderr
    assert answers(engine.host)
    assert engine.pid not in (started, os.getpid())


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 20
    while process_name(pid) is not None:
        assert time.monotonic() < deadline, f"process {pid} does not end"
        time.sleep(0.05)
