"""Read the logs of an environment's services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from previewer.domain.naming import environment_name
from previewer.domain.record.notes import FailedAttempt
from previewer.domain.record.tombstone import LastLine
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


def open_logs_or_last(
    session: Session, environment: str, *, services: Sequence[str] = (), options: LogOptions
) -> Stream[Sequence[LogLine]]:
    """:func:`open_logs`; of an environment that is gone, or did not come up, what is remembered of them."""
    try:
        return open_logs(session, environment, services=services, options=options)
    except NotFoundError:
        return _KeptLines(remembered_lines(session, environment, services=services, options=options))


class _KeptLines:
    """A stream of lines that are known already."""

    def __init__(self, lines: Sequence[LogLine]) -> None:
        self._lines = lines

    def __iter__(self) -> Iterator[Sequence[LogLine]]:
        yield self._lines

    def close(self) -> None:
        """There is nothing to end."""


SAME_ATTEMPT = timedelta(minutes=2)
"""The longest that undoing an attempt is taken to last."""


def attempt_lines(session: Session, attempt: FailedAttempt) -> tuple[LogLine, ...]:
    """The last lines of the services that ended in an attempt that failed; where none ended, of all.

    There are none where it failed before anything ran. Raises :class:`NotFoundError` where nothing is remembered.
    """
    gone = find_tombstone(session, environment_name(session.project, attempt.branch or attempt.commit))
    if gone.tombstone.removed_at < attempt.at - SAME_ATTEMPT:
        return ()
    failed = {former.service for former in gone.tombstone.containers if former.exit_code}
    return tuple(_log_line(line) for line in gone.lines if not failed or line.service in failed)


def _log_line(line: LastLine) -> LogLine:
    return LogLine(line.container, line.service, line.at, line.text, line.is_error)


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
            kept.append(_log_line(line))
    return tuple(reversed(kept))
