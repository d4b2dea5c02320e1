"""Diagnosis: what is known of a failed container becomes words and a hint."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.compose.service import Condition
from previewer.domain.engine.observation import ContainerState, Health
from previewer.domain.engine.readiness import LESS, MOST_RESTARTS, End, Verdict, diagnose, judge, restarts_in_words


@pytest.mark.parametrize(
    ("end", "meaning", "hint"),
    [
        (End(137, out_of_memory=True, memory=64 << 20), "it needed more than its limit of 64 MiB", "more memory"),
        (End(137, out_of_memory=True), "it needed more than what the engine's machine has", "more memory"),
        (End(1, out_of_memory=True, memory=64 << 20), "a process of it needed more than", "more memory"),
        (End(None, out_of_memory=True), "a process of it", "more memory"),
        (End(137), "killed from outside", "try again"),
        (
            End(137, memory=16 << 20),
            "or out of memory without the engine's notice: its limit is 16 MiB",
            "more memory",
        ),
        (End(139), "SIGSEGV", "crashed"),
        (End(143), "SIGTERM", LESS),
        (End(127), "not found", "PATH"),
        (End(126), "not executable", "executable"),
        (End(3), "", LESS),
        (
            End(1, lines=("log: fine", "log: sh: can't fork: Resource temporarily unavailable")),
            "processes",
            "pids",
        ),
        (End(1, lines=("log: standard_init_linux.go:228: exec format error",)), "processor", "platform"),
        (End(1, lines=("log: write: No space left on device",)), "disk is full", "prune"),
        (End(1, lines=("log: touch: /x: Read-only file system",)), "nothing may be written", "writable"),
        (End(1, lines=("log: bind: Address already in use",)), "same port", "port"),
        (End(1, lines=("log: wget: bad address 'db'",)), "find a name", "siblings"),
        (End(127, engine_error='exec: "nope": executable file not found in $PATH'), "not in the image", "command"),
        (End(126, engine_error="exec /run.sh: permission denied"), "may not be executed", "executable"),
        (End(1, engine_error="exec user process caused: exec format error"), "processor", "platform"),
        (End(128, engine_error="something new"), "something new", "docker compose up"),
    ],
)
def test_what_is_known_becomes_words(end: End, meaning: str, hint: str) -> None:
    found = diagnose(end)
    assert meaning in found.meaning
    assert bool(meaning) == bool(found.meaning)
    assert hint in found.hint


def test_the_last_symptom_counts() -> None:
    lines = ("log: bind: address already in use", "log: write: no space left on device")
    assert "disk" in diagnose(End(1, lines=lines)).meaning


@given(
    st.none() | st.integers(0, 255),
    st.booleans(),
    st.text(),
    st.integers(0, 1 << 40),
    st.lists(st.text(), max_size=3),
)
def test_there_is_always_a_hint(code: int | None, memory: bool, error: str, limit: int, lines: list[str]) -> None:
    found = diagnose(End(code, out_of_memory=memory, engine_error=error, memory=limit, lines=lines))
    assert found.hint


@pytest.mark.parametrize(("restarts", "text"), [(0, ""), (1, "restarted once"), (4, "restarted 4 times")])
def test_restarts_in_words(restarts: int, text: str) -> None:
    assert restarts_in_words(restarts) == text


@pytest.mark.parametrize(
    ("restarts", "verdict"), [(0, Verdict.WAITING), (2, Verdict.WAITING), (MOST_RESTARTS, Verdict.FAILED)]
)
def test_what_keeps_ending_is_given_up(restarts: int, verdict: Verdict) -> None:
    found = judge(
        Condition.STARTED, state=ContainerState.RESTARTING, health=Health.NONE, exit_code=2, restarts=restarts
    )
    assert found.verdict is verdict
    assert verdict is Verdict.WAITING or "exit code 2" in found.reason


def test_a_job_that_lost_a_child_for_want_of_memory_is_done_and_it_is_said() -> None:
    found = judge(
        Condition.COMPLETED, state=ContainerState.EXITED, health=Health.NONE, exit_code=0, out_of_memory=True
    )
    assert found.verdict is Verdict.READY
    assert "out of memory" in found.reason
