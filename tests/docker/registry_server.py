"""A real registry server, where one is installed: the Distribution project's, as Debian's ``docker-registry``."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = shutil.which("docker-registry") or shutil.which("registry")
START_SECONDS = 60.0


@contextmanager
def registry_server(folder: Path, *, users: Path | None = None) -> Iterator[str]:
    """Its host for the time of the block. ``users`` is a file as htpasswd(1) writes it, with bcrypt."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        host = f"127.0.0.1:{free.getsockname()[1]}"
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "registry.yml"
    lines = [
        "version: 0.1",
        "log: {level: error, accesslog: {disabled: true}}",
        f"storage: {{filesystem: {{rootdirectory: {folder / 'data'}}}, delete: {{enabled: true}}}}",
        f"http: {{addr: '{host}'}}",
        *([f"auth: {{htpasswd: {{realm: tests, path: {users}}}}}"] if users else []),
    ]
    settings.write_text("\n".join(lines))
    assert PROGRAM is not None
    process = subprocess.Popen(
        [PROGRAM, "serve", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await_port(host, process)
        yield host
    finally:
        process.terminate()
        process.wait(10)


def _await_port(host: str, process: subprocess.Popen[bytes]) -> None:
    name, _, port = host.partition(":")
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((name, int(port)), timeout=1).close()
        except OSError:
            assert process.poll() is None, "the registry ended"
            assert time.monotonic() < deadline, "the registry did not start"
            time.sleep(0.05)
        else:
            return
