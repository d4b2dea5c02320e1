"""URLs of an environment, and the tunnel to an engine on another machine."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from previewer.domain.environment.environment import Environment
from previewer.domain.environment.urls import reason_for_no_url, remedy_for_no_url
from previewer.errors import NotFoundError


def tunnel_words(remote: str, urls: Iterable[str]) -> tuple[str, str]:
    """What to tell about ``urls`` of the engine at ``remote`` (``ssh://user@machine:22``, ``tcp://machine:2376``)."""
    machine = urlsplit(remote)
    name = machine.hostname or remote
    who = f"{machine.username}@{name}" if machine.username else name
    port = f"-p {machine.port} " if machine.scheme == "ssh" and machine.port else ""
    forwards = " ".join(f"-L {place}:{host}:{place}" for host, place in dict.fromkeys(map(_place, urls)))
    return f"that is {name}'s own address", f"to open it here: ssh -N {forwards} {port}{who}"


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80


def choose_urls(environment: Environment, *, service: str | None = None, every: bool = False) -> tuple[str, ...]:
    """The front end's, those of ``service``, or all. Raises :class:`NotFoundError` where there is none."""
    if service is not None:
        return _urls_of(environment, service)
    found = environment.urls if every else ((environment.url,) if environment.url else ())
    if not found:
        raise _no_url(environment)
    return found


def _no_url(environment: Environment) -> NotFoundError:
    return NotFoundError(
        reason_for_no_url(environment), where=environment.name, hint=remedy_for_no_url(environment)
    )


def _urls_of(environment: Environment, name: str) -> tuple[str, ...]:
    services = {service.name: service for service in environment.services}
    if name not in services:
        raise NotFoundError(
            f"no service {name}", where=environment.name, hint=f"there is {', '.join(services) or 'none'}"
        )
    if not services[name].urls:
        if environment.url is None:
            raise _no_url(environment)
        raise NotFoundError(
            f"the service {name} publishes no port", where=environment.name, hint="add `ports:` to the definition"
        )
    return services[name].urls
