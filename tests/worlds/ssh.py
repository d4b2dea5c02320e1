"""An ssh server of the test's own, which leads to this machine under a name that only the test's ssh knows."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.free_port import free_port

MACHINE = "preview-machine"


def why_no_ssh() -> str:
    """What is missing here; empty where there is an ssh server and a client."""
    return "" if _server() and shutil.which("ssh") else "sshd or ssh is missing"


@contextmanager
def ssh_server(folder: Path, monkeypatch: pytest.MonkeyPatch, *settings: str, **variables: str) -> Iterator[Path]:
    """Let ``ssh`` reach it as :data:`MACHINE` inside the block; what the server says, as a file.

    ``settings`` are further lines of its configuration, ``variables`` what logins find in their environment.
    """
    port = free_port()
    folder.mkdir()
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    variable_lines = (f"SetEnv {name}={value}" for name, value in variables.items())
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile {folder}/pid\nStrictModes no\n"
        f"AuthorizedKeysFile {folder}/user.pub\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
        "UsePAM no\nLogLevel VERBOSE\n" + "".join(f"{line}\n" for line in (*settings, *variable_lines))
    )
    (folder / "config").write_text(
        f"Host {MACHINE}\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {folder}/user\n"
        f"  StrictHostKeyChecking no\n  UserKnownHostsFile {folder}/known\n"
    )
    (folder / "bin").mkdir()
    command = folder / "bin" / "ssh"
    command.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/config "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    running = subprocess.Popen([_server(), "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "log")])
    try:
        while not (folder / "pid").exists():
            assert running.poll() is None, (folder / "log").read_text()
            time.sleep(0.02)
        yield folder / "log"
        subprocess.run([str(command), "-O", "exit", MACHINE], capture_output=True, check=False)
    finally:
        running.terminate()
        running.wait()


def _server() -> str:
    return shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin") or ""
