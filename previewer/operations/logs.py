"""Read the logs of an environment's services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from previewer.engine.protocol import LogLine, LogOptions, Stream
from previewer.errors import NotFoundError
from previewer.records.environments import find_environment
from previewer.records.masking import MaskedLines, mask_of
from previewer.records.tombstones import find_tombstone
from previewer.session.session import Session


def open_logs(
    session: Session, environment: str, *, services: Sequence[str] = (), options: LogOptions
) -> Stream[Sequence[LogLine]]:
    """The lines of an environment's services (of all, if none is named), merged, without the values of secrets.
    Close the stream after use.

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
    mask = mask_of(session, found.ownership.release)
    return MaskedLines(session.engine.logs(containers, options), mask)


def remembered_lines(
    session: Session, environment: str, *, services: Sequence[str] = (), options: LogOptions
) -> tuple[LogLine, ...]:
    """What the services of an environment that is gone wrote last, by time; ``tail`` counts for each container.

    Raises :class:`NotFoundError` for an environment or a service that nothing is remembered of.
    """
    found = find_tombstone(session, environment)
    known = {former.service for former in found.tombstone.containers}
    if unknown := [name for name in services if name not in known]:
        raise NotFoundError(
            f"no service {', '.join(unknown)}",
            where=found.tombstone.environment,
            hint=f"there was {', '.join(sorted(known)) or 'none'}",
        )
    counts: Counter[str] = Counter()
    kept: list[LogLine] = []
    for line in reversed(found.lines):
        counts[line.container] += 1
        is_wanted = line.service in (services or known)
        is_late = options.since is None or line.at is None or line.at >= options.since
        if is_wanted and is_late and (options.tail is None or counts[line.container] <= options.tail):
            kept.append(LogLine(line.container, line.service, line.at, line.text, line.is_error))
    return tuple(reversed(kept))
