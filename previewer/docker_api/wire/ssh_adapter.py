"""``ssh://`` engines, through the user's own ssh command: one login, and sockets that behave like any other.

The SDK's own adapter starts an ssh command for each request, which logs in anew, and gives it pipes: no time limit
holds on them and a waiting reader cannot be woken. Here every connection of the pool is one ``docker system
dial-stdio`` behind a socket pair, kept as long as the pool keeps it, and all of them share one login (OpenSSH's
``ControlMaster``), which ends half a minute after the last of them.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import requests.adapters
from docker.constants import DEFAULT_MAX_POOL_SIZE
from docker.errors import DockerException
from docker.transport.basehttpadapter import BaseHTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

LOGIN_TIMEOUT = 30
"""Seconds that logging in may take, a password that is typed included."""
END_TIMEOUT = 2
"""Seconds that an ssh command may take to end once its socket is closed."""
STANDARD_PORT = 22


class SshAdapter(BaseHTTPAdapter):
    """What the SDK sends its requests through. One pool of connections to one machine."""

    def __init__(self, url: str, timeout: float = 60, *, max_pool_size: int = DEFAULT_MAX_POOL_SIZE) -> None:
        """Log in. Raises the SDK's :class:`DockerException` with ssh's words where that fails."""
        self._command = _Ssh(url)
        self._command.log_in()
        self._pool = _Pool(self._command, timeout=timeout, size=max_pool_size)
        super().__init__()

    def get_connection(self, url: str | bytes, proxies: object = None) -> HTTPConnectionPool:
        """The pool, whatever the URL."""
        del url, proxies
        return self._pool

    def request_url(self, request: requests.PreparedRequest, proxies: object) -> str:
        """The path alone: there is no host in it that a proxy could be asked for."""
        del proxies
        return request.path_url

    def close(self) -> None:
        """Close the pooled connections."""
        self._pool.close()
        super().close()


class _Ssh:
    """The ssh command for one machine."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.machine = parts.hostname or ""
        self._options: list[str] = []
        if parts.username:
            self._options += ["-l", parts.username]
        # The SDK adds the standard port where none is said, and so would hide the one of ~/.ssh/config.
        if parts.port and parts.port != STANDARD_PORT:
            self._options += ["-p", str(parts.port)]
        self._options += ["-o", "ControlMaster=auto", "-o", "ControlPersist=30", "-S", f"{_control_folder()}/%C"]

    def log_in(self) -> None:
        """Have the login that every connection shares; one that stands already is used."""
        with tempfile.TemporaryFile() as told:
            command = ["ssh", *self._options, "--", self.machine, "true"]
            try:
                # What stays behind for the others keeps the error stream open: a pipe would never end.
                done = subprocess.run(
                    command, stdout=subprocess.DEVNULL, stderr=told, timeout=LOGIN_TIMEOUT, check=False
                )
            except FileNotFoundError as error:
                raise DockerException("ssh is not on the PATH") from error
            except subprocess.TimeoutExpired as error:
                raise DockerException(f"ssh did not log in within {LOGIN_TIMEOUT} s") from error
            told.seek(0)
            lines = told.read().decode(errors="replace").strip().splitlines()
        if done.returncode:
            reason = lines[-1] if lines else f"it ended with {done.returncode}"
            raise DockerException(f"ssh: {reason}")

    def dial(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        """A socket to the engine, and the command behind it."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                ["ssh", *self._options, "--", self.machine, "docker system dial-stdio"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # an interruption of ours is not to reach it
            )
        return ours, process


class _Connection(HTTPConnection):
    def __init__(self, command: _Ssh, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def connect(self) -> None:
        found, self._process = self._command.dial()
        limit = self.timeout
        found.settimeout(limit if isinstance(limit, int | float) else None)
        self.sock = found

    def close(self) -> None:
        super().close()
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(END_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Pool(HTTPConnectionPool):
    def __init__(self, command: _Ssh, *, timeout: float, size: int) -> None:
        super().__init__("localhost", timeout=timeout, maxsize=size)
        self._command = command
        self._limit = timeout

    def _new_conn(self) -> _Connection:
        return _Connection(self._command, self._limit)


@lru_cache(maxsize=1)
def _control_folder() -> Path:
    """Of the sockets of shared logins: the user's alone, and short, for socket paths are."""
    folder = Path(tempfile.gettempdir()) / f"previewer-ssh-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if folder.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise PermissionError
    except OSError:
        return Path(tempfile.mkdtemp(prefix="previewer-ssh-"))
    return folder
