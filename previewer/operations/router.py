"""The router of the engine: how it does, starting and removing it by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from previewer.deployment.routing import start_router
from previewer.domain.environment.environment import Environment
from previewer.domain.routing.host_names import RouterAddress, project_host
from previewer.domain.routing.requests import COUNTED_LINES, hosts_of, requests_per_minute
from previewer.engine.protocol import Selection, Stream
from previewer.errors import EngineError, NotFoundError, UsageError
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.settings.model import RouterTls, RouterUse


class RouterStatus(Struct, frozen=True):
    """What there is of the router."""

    name: str
    state: str
    """``running``, ``stopped``, ``none`` or ``off``."""
    url: str | None
    """Where the project's index is; ``None`` while it does not run."""
    environments: int
    """The environments of the engine that have names of it."""
    memory: int | None
    """Bytes that it uses; ``None`` for unknown."""
    reason: str = ""
    """Why environments have ports instead of names; empty where they have names."""


def router_status(session: Session) -> RouterStatus:
    """How the router does. Nothing is started."""
    settings = session.settings.router
    found = session.router.find(settings.name, measured=True)
    known = {
        c.ownership.environment
        for c in session.engine.observe(Selection()).containers
        if c.router == settings.name
    }
    is_off = settings.use is RouterUse.OFF
    if found is None:
        reason = "the setting `router` is off" if is_off else session.router.reason_against(settings.image)
        return RouterStatus(settings.name, "off" if is_off else "none", None, len(known), None, reason)
    address = RouterAddress(settings.domain, found.port, has_tls=found.has_tls)
    return RouterStatus(
        name=found.name,
        state="running" if found.is_running else "stopped",
        url=address.url(project_host(session.project, settings.domain)) if found.is_running else None,
        environments=len(known),
        memory=found.memory,
    )


def measure_requests(session: Session, environments: Iterable[Environment]) -> Mapping[str, int]:
    """Requests a minute by the names of environments that the router leads to; none where it does not run.

    One call of the engine, which takes longer the more the router writes: not for every list.
    """
    name = session.settings.router.name
    named = {environment.name: hosts_of(environment) for environment in environments}
    if not any(named.values()):
        return {}
    try:
        stream = session.router.logs(name, tail=COUNTED_LINES, follow=False)
    except EngineError:
        return {}
    try:
        lines = [line for batch in stream for line in batch]
    finally:
        stream.close()
    rates = requests_per_minute(lines, session.clock() + session.engine.clock_ahead())
    return {name: sum(rates.get(host, 0) for host in hosts) for name, hosts in named.items() if hosts}


def router_up(run: Run) -> RouterStatus:
    """Start the router, or make it again of what the engine and the ledger say. Its image may be pulled.

    Raises :class:`UsageError` where the settings want none.
    """
    if run.session.settings.router.use is RouterUse.OFF:
        raise UsageError("the setting `router` is off", hint='PREVIEWER_ROUTER=on, or `router = "on"`')
    start_router(run, may_pull=True)
    return router_status(run.session)


def router_down(run: Run) -> bool:
    """Remove the router with its files; whether there was one. The next command that needs it starts it again."""
    return run.session.router.remove(run.session.settings.router.name)


def router_authority(session: Session) -> bytes:
    """The certificate (PEM) of the router's own authority. Raises :class:`NotFoundError` where it has none."""
    name = session.settings.router.name
    found = session.router.find(name)
    if found is None or not found.has_tls or session.settings.router.tls is RouterTls.FILES:
        raise NotFoundError(
            "there is no router with an authority of its own",
            where=name,
            hint='set `network.tls = "internal"`, then `previewer router down` and `previewer router up`',
        )
    return session.router.authority(name)


def router_logs(session: Session, *, tail: int | None, follow: bool) -> Stream[Sequence[str]]:
    """What it writes, one JSON object for each request. Raises :class:`NotFoundError` where there is none."""
    name = session.settings.router.name
    if session.router.find(name) is None:
        raise NotFoundError("there is no router", where=name, hint="previewer router up")
    return session.router.logs(name, tail=tail, follow=follow)
