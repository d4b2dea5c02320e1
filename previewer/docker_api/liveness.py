"""Whether the engine still answers: a stream that falls silent, or ends, does not tell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.wire.protocol import PING, OpenAnswer
from previewer.domain.cancellation import Cancellation
from previewer.errors import EngineUnreachableError

ANSWER_SECONDS = 30.0
"""That a busy engine may take to say that it is there."""
PAUSE_SECONDS = 15.0
"""Between two questions."""


def ensure_alive(connection: DockerConnection, action: str, *, seconds: float = ANSWER_SECONDS) -> None:
    """Raise :class:`EngineUnreachableError` if the engine does not answer; ``action`` continues "could not …"."""
    with translate_errors(action, subject=connection.host):
        connection.wire.exchange(PING, patience=seconds)


@contextmanager
def while_alive(
    connection: DockerConnection, action: str, give_up: Callable[[], None], *, pause: float = PAUSE_SECONDS
) -> Iterator[None]:
    """Ask the engine now and then, from a thread of its own, while the body reads a stream without a time limit.

    If it does not answer, ``give_up`` is called, which is to end the body's reading, and the body's end raises
    :class:`EngineUnreachableError`.
    """
    ended = threading.Event()
    failures: list[EngineUnreachableError] = []

    def ask() -> None:
        while not ended.wait(pause):
            try:
                ensure_alive(connection, action)
            except EngineUnreachableError as error:
                failures.append(error)
                give_up()
                return

    thread = threading.Thread(target=ask, name="previewer-alive", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
    if failures:
        raise failures[0]


@contextmanager
def reading(
    connection: DockerConnection, stream: OpenAnswer, action: str, cancellation: Cancellation
) -> Iterator[None]:
    """Close ``stream``, which the body reads, on a cancellation and after the body; give up on a silent engine.

    Raises as :func:`while_alive` does. A cancellation only ends the stream: what that means, the caller says.
    """
    take_back = cancellation.on_request(stream.close)
    try:
        with while_alive(connection, action, stream.close):
            yield
    finally:
        take_back()
        stream.close()
