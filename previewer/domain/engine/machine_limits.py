"""What a machine refuses any program, in words: a full disk, no more open files, no more memory."""

from __future__ import annotations

import errno
import os

from previewer.errors import MachineError

_HINTS = {
    errno.ENOSPC: "free some space where it is written to, and try again",
    errno.EDQUOT: "free some of your quota, and try again",
    errno.EMFILE: "`ulimit -n` shows how many files a process may open here; `ulimit -n 1024` raises it",
    errno.ENFILE: "the whole machine has as many files open as it may",
    errno.EAGAIN: "`ulimit -u` shows how many processes and threads you may have here",
    errno.ENOMEM: "free some memory, and try again",
    errno.EROFS: "the file system is mounted read-only",
    errno.EIO: "the system's log says more; a terminal that is gone answers so too",
}
_OTHER_HINT = "--debug shows where it happened"
_NO_THREAD = "can't start new thread"
"""How Python says ``EAGAIN`` when a thread is begun."""


def machine_error(error: BaseException) -> MachineError | None:
    """What a failure of the system says, for people; ``None`` for an exception that is none of the system's.

    A connection that ends is not this machine's refusal: who holds it knows more about its other end.
    """
    if isinstance(error, MemoryError):
        return MachineError("not enough memory", hint=_HINTS[errno.ENOMEM])
    if isinstance(error, RuntimeError) and _NO_THREAD in str(error):
        return MachineError("no more threads can be started", hint=_HINTS[errno.EAGAIN])
    if not isinstance(error, OSError) or isinstance(error, ConnectionError | TimeoutError):
        return None
    reason = os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
    return MachineError(
        reason[:1].lower() + reason[1:],
        where=os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else None,
        hint=_HINTS.get(error.errno or 0, _OTHER_HINT),
    )
