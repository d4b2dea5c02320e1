"""Which process of which machine this is, so that another one can tell later whether it still lives.

A process id alone is not enough: ids are used again, containers count their own, and a lock may come from another
machine that sees the same repository.
"""

from __future__ import annotations

import os
import socket
import subprocess
from functools import cache
from pathlib import Path

import msgspec

HAS_PROC = Path("/proc/self/stat").exists()
"""Linux tells about processes in files; other systems are asked through ``ps`` and ``sysctl``."""


class ProcessIdentity(msgspec.Struct, frozen=True):
    """One process among all machines and all times. Parts that the system doesn't tell are empty."""

    host: str
    machine: str
    """The machine's own id: equal host names are common in containers."""
    boot: str
    """Changes each time the machine starts."""
    namespace: str
    """The namespace of process ids (Linux)."""
    pid: int
    started: str
    """When the process started, as the system spells it."""


def current_process() -> ProcessIdentity:
    """The process that runs this."""
    host, machine, boot, namespace = _build_settings()
    pid = os.getpid()
    return ProcessIdentity(host, machine, boot, namespace, pid, process_start(pid) or "")


def is_dead(process: ProcessIdentity) -> bool:
    """Whether ``process`` certainly has ended. ``False`` where that can't be known from here."""
    host, machine, boot, namespace = _build_settings()
    if (process.host, process.machine) != (host, machine):
        return False
    if process.boot != boot:
        return True
    if process.namespace != namespace:
        return False
    return process_start(process.pid) != process.started


def identify() -> str:
    """The process that runs this, as labels say it."""
    return msgspec.json.encode(current_process()).decode()


def has_ended(text: str) -> bool:
    """Whether the process that :func:`identify` named certainly has ended; ``False`` for any other text."""
    try:
        return is_dead(msgspec.json.decode(text, type=ProcessIdentity))
    except msgspec.DecodeError:
        return False


def process_start(pid: int) -> str | None:
    """When a process started; ``None`` where there is no such process (or it is a zombie)."""
    if HAS_PROC:
        try:
            # proc(5): the command, in brackets, may itself hold blanks and brackets.
            fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in ("Z", "X") else fields[19]
    found = _output("ps", "-o", "lstart=", "-p", str(pid))
    return found or None


@cache
def _build_settings() -> tuple[str, str, str, str]:
    """Host, machine, boot and namespace: none of them changes while a process lives."""
    if HAS_PROC:
        link = Path("/proc/self/ns/pid")
        namespace = str(link.readlink()) if link.is_symlink() else ""
        return socket.gethostname(), _text("/etc/machine-id"), _text("/proc/sys/kernel/random/boot_id"), namespace
    # The time of the start moves when the clock is set; macOS has an id besides.
    boot = _output("sysctl", "-n", "kern.bootsessionuuid") or _output("sysctl", "-n", "kern.boottime")
    return socket.gethostname(), "", boot, ""


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _output(*command: str) -> str:
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except OSError:
        return ""
    return answer.stdout.strip()
