"""What a killed engine left: which of it is in the way, and that only that is removed."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.local_engine.paths import EnginePaths
from scripts.local_engine.remains import Owner, clear_remains, find_containerd, judge_pid_file, process_name

PROCESSES = {7: "dockerd", 8: "sleep", 9: "containerd"}

linux_only = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


@pytest.mark.parametrize(
    ("text", "program", "owner"),
    [
        (None, "dockerd", Owner.NONE),
        ("", "dockerd", Owner.GONE),
        ("garbage", "dockerd", Owner.GONE),
        ("-7", "dockerd", Owner.GONE),
        ("٧", "dockerd", Owner.GONE),
        ("6", "dockerd", Owner.GONE),
        ("7", "dockerd", Owner.ALIVE),
        (" 7\n", "dockerd", Owner.ALIVE),
        ("8", "dockerd", Owner.OTHER),
        ("9", "dockerd", Owner.OTHER),
        ("9", "containerd", Owner.ALIVE),
    ],
)
def test_what_a_pid_file_says(text: str | None, program: str, owner: Owner) -> None:
    assert judge_pid_file(text, program, PROCESSES.get) is owner


@linux_only
def test_a_process_that_only_waits_to_be_reaped_is_gone() -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        assert process_name(child.pid) == "sleep"
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert process_name(child.pid) is None
    finally:
        child.kill()
        child.wait()


@pytest.fixture
def paths(tmp_path: Path) -> EnginePaths:
    (tmp_path / "exec/containerd").mkdir(parents=True)
    return EnginePaths(
        socket=tmp_path / "docker.sock",
        pid_file=tmp_path / "docker.pid",
        exec_root=tmp_path / "exec",
        data_root=tmp_path / "data",
        log=tmp_path / "log",
        system_containerd_socket=tmp_path / "containerd.sock",
    )


@linux_only
def test_remains_are_removed(paths: EnginePaths) -> None:
    paths.pid_file.write_text(str(os.getpid()))
    paths.containerd_pid_file.write_text(str(os.getpid()))
    for path in (paths.socket, paths.system_containerd_socket):
        with socket.socket(socket.AF_UNIX) as gone:
            gone.bind(str(path))
    assert len(clear_remains(paths)) == 4
    for path in (paths.pid_file, paths.containerd_pid_file, paths.socket, paths.system_containerd_socket):
        assert not path.exists()
    assert clear_remains(paths) == ()


@linux_only
def test_a_folder_in_the_place_of_the_socket_is_removed(paths: EnginePaths) -> None:
    paths.socket.mkdir()
    clear_remains(paths)
    assert not paths.socket.exists()


@linux_only
def test_a_socket_that_is_served_stays(paths: EnginePaths) -> None:
    with socket.socket(socket.AF_UNIX) as served:
        served.bind(str(paths.system_containerd_socket))
        served.listen()
        assert clear_remains(paths) == ()
        assert paths.system_containerd_socket.is_socket()


@linux_only
def test_a_containerd_without_its_engine_is_ended_and_others_are_not(paths: EnginePaths, tmp_path: Path) -> None:
    """A script of that name stands for containerd: it is known by its name and its configuration file."""
    program = tmp_path / "containerd"
    program.write_text("#!/bin/sh\nwhile :; do sleep 0.1; done\n")
    program.chmod(0o755)
    configs = (paths.containerd_config, tmp_path / "other" / "containerd.toml")
    orphan, other = (subprocess.Popen([str(program), "--config", str(config)]) for config in configs)
    try:
        wait_until(lambda: find_containerd(paths) == (orphan.pid,))
        assert clear_remains(paths) == (f"process {orphan.pid}, a containerd without its engine",)
        assert orphan.wait(timeout=5) != 0
        assert other.poll() is None
    finally:
        for process in (orphan, other):
            process.kill()
            process.wait()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.02)
