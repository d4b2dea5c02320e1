"""What a killed engine leaves behind that keeps the next one from starting.

``dockerd`` refuses to start, or waits in vain for its containerd, while a pid file names a process that lives,
whatever that process is; and a socket file of a containerd that is gone is taken for one that serves.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path

from scripts.local_engine.paths import EnginePaths

ENDING = 3.0
"""Seconds that a containerd has to end by itself before it is killed."""

NameOf = Callable[[int], str | None]
"""The name of the program that a process runs, or ``None`` where there is no such process."""


class Owner(Enum):
    """What became of the process that a pid file names."""

    NONE = "there is no pid file"
    GONE = "the process is gone, or the file is not a pid file"
    OTHER = "the number belongs to another program by now"
    ALIVE = "the process lives"


def judge_pid_file(text: str | None, program: str, name_of: NameOf) -> Owner:
    """What a pid file with ``text`` (``None``: it does not exist) says about ``program``."""
    if text is None:
        return Owner.NONE
    number = text.strip()
    if not (number.isascii() and number.isdigit()):
        return Owner.GONE
    name = name_of(int(number))
    if name is None:
        return Owner.GONE
    return Owner.ALIVE if name == program else Owner.OTHER


def process_name(pid: int) -> str | None:
    """The name of the program that ``pid`` runs; ``None`` where it is gone or waits to be reaped (proc(5))."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    name, _, rest = status.partition("(")[2].rpartition(")")
    return None if rest.split()[0] in ("Z", "X") else name


def read_pid_file(path: Path, program: str, name_of: NameOf = process_name) -> Owner:
    """Judge the pid file at ``path``."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        text = None
    return judge_pid_file(text, program, name_of)


def clear_remains(paths: EnginePaths) -> tuple[str, ...]:
    """Remove what is in the way of a new engine, and say what that was.

    Only to be called where no engine lives at these ``paths``. A containerd that outlived its engine is ended:
    containers do not need it to go on running, and the next engine's own one finds them again.
    """
    removed = [f"process {pid}, a containerd without its engine" for pid in _end_containerd(paths)]
    owner = read_pid_file(paths.pid_file, "dockerd")
    if owner in (Owner.GONE, Owner.OTHER):
        paths.pid_file.unlink(missing_ok=True)
        removed.append(f"{paths.pid_file} ({owner.value})")
    if paths.containerd_pid_file.exists():
        paths.containerd_pid_file.unlink()
        removed.append(f"{paths.containerd_pid_file} (the process is gone)")
    for path in (paths.socket, paths.system_containerd_socket):
        if path.is_socket() and not _is_served(path):
            path.unlink(missing_ok=True)
            removed.append(f"{path} (nothing answers there)")
    if paths.socket.is_dir():  # left by a container that mounted the socket before there was one
        paths.socket.rmdir()
        removed.append(f"{paths.socket} (a folder in the socket's place)")
    return tuple(removed)


def find_containerd(paths: EnginePaths) -> tuple[int, ...]:
    """The processes that run the containerd of the engine at ``paths``, known by its configuration file."""
    config = os.fsencode(paths.containerd_config)
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile
            continue
        if config in command and process_name(int(folder.name)) == "containerd":
            found.append(int(folder.name))
    return tuple(found)


def _end_containerd(paths: EnginePaths) -> tuple[int, ...]:
    found = find_containerd(paths)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + ENDING
        while any(process_name(pid) == "containerd" for pid in found):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
    return found


def _is_served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        return connection.connect_ex(str(path)) == 0
