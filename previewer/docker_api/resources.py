"""What an engine's machine has: memory, processors, and the disk where it is to be seen from here."""

from __future__ import annotations

import os

from previewer.docker_api.connection import DockerConnection
from previewer.domain.json_value import JsonObject, as_text
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class MachineResources:
    """``None`` is unknown."""

    memory: int | None
    """Bytes."""
    free_disk: int | None
    """Bytes that are free where the engine keeps images and volumes."""


def machine_resources(connection: DockerConnection) -> MachineResources:
    """Ask the engine, once; the disk is looked at each time, where it is this machine's."""
    info = connection.info
    memory = info.get("MemTotal")
    return MachineResources(
        memory=memory if isinstance(memory, int) and memory > 0 else None,
        free_disk=_free_disk(connection, info),
    )


def _free_disk(connection: DockerConnection, info: JsonObject) -> int | None:
    """An engine in a virtual machine has a root folder too, but not here: its machine's name tells them apart."""
    folder = as_text(info.get("DockerRootDir"))
    is_here = connection.host.startswith("unix://") and as_text(info.get("Name")) == os.uname().nodename
    if not folder or not is_here:
        return None
    try:
        found = os.statvfs(folder)  # what shutil would do, which brings all its compressions along
        return found.f_bavail * found.f_frsize
    except OSError:
        return None
