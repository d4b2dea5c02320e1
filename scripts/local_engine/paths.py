"""Where an engine keeps its things."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class EnginePaths:
    """An engine's places. What is ``None`` is left to the engine's own settings."""

    socket: Path = Path("/var/run/docker.sock")
    pid_file: Path = Path("/var/run/docker.pid")
    exec_root: Path = Path("/var/run/docker")
    data_root: Path = Path("/var/lib/docker")
    log: Path = Path("/var/log/previewer-dockerd.log")
    """What the engine says; it is appended to."""
    system_containerd_socket: Path = Path("/run/containerd/containerd.sock")
    """If this exists, the engine uses that containerd instead of one of its own."""

    @property
    def host(self) -> str:
        """The engine's address as in ``DOCKER_HOST``."""
        return f"unix://{self.socket}"

    @property
    def containerd_pid_file(self) -> Path:
        """Of the engine's own containerd."""
        return self.exec_root / "containerd" / "containerd.pid"

    @property
    def containerd_config(self) -> Path:
        """What the engine's own containerd is started with."""
        return self.exec_root / "containerd" / "containerd.toml"

    @property
    def lock(self) -> Path:
        """Held while an engine is being started, so that two at once start one."""
        return self.pid_file.with_suffix(".starting")

    def flags(self) -> list[str]:
        """The engine's flags for these places; only what differs, as a flag must not repeat ``daemon.json``."""
        usual = EnginePaths()
        flags = {
            "--pidfile": (self.pid_file, usual.pid_file),
            "--exec-root": (self.exec_root, usual.exec_root),
            "--data-root": (self.data_root, usual.data_root),
        }
        found = [f"{flag}={wanted}" for flag, (wanted, default) in flags.items() if wanted != default]
        return found if self.socket == usual.socket else [*found, f"--host={self.host}"]
