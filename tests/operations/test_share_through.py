"""Sharing through the user's own tunnel program.

ssh runs against a real server. Cloudflare's and Tailscale's services cannot be reached from here: executables of
their programs' names stand in, which print what the real ones print and go on until they are ended.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from previewer.domain.deploy.request import DeployRequest
from previewer.domain.progress import TaskOutput
from previewer.domain.record.notes import Share
from previewer.domain.routing.tunnels import TunnelProgram, tunnel_of
from previewer.errors import NotFoundError, PreviewerError, UsageError
from previewer.operations.down import down
from previewer.operations.run import command
from previewer.operations.run.sweeper import Sweeper
from previewer.operations.share import ShareResult, share
from previewer.operations.share_through import TunnelRequest, share_through
from previewer.operations.up import up
from tests.free_port import free_port
from tests.operations.test_routing import HOST, NamedShop
from tests.worlds.host_echo import answering_with_its_host, ask
from tests.worlds.ssh import MACHINE, ssh_server, why_no_ssh

CLOUDFLARED = """#!/bin/sh
echo "$@" > arguments
echo "2026-12-01T10:00:00Z INF Requesting new quick Tunnel on trycloudflare.com..." >&2
echo "2026-12-01T10:00:01Z INF |  https://quick-brown-fox.trycloudflare.com                       |" >&2
exec sleep 1000
"""
TAILSCALE = """#!/bin/sh
echo "$@" > arguments
printf 'Available on the internet:\\n\\nhttps://laptop.tail1234.ts.net/\\n|-- proxy http://127.0.0.1:80\\n\\n'
echo "Press Ctrl+C to exit."
exec sleep 1000
"""
BROKEN = """#!/bin/sh
echo "failed to request quick Tunnel: Post https://api.trycloudflare.com/tunnel: no such host"
exit 3
"""


@pytest.fixture
def sweeper() -> Iterator[Sweeper]:
    with Sweeper([], os.environ) as found:
        yield found


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts an executable on a ``PATH`` that has nothing but the system's."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)

    def make(name: str, text: str) -> None:
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)

    return make


def named_shop(port: int | None = None) -> NamedShop:
    shop = NamedShop(port=port)
    up(shop.run, "main", DeployRequest())
    return shop


def shares(shop: NamedShop) -> tuple[Share, ...]:
    return shop.environments()["shop-main"].notes.shares


def request(program: TunnelProgram, **options: object) -> TunnelRequest:
    return TunnelRequest(program, dict(os.environ), **options)  # type: ignore[arg-type]


def shared_until_interrupted(
    shop: NamedShop, sweeper: Sweeper, wanted: TunnelRequest, *, look: Callable[[ShareResult], None]
) -> None:
    """Share, look as soon as the address is known, and interrupt it then."""
    run = shop.run

    def announce(result: ShareResult) -> None:
        try:
            look(result)
        finally:
            run.cancellation.request(signal.SIGINT)

    share_through(run, "main", wanted, sweeper=sweeper, announce=announce)


@pytest.mark.parametrize(
    ("name", "text", "url", "arguments"),
    [
        (
            TunnelProgram.CLOUDFLARED,
            CLOUDFLARED,
            "https://quick-brown-fox.trycloudflare.com",
            "tunnel --no-autoupdate --url http://127.0.0.1:80\n",
        ),
        (TunnelProgram.TAILSCALE, TAILSCALE, "https://laptop.tail1234.ts.net", "funnel http://127.0.0.1:80\n"),
    ],
)
def test_the_address_that_a_program_tells_is_shared_while_it_runs(
    put: Callable[[str, str], None],
    sweeper: Sweeper,
    tmp_path: Path,
    name: TunnelProgram,
    text: str,
    url: str,
    arguments: str,
) -> None:
    put(name, text)
    shop, looked = named_shop(), list[ShareResult]()
    place = f".via/{urlsplit(url).netloc}"

    def look(result: ShareResult) -> None:
        looked.append(result)
        assert result.share.url == url
        assert shares(shop) == (result.share,)
        assert shop.router.leads(place).split()[2:] == [HOST, "locked"]
        assert (tmp_path / "arguments").read_text() == arguments

    shared_until_interrupted(shop, sweeper, request(name, has_password=True), look=look)
    (result,) = looked
    assert result.password
    assert shares(shop) == ()
    assert int(shop.router.leads(place).split()[1]) < result.share.until.timestamp()


def test_other_shares_go_on_and_a_removed_environment_is_no_failure(
    put: Callable[[str, str], None], sweeper: Sweeper
) -> None:
    put("cloudflared", CLOUDFLARED)
    shop = named_shop()
    other = share(shop.run, "main").share
    shared_until_interrupted(shop, sweeper, request(TunnelProgram.CLOUDFLARED), look=lambda _result: None)
    assert shares(shop) == (other,)
    shared_until_interrupted(
        shop, sweeper, request(TunnelProgram.CLOUDFLARED), look=lambda _result: void(down(shop.run, ["main"]))
    )
    assert shop.environments() == {}


def test_its_time_ends_it(
    put: Callable[[str, str], None], sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("cloudflared", CLOUDFLARED)
    shop, timers = named_shop(), list[threading.Timer]()

    def made(seconds: float, end: Callable[..., None], *given: Any, **named: Any) -> threading.Timer:
        timers.append(threading.Timer(seconds, end, *given, **named))
        return timers[-1]

    def announce(_result: ShareResult) -> None:
        assert timers[0].interval == 60
        timers[0].function()

    monkeypatch.setattr(command, "Timer", made)
    wanted = request(TunnelProgram.CLOUDFLARED, ttl="1m")
    share_through(shop.run, "main", wanted, sweeper=sweeper, announce=announce)
    assert shares(shop) == ()
    assert not shop.run.cancellation.requested


def test_a_program_that_ends_by_itself_is_a_failure_with_its_words(
    put: Callable[[str, str], None], sweeper: Sweeper
) -> None:
    put("cloudflared", BROKEN)
    shop = named_shop()
    with pytest.raises(PreviewerError, match="ended by itself, with 3") as caught:
        share_through(shop.run, "main", request(TunnelProgram.CLOUDFLARED), sweeper=sweeper, announce=unexpected)
    assert "no such host" in caught.value.details[0]
    assert shares(shop) == ()


def test_what_cannot_be_shared_is_refused_before_anything_runs(
    put: Callable[[str, str], None], sweeper: Sweeper
) -> None:
    shop = named_shop()
    for program in (TunnelProgram.CLOUDFLARED, TunnelProgram.TAILSCALE):
        with pytest.raises(UsageError, match="is not on the PATH") as caught:
            share_through(shop.run, "main", request(program), sweeper=sweeper, announce=unexpected)
        assert caught.value.hint
    put("cloudflared", CLOUDFLARED)
    with pytest.raises(NotFoundError):
        share_through(shop.run, "gone", request(TunnelProgram.CLOUDFLARED), sweeper=sweeper, announce=unexpected)


@pytest.mark.skipif(bool(why_no_ssh()), reason=why_no_ssh())
@pytest.mark.parametrize("chooses", [True, False])
def test_ssh_lets_a_machine_s_port_lead_to_the_router(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sweeper: Sweeper, *, chooses: bool
) -> None:
    port = None if chooses else free_port()
    with ssh_server(tmp_path / "ssh", monkeypatch), answering_with_its_host() as router:
        shop = named_shop(router)

        def look(result: ShareResult) -> None:
            place = urlsplit(result.share.url)
            assert place.hostname == "127.0.0.1"
            assert place.port == (port or place.port)
            assert ask(place.port or 80, place.netloc) == (200, place.netloc)
            assert shop.router.leads(f".via/{place.netloc}").endswith(f"{HOST} open")

        wanted = request(TunnelProgram.SSH, machine=MACHINE, port=port)
        shared_until_interrupted(shop, sweeper, wanted, look=look)
    assert shares(shop) == ()
    told = [event.line for event in shop.events if isinstance(event, TaskOutput)]
    assert not any(line.startswith("debug") for line in told)


@pytest.mark.skipif(bool(why_no_ssh()), reason=why_no_ssh())
def test_ssh_says_why_a_port_is_not_to_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sweeper: Sweeper
) -> None:
    with ssh_server(tmp_path / "ssh", monkeypatch, "AllowTcpForwarding no"):
        shop, wanted = named_shop(), request(TunnelProgram.SSH, machine=MACHINE)
        with pytest.raises(PreviewerError) as caught:
            share_through(shop.run, "main", wanted, sweeper=sweeper, announce=unexpected)
    assert any("remote port forwarding failed" in line for line in caught.value.details)


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("Allocated port 40001 for remote forward to 127.0.0.1:80", "http://build.example:40001"),
        ("debug1: Allocated port 40001", ""),
        ("Warning: remote port forwarding failed for listen port 80", ""),
    ],
)
def test_lines_of_ssh_that_tell_the_address(line: str, url: str) -> None:
    found = tunnel_of(TunnelProgram.SSH, "127.0.0.1:80", machine="ada@build", name="build.example")
    assert found.url_in(line) == url
    assert found.command[-2:] == ("--", "ada@build")


def test_port_80_is_not_written() -> None:
    found = tunnel_of(TunnelProgram.SSH, "127.0.0.1:80", machine="build", name="build.example", port=80)
    line = "debug1: remote forward success for: listen *:80, connect 127.0.0.1:80"
    assert found.url_in(line) == "http://build.example"


def unexpected(result: ShareResult) -> None:
    pytest.fail(f"{result.share.url} was shared")


def void(_value: object) -> None:
    """Of a lambda that returns nothing."""
