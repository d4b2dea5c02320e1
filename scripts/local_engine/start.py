"""Start an engine, installing it first where it is missing. Needs root."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.local_engine.decision import StartEngine
from scripts.local_engine.machine import find_dockerd, system_path
from scripts.local_engine.paths import EnginePaths
from scripts.local_engine.probe import answers
from scripts.local_engine.remains import Owner, clear_remains, process_name, read_pid_file

PATIENCE = 90.0
"""Seconds that an engine may take to answer; after a crash it first sees to the containers it had."""
PACKAGES = ("docker.io", "containerd", "runc", "iptables", "ca-certificates")

Say = Callable[[str], None]
"""Tells the user one line."""


class StartFailedError(Exception):
    """The engine could not be installed or started; the message says why and where to read on."""


def start_engine(how: StartEngine, paths: EnginePaths, say: Say) -> None:
    """Start an engine at ``paths`` and wait until it answers. Raises :class:`StartFailedError`."""
    with _only_one(paths):
        if answers(paths.host):  # another process was quicker
            return
        if how.install:
            _install(paths, say)
        if how.with_systemd:
            say("starting the Docker engine with systemd")
            _run(["systemctl", "start", "docker"], paths)
            _wait(paths, None)
        elif read_pid_file(paths.pid_file, "dockerd") is Owner.ALIVE:
            say("waiting for the Docker engine that is starting")
            _wait(paths, None)
        else:
            for line in clear_remains(paths):
                say(f"removed {line}")
            say(f"starting the Docker engine; it stays when this ends, and logs to {paths.log}")
            _wait(paths, _launch(paths))


def _install(paths: EnginePaths, say: Say) -> None:
    say(f"installing the Docker engine with apt-get; see {paths.log}")
    packages = [*PACKAGES]
    if Path("/sys/module/apparmor/parameters/enabled").exists():
        packages.append("apparmor")  # without its parser an engine on such a kernel starts no container
    if not any(Path("/sys/fs/cgroup").iterdir()):
        packages.append("cgroupfs-mount")
    patient = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=180"]
    _run([*patient, "update"], paths)
    _run([*patient, "install", "--no-install-recommends", *packages], paths)


def _run(command: list[str], paths: EnginePaths) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PATH": system_path()}
    paths.log.parent.mkdir(parents=True, exist_ok=True)
    with paths.log.open("ab") as log:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, check=False
        )
    if done.returncode:
        raise StartFailedError(f"`{' '.join(command)}` failed{_last_lines(paths.log)}")


def _launch(paths: EnginePaths) -> subprocess.Popen[bytes]:
    program = find_dockerd()
    if program is None:
        raise StartFailedError("dockerd is not there, even after installing it")
    paths.log.parent.mkdir(parents=True, exist_ok=True)
    with paths.log.open("ab") as log:
        return subprocess.Popen(
            [program, *paths.flags()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={**os.environ, "PATH": system_path()},
            start_new_session=True,
        )


def _wait(paths: EnginePaths, engine: subprocess.Popen[bytes] | None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers(paths.host):
        if engine is not None and engine.poll() is not None:
            raise StartFailedError(f"the engine ended with code {engine.returncode}{_last_lines(paths.log)}")
        if time.monotonic() > deadline:
            raise StartFailedError(f"no answer after {PATIENCE:.0f} s{_culprit(paths)}{_last_lines(paths.log)}")
        time.sleep(0.1)


def _culprit(paths: EnginePaths) -> str:
    if read_pid_file(paths.pid_file, "dockerd", process_name) is not Owner.ALIVE:
        return ""
    pid = paths.pid_file.read_text(encoding="utf-8").strip()
    return f" from dockerd, process {pid} ({paths.pid_file}): if it hangs, end it with `kill {pid}`"


def _last_lines(log: Path) -> str:
    if not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
    return "".join(f"\n  {line}" for line in (*lines, f"(from {log})"))


@contextmanager
def _only_one(paths: EnginePaths) -> Iterator[None]:
    paths.lock.parent.mkdir(parents=True, exist_ok=True)
    with paths.lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
