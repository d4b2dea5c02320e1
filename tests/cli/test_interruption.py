"""Ctrl-C and SIGTERM ask once to stop, and then patience."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from previewer.cli.running import AGAIN, FIRST, SIGNALS, interruptible


def wait_for(messages: list[str], count: int) -> None:
    until = time.monotonic() + 60
    while len(messages) < count and time.monotonic() < until:
        time.sleep(0.005)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_cancels_and_the_second_only_explains(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    messages: list[str] = []
    with interruptible(messages.append) as cancellation:
        os.kill(os.getpid(), number)
        wait_for(messages, 1)
        assert cancellation.requested
        os.kill(os.getpid(), number)
        wait_for(messages, 2)
    assert messages == [FIRST, AGAIN]
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_a_message_that_waits_for_a_lock_does_not_hold_up_the_main_thread() -> None:
    lock = threading.Lock()
    messages: list[str] = []

    def say(message: str) -> None:
        with lock:
            messages.append(message)

    with interruptible(say) as cancellation:
        with lock:
            os.kill(os.getpid(), signal.SIGINT)
            assert cancellation.wait(60)
        wait_for(messages, 1)
    assert messages == [FIRST]


SLOW_BUILD = """
import sys
from previewer.cli.main import main
from previewer.records.environments import list_environments
from tests.worlds.cli import World
world = World()
world.images.slow = {"web"}
code = main(["up", "main", "--progress", "plain"], open_session=world.open_session)
print("left:", len(list_environments(world.session)))
sys.exit(code)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_build_ends_with_130_and_leaves_nothing(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_BUILD],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "building web" in line:
                break
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == "left: 0\n"
    assert FIRST in err
    assert "✔" not in err
    assert err.splitlines()[-1].startswith("error: ")
