"""The names that others are given for an environment: unguessable ones, and those of tunnels."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from previewer.domain.environment.environment import Environment
from previewer.domain.labels import NamedRoute
from previewer.domain.record.notes import Share
from previewer.domain.routing.route_files import TUNNELS, RouterFiles, share_files
from previewer.session.session import Session


def names_at_router(session: Session, environment: Environment) -> tuple[NamedRoute, ...]:
    """The names that the router of the settings leads to it."""
    router = session.settings.router.name
    containers = (container for service in environment.services for container in service.containers)
    return tuple(name for container in containers if container.router == router for name in container.names)


def share_of(
    environment: Environment,
    names: tuple[NamedRoute, ...],
    url: str,
    *,
    until: datetime,
    is_locked: bool,
    is_tunnel: bool,
) -> Share:
    """An address for others that leads to the environment's main name, which is one of ``names``."""
    main = environment.ports[0].url if environment.ports else names[0].url
    return Share(url, urlsplit(main).hostname or "", until, is_locked=is_locked, is_tunnel=is_tunnel)


def files_of_share(share: Share, key: str = "") -> RouterFiles:
    """What the router has to know of it. ``key`` is what opens it, as :func:`share_files` says."""
    parts, until = urlsplit(share.url), int(share.until.timestamp())
    host = f"{TUNNELS}/{parts.netloc}" if share.is_tunnel else parts.hostname or ""
    return share_files(host, target=share.target, until=until, is_locked=share.is_locked, key=key)
