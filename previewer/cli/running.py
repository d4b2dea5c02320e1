"""An operation in progress: its events on standard error, its cancellation by Ctrl-C and SIGTERM."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from previewer.cli.invocation import Invocation
from previewer.cli.progress.progress import ProgressMode, make_progress
from previewer.domain.cancellation import Cancellation
from previewer.session.run import Run
from previewer.session.session import Session

SIGNALS = tuple(
    number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)
FIRST = "interrupted: undoing what was begun"
MESSAGE_SECONDS = 1.0
"""What a message may take at the end; a terminal that hangs is not waited for any longer."""
AGAIN = "still cleaning up; `previewer ls` shows what remains, `previewer down NAME` removes it"


@contextmanager
def interruptible(say: Callable[[str], None]) -> Iterator[Cancellation]:
    """A cancellation that the first signal requests. Further ones only say how to clean up later.

    Signals are only ours in the main thread; elsewhere (a test's thread) the caller requests it.
    """
    cancellation = Cancellation()
    messengers: list[threading.Thread] = []

    def interrupted(number: int, _frame: FrameType | None) -> None:
        # In a thread: the signal may have come while this one holds a lock that the message needs.
        message = AGAIN if messengers else FIRST
        messengers.append(threading.Thread(target=say, args=(message,), daemon=True))
        messengers[-1].start()
        cancellation.request(number)

    if threading.current_thread() is not threading.main_thread():
        yield cancellation
        return
    before = {number: signal.signal(number, interrupted) for number in SIGNALS}
    try:
        yield cancellation
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for messenger in messengers:
            messenger.join(timeout=MESSAGE_SECONDS)


@contextmanager
def running(invocation: Invocation, session: Session, progress: str = ProgressMode.AUTO.value) -> Iterator[Run]:
    """Show progress and listen to signals while the body runs an operation."""
    renderer = make_progress(
        ProgressMode(progress),
        invocation.stderr,
        colour_choice=invocation.colour,
        environment=invocation.environment,
        platform=invocation.platform,
    )
    try:
        with interruptible(renderer.say) as cancellation:
            yield Run(session, renderer.report, cancellation)
    finally:
        renderer.close()
