"""Keep the addresses of an environment on another machine open here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

from msgspec.structs import replace

from previewer.domain.environment.environment import Environment, PortUrl
from previewer.domain.routing.host_names import place_of
from previewer.engine.tunnel import PortTunnel
from previewer.errors import EngineError, UsageError
from previewer.session.run import Run
from previewer.session.session import Session


def refuse_tunnel(session: Session) -> None:
    """Raise :class:`UsageError` where there is no other machine that ssh leads to."""
    if not (session.engine.capabilities.remote or "").startswith("ssh://"):
        raise UsageError(
            "a tunnel is for an engine on another machine, which ssh leads to",
            where="--tunnel",
            hint="DOCKER_HOST=ssh://MACHINE, or --host",
        )


def keep_tunnel(run: Run, environment: Environment, announce: Callable[[Environment], None]) -> None:
    """Let ports of this machine lead to the environment's until the run is interrupted.

    ``announce`` is given the environment as it is reached from here. Raises :class:`EngineError` where the tunnel
    ends by itself.
    """
    ports = (port for service in environment.services for port in service.ports if port.address)
    with closing(run.session.forward(dict.fromkeys(place_of(port.address) for port in ports))) as tunnel:
        announce(_as_reached(environment, tunnel))
        forget = run.cancellation.on_request(tunnel.close)
        try:
            tunnel.wait()
        finally:
            forget()
    if not run.cancellation.requested:
        raise EngineError("the tunnel has ended", where=run.session.engine.capabilities.remote)


def _as_reached(environment: Environment, tunnel: PortTunnel) -> Environment:
    def moved(port: PortUrl) -> PortUrl:
        if not port.address:
            return port
        local = tunnel.ports[place_of(port.address)]
        address = urlsplit(port.address)._replace(netloc=f"127.0.0.1:{local}").geturl()
        return replace(port, address=address, url=address if port.url == port.address else port.url)

    services = (replace(one, ports=tuple(map(moved, one.ports))) for one in environment.services)
    return replace(environment, services=tuple(services))
