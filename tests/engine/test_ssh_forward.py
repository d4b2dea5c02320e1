"""Ports of this machine that lead to another one, through a real ssh server."""

from __future__ import annotations

from pathlib import Path

import pytest

from previewer.docker_api.wire.ssh import SshMachine
from tests.free_port import free_port
from tests.worlds.host_echo import answering_with_its_host, ask
from tests.worlds.ssh import MACHINE, ssh_server, why_no_ssh

pytestmark = pytest.mark.skipif(bool(why_no_ssh()), reason=why_no_ssh())


def test_ports_lead_there_until_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the login that other connections share. What is taken here gets another number."""
    free = free_port()
    with ssh_server(tmp_path / "ssh", monkeypatch) as log, answering_with_its_host() as taken:
        machine = SshMachine(f"ssh://{MACHINE}")
        machine.log_in()
        tunnel = machine.forward([("127.0.0.1", taken), ("127.0.0.1", free)])
        port = tunnel.ports["127.0.0.1", taken]
        assert port != taken
        assert tunnel.ports["127.0.0.1", free] == free
        assert ask(port, "main.shop.localhost") == (200, "main.shop.localhost")
        tunnel.close()
        tunnel.close()
        tunnel.wait()
        assert is_refused(port)
        machine.log_in()
        assert log.read_text().count("Accepted publickey") == 1


def test_it_says_why_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ssh_server(tmp_path / "ssh", monkeypatch), pytest.raises(ConnectionError, match="ssh: "):
        SshMachine(f"ssh://none-of-that-name@{MACHINE}").forward([("127.0.0.1", 80)])


def is_refused(port: int) -> bool:
    try:
        ask(port, "x")
    except OSError:
        return True
    return False
