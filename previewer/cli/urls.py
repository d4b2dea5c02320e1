"""Which URLs of an environment a user means."""

from __future__ import annotations

from previewer.domain.environment import Environment
from previewer.domain.no_url import reason_for_no_url, remedy_for_no_url
from previewer.errors import NotFoundError


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
