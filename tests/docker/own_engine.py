"""An engine of a test's own: to be killed, stopped and filled without anybody else noticing. Needs root on Linux.

It has its own network namespace, data, socket and containerd. Its containers are cut off from the outside.

``PREVIEWER_TEST_DOCKERD=/path/to/dockerd`` takes another version than the installed one.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from scripts.local_engine.machine import find_dockerd, system_path
from scripts.local_engine.probe import answers

DOCKERD = "PREVIEWER_TEST_DOCKERD"
"""The variable that names an engine's program. What that starts (containerd, its shim, runc, docker-init,
docker-proxy) is looked for beside it first."""
CONTROL_GROUPS = Path("/sys/fs/cgroup")
PATIENCE = 60.0
"""Seconds that an engine may take to answer. After a kill it first sees to the containers that it had."""


def _dockerd() -> Path | None:
    """The program to start; a wrong name in the environment is a failure, and no reason to skip."""
    named = os.environ.get(DOCKERD)
    if not named:
        installed = find_dockerd()
        return Path(installed) if installed else None
    assert os.access(named, os.X_OK), f"{DOCKERD} names no program: {named}"
    return Path(named).absolute()


def why_not() -> str:
    """Why no engine of its own can be started here; empty where one can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "an engine of its own needs root on Linux"
    if _dockerd() is None:
        return "there is no dockerd"
    missing = [program for program in ("ip", "nsenter") if shutil.which(program) is None]
    return f"{', '.join(missing)} is missing" if missing else ""


class OwnEngine:
    """One dockerd. ``folder`` has to be short: it holds sockets."""

    def __init__(self, folder: Path, *flags: str, data: Path | None = None) -> None:
        self._folder = folder
        self._flags = flags
        self._data = data or folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._namespace = f"pvt-{folder.name[-9:]}"
        self.host = f"unix://{folder / 'sock'}"
        subprocess.run(["ip", "netns", "add", self._namespace], check=True)
        subprocess.run(["ip", "-n", self._namespace, "link", "set", "lo", "up"], check=True)
        self.start()

    @property
    def prefix(self) -> tuple[str, ...]:
        """What lets a command run in the engine's network, as on its machine."""
        return "nsenter", f"--net=/run/netns/{self._namespace}", "--"

    def link(self) -> str:
        """Join its network to this one by a cable; its address there. Both go with the engine's network."""
        number = os.getpid() % 16384
        here, there = (f"198.19.{number // 64}.{number % 64 * 4 + end}" for end in (1, 2))
        cable = f"pvc{number}"
        for command in (
            f"link add {cable} type veth peer name eth0 netns {self._namespace}",
            f"address add {here}/30 dev {cable}",
            f"link set {cable} up",
            f"-n {self._namespace} address add {there}/30 dev eth0",
            f"-n {self._namespace} link set eth0 up",
        ):
            subprocess.run(["ip", *command.split()], check=True)
        return there

    @property
    def is_live_restore(self) -> bool:
        """Whether its containers outlive it."""
        return "--live-restore" in self._flags

    @property
    def namespace(self) -> str:
        """The name of its network namespace."""
        return self._namespace

    def start(self) -> None:
        """Start it, or start it again over what the last one left, and wait until it answers."""
        program = _dockerd()
        assert program is not None
        for stale in (self._folder / "pid", self._folder / "exec/containerd/containerd.pid"):
            stale.unlink(missing_ok=True)
        places = {
            "--data-root": self._data,
            "--exec-root": self._folder / "exec",
            "--pidfile": self._folder / "pid",
        }
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(*self.prefix, str(program), "--host", self.host),
                    *(f"{flag}={place}" for flag, place in places.items()),
                    *("--cgroup-parent", f"/{self._namespace}", *self._flags),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={**os.environ, "PATH": os.pathsep.join((str(program.parent), system_path()))},
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not answers(self.host):
            assert self._process.poll() is None, self._final_logs()
            assert time.monotonic() < deadline, self._final_logs()
            time.sleep(0.05)

    def send(self, which: signal.Signals) -> None:
        """A signal to the engine's own process."""
        assert self._process is not None
        self._process.send_signal(which)

    def kill(self) -> None:
        """End the engine as a crash would; containers are left as they are."""
        self.send(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def kill_containerd(self) -> None:
        """End the part that runs containers; the engine starts it again."""
        pid = int((self._folder / "exec/containerd/containerd.pid").read_text())
        os.kill(pid, signal.SIGKILL)

    def crash(self) -> None:
        """End it and everything that it runs, as a power failure would; its data stays."""
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)
                self.kill()
        listed = subprocess.run(
            ["ip", "netns", "pids", self._namespace], capture_output=True, text=True, check=False
        ).stdout
        shims = subprocess.run(
            ["pgrep", "-f", "--", str(self._folder)], capture_output=True, text=True, check=False
        ).stdout
        for pid in {int(word) for word in (*listed.split(), *shims.split())} - {os.getpid()}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        _unmount_below(self._folder)

    def fetch(self, url: str, host: str = "") -> str:
        """What a page of a container says, asked from within its network, perhaps by another host name."""
        asked = subprocess.run(
            [*self.prefix, sys.executable, "-c", _FETCH, url, host],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        return asked.stdout

    def wipe(self) -> None:
        """End it and everything that it runs, and remove all that it had."""
        self.crash()
        _remove_groups(self._namespace)
        subprocess.run(["ip", "netns", "delete", self._namespace], check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _final_logs(self) -> str:
        return "\n".join((self._folder / "log").read_text(errors="replace").splitlines()[-8:])


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of ``size`` (as ``truncate`` has it) in a file of ``folder``; where it is mounted."""
    if missing := [program for program in ("mkfs.ext4", "losetup") if shutil.which(program) is None]:
        pytest.skip(f"{', '.join(missing)} is missing")
    disk, place = folder / "disk", Path(tempfile.mkdtemp(prefix="pvd"))
    subprocess.run(["truncate", "--size", size, str(disk)], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(disk)], check=True)
    if subprocess.run(["mount", "-o", "loop", str(disk), str(place)], check=False).returncode:
        pytest.skip("no loop device can be mounted")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)
        place.rmdir()


def fill_disk(place: Path, *, but: int = 0) -> Path:
    """Fill it, again where something has left room, but for so many bytes; the file that takes the room."""
    ballast = place / "ballast"
    with ballast.open("ab") as rest:
        subprocess.run(["dd", "if=/dev/zero", "bs=64k"], stdout=rest, stderr=subprocess.DEVNULL, check=False)
        rest.truncate(max(0, ballast.stat().st_size - but))
    return ballast


def eventually(check: Callable[[], bool], *, within: float, what: str) -> float:
    """Wait until ``check`` holds; the seconds that it took."""
    begun = time.monotonic()
    while not check():
        assert time.monotonic() - begun < within, f"not within {within:g} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - begun


_FETCH = (
    "import sys, urllib.request; "
    "sys.stdout.write(urllib.request.build_opener(urllib.request.ProxyHandler({}))"
    ".open(urllib.request.Request(sys.argv[1], headers={'Host': sys.argv[2]} if sys.argv[2] else {}), timeout=10)"
    ".read().decode())"
)


def _remove_groups(name: str) -> None:
    """The control groups that nothing is in any more."""
    tops = [*CONTROL_GROUPS.glob(name), *CONTROL_GROUPS.glob(f"*/{name}")]
    for folder in (Path(place) for top in tops for place, _, _ in os.walk(top, topdown=False)):
        with suppress(OSError):
            folder.rmdir()


def _unmount_below(folder: Path) -> None:
    lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    for place in sorted((line.split()[1] for line in lines), reverse=True):
        if place.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", place], check=False)
