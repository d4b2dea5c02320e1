"""What a session opens on first use, whichever thread comes first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from previewer.errors import EngineUnreachableError
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import MemoryClients, memory_session
from tests.eventually import eventually


class SlowClients:
    """Connects when it may, and fails as often as it is told."""

    def __init__(self, *, failures: int) -> None:
        self.may_answer = threading.Event()
        self.asked = 0
        self._failures = failures

    def __call__(self) -> MemoryClients:
        self.asked += 1
        assert self.may_answer.wait(10)
        if self.asked <= self._failures:
            raise EngineUnreachableError(f"no answer number {self.asked}")
        return MemoryClients(MemoryEngine(), MemoryImages())


def test_who_waits_for_an_engine_that_does_not_answer_waits_once() -> None:
    clients = SlowClients(failures=1)
    session = memory_session(connect=clients)
    session.prefetch_engine(makes=True)
    eventually(lambda: clients.asked == 1, what="it connects")
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(lambda: session.engine) for _ in range(3)]
        eventually(lambda: all(each.running() for each in waiting), what="all wait")
        threading.Timer(0.5, clients.may_answer.set).start()
        for each in waiting:
            with pytest.raises(EngineUnreachableError, match="number 1"):
                each.result()
    assert clients.asked == 1
    assert session.engine is session.engine, "a later call tries again"
    assert clients.asked == 2


def test_an_engine_is_connected_to_once_however_many_expect_it() -> None:
    clients = SlowClients(failures=0)
    session = memory_session(connect=clients)
    for _time in range(3):
        session.prefetch_engine(makes=False)
    clients.may_answer.set()
    assert session.engine is session.engine
    assert clients.asked == 1
