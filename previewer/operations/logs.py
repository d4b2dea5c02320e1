"""Read the logs of an environment's services."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.engine.protocol import LogLine, LogOptions, Stream
from previewer.errors import NotFoundError
from previewer.operations.environments import find_environment
from previewer.operations.session import Session


def open_logs(
    session: Session, environment: str, *, services: Sequence[str] = (), options: LogOptions
) -> Stream[Sequence[LogLine]]:
    """The lines of an environment's services (of all, if none is named), merged. Close the stream after use.

    Raises :class:`NotFoundError` for an environment or a service that does not exist.
    """
    found = find_environment(session, environment)
    known = {service.name: service for service in found.services}
    if unknown := [name for name in services if name not in known]:
        raise NotFoundError(
            f"no service {', '.join(unknown)}", where=found.name, hint=f"there is {', '.join(known) or 'none'}"
        )
    wanted = [known[name] for name in services] or list(found.services)
    containers = [container.name for service in wanted for container in service.containers]
    return session.engine.logs(containers, options)
