"""What this machine is, as far as starting an engine on it goes."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where system programs are, which not every ``PATH`` names."""


@dataclass(frozen=True)
class Machine:
    """A machine, and what may be done there."""

    system: str
    """As :func:`platform.system` says: ``Linux``, ``Darwin``."""
    is_root: bool
    is_debian: bool
    """Debian, Ubuntu or another that installs with apt."""
    has_systemd: bool
    """systemd is not only installed, but runs this machine."""
    dockerd: str | None
    """The engine's program, if it is installed."""


def this_machine() -> Machine:
    """The machine that this runs on."""
    return Machine(
        system=platform.system(),
        is_root=hasattr(os, "geteuid") and os.geteuid() == 0,
        is_debian=Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None,
        has_systemd=Path("/run/systemd/system").is_dir(),
        dockerd=find_dockerd(),
    )


def find_dockerd() -> str | None:
    """Where the engine's program is, or ``None``."""
    return shutil.which("dockerd", path=system_path())


def system_path() -> str:
    """``PATH`` with the folders of system programs."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])
