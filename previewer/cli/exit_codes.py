"""What the process says by its exit code, and which error becomes which code."""

from __future__ import annotations

from enum import IntEnum

from previewer.errors import (
    CancelledError,
    CapacityError,
    EngineUnreachableError,
    LockedError,
    NotFoundError,
    ObjectNotFoundError,
    PolicyError,
    PreviewerError,
    SupersededError,
    TimedOutError,
    UnhealthyError,
    UsageError,
)


class ExitCode(IntEnum):
    """Every code that previewer ends with. ``--help`` and docs/cli.md list them; a test keeps all three equal."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> ExitCode:
        """A code and what it means, for people."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = 0, "it worked"
    FAILED = 1, "it failed"
    USAGE = 2, "the command line or a setting makes no sense"
    DIFFERENCE = 3, "a difference was found (with --exit-code, or by verify)"
    UNHEALTHY = 4, "a service is unhealthy or a job failed"
    REFUSED = 5, "refused by policy"
    NOT_FOUND = 6, "no such revision, environment, service or release"
    LOCKED = 7, "another run is changing this environment"
    TIMED_OUT = 8, "it took longer than allowed"
    UNREACHABLE = 9, "no engine answers"
    NO_ROOM = 10, "there is no room for it on the engine, or in the project's quota"
    SUPERSEDED = 11, "a later run took over; what was begun has been undone"
    INTERRUPTED = 130, "interrupted; what was begun has been undone"


_CODES: dict[type[BaseException], ExitCode] = {
    PreviewerError: ExitCode.FAILED,
    UsageError: ExitCode.USAGE,
    UnhealthyError: ExitCode.UNHEALTHY,
    PolicyError: ExitCode.REFUSED,
    NotFoundError: ExitCode.NOT_FOUND,
    ObjectNotFoundError: ExitCode.NOT_FOUND,
    LockedError: ExitCode.LOCKED,
    TimedOutError: ExitCode.TIMED_OUT,
    EngineUnreachableError: ExitCode.UNREACHABLE,
    CapacityError: ExitCode.NO_ROOM,
    CancelledError: ExitCode.INTERRUPTED,
    SupersededError: ExitCode.SUPERSEDED,
}


def exit_code_of(error: type[BaseException]) -> ExitCode:
    """The code of the most specific class that has one; ``FAILED`` for a class that is not ours."""
    return next((_CODES[cls] for cls in error.__mro__ if cls in _CODES), ExitCode.FAILED)
