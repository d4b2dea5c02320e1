"""Let the user's own tunnel program lead others to an environment while it runs."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from msgspec import Struct

from previewer.deployment.routing import start_router
from previewer.domain.progress import Noted, Outcome, TaskFinished, TaskOutput, TaskStarted
from previewer.domain.routing.tunnels import HOW_TO_GET_IT, TunnelProgram, tunnel_of
from previewer.errors import NotFoundError, PreviewerError, TimedOutError, UnsupportedError, UsageError
from previewer.operations.run.command import run_on_host, time_limit
from previewer.operations.run.sweeper import Sweeper
from previewer.operations.share import DEFAULT_TIME, ShareResult, end_of, named_environment, share_at, unshare
from previewer.session.run import Run
from previewer.session.session import Session

LAST_LINES = 10
"""Of the output of a tunnel that ended by itself, which its failure is told with."""


class TunnelRequest(Struct, frozen=True):
    """Which tunnel is to lead to an environment."""

    program: TunnelProgram
    variables: Mapping[str, str]
    """The caller's environment variables, ``PATH`` among them."""
    machine: str = ""
    """What ssh logs in to, as the user calls it."""
    port: int | None = None
    """The port of that machine; ``None`` for one that is free there."""
    ttl: str = DEFAULT_TIME
    """When the tunnel ends at the latest."""
    has_password: bool = False
    has_terminal: bool = False
    """Whether the program may ask its questions at a terminal."""


def share_through(
    run: Run,
    environment: str,
    request: TunnelRequest,
    *,
    sweeper: Sweeper,
    announce: Callable[[ShareResult], None],
) -> None:
    """Run the tunnel until it is interrupted or its time is over; the address is shared as long as it runs.

    ``announce`` is given the address once it is known. Raises :class:`UsageError` where the program is not on the
    ``PATH``, and :class:`PreviewerError` where it ends by itself.
    """
    session, program = run.session, request.program
    until = end_of(session, request.ttl)
    found = named_environment(session, environment)
    _refuse_missing(request)
    tunnel = tunnel_of(program, _target(run), machine=request.machine, name=_name_of(request), port=request.port)
    shared, last = list[ShareResult](), deque[str](maxlen=LAST_LINES)

    begun = time.monotonic()
    run.report(TaskStarted(program, "share"))

    def read(line: str) -> None:
        if not tunnel.is_noise(line) and line.strip():
            last.append(line)
            if not shared:
                run.report(TaskOutput(program, line))
        if not shared and (url := tunnel.url_in(line)):
            made = share_at(run, found.name, url, until=until, has_password=request.has_password, is_tunnel=True)
            shared.append(made)
            run.report(TaskFinished(program, Outcome.DONE, time.monotonic() - begun, url))
            announce(made)
            if program is TunnelProgram.SSH:
                _note_where_closed(run, url)

    try:
        with (
            suppress(TimedOutError),
            time_limit(run, (until - session.clock()).total_seconds(), where=found.name) as limited,
        ):
            code = run_on_host(
                tunnel.command,
                request.variables,
                cancellation=limited.cancellation,
                sweeper=sweeper,
                lines=read,
                has_terminal=request.has_terminal,
            )
            if not limited.cancellation.requested:
                raise _ended(program, code, tuple(last))
    finally:
        if not shared:
            run.report(TaskFinished(program, Outcome.FAILED, time.monotonic() - begun))
        for one in shared:
            with suppress(NotFoundError):  # the environment was removed meanwhile
                unshare(run, found.name, only=one.share)


def _target(run: Run) -> str:
    """Where the tunnel leads to: the router, as this machine reaches it."""
    session = run.session
    if session.engine.capabilities.remote is not None:
        raise UnsupportedError(
            "a tunnel from here does not reach the router of an engine on another machine",
            hint="run it on that machine, or set network.router_addresses there",
        )
    state = start_router(run, may_pull=False)
    return f"{_reached(session)}:{state.port}"


def _reached(session: Session) -> str:
    addresses = session.settings.router.addresses
    address = "127.0.0.1" if {"0.0.0.0", "127.0.0.1"} & {*addresses} else addresses[0]  # noqa: S104 - read
    return f"[{address}]" if ":" in address else address


def _refuse_missing(request: TunnelRequest) -> None:
    if shutil.which(request.program, path=request.variables.get("PATH")) is None:
        hint = HOW_TO_GET_IT[request.program]
        raise UsageError(f"{request.program} is not on the PATH", where="--with", hint=hint)


def _name_of(request: TunnelRequest) -> str:
    """The host name of the machine that ssh logs in to, which the user's settings for ssh know."""
    if request.program is not TunnelProgram.SSH:
        return ""
    told = subprocess.run(
        ["ssh", "-G", "--", request.machine],
        env=dict(request.variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    pairs = (line.partition(" ") for line in told.stdout.splitlines())
    name = next((value for key, _, value in pairs if key == "hostname"), "")
    if told.returncode or not name:
        raise UsageError("ssh cannot make sense of this machine", where=request.machine, hint=told.stderr.strip())
    return f"[{name}]" if ":" in name else name


def _note_where_closed(run: Run, url: str) -> None:
    """Ssh servers let only their own machine in, unless their settings say otherwise."""
    place = urlsplit(url)
    if not run.session.router.accepts(place.hostname or "", place.port or 80):
        hint = "its sshd_config needs `GatewayPorts clientspecified`, its firewall an open port (--port)"
        run.report(Noted(f"{url} does not answer from here: perhaps only that machine itself reaches it", hint))


def _ended(program: TunnelProgram, code: int, last: tuple[str, ...]) -> PreviewerError:
    return PreviewerError(f"{program} ended by itself, with {code}", details=last)
