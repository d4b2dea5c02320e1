"""Whether a container is in the state that an operation waits for, and if not, why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from previewer.domain.compose.service import Condition
from previewer.domain.engine.observation import ContainerState, Health, ListeningPorts
from previewer.domain.engine.start_failures import explain_runtime
from previewer.domain.units import format_memory, port_words

MOST_RESTARTS = 3
"""After so many the engine's next attempt is not waited for."""


class Verdict(Enum):
    """What one look says."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"
    """It will not become ready any more."""
    SETTLING = "settling"
    """It runs and no more is known: ready if it still does in a moment."""


class Judgement(Struct, frozen=True):
    """A verdict and what was seen, in a few words."""

    verdict: Verdict
    reason: str


def judge(
    condition: Condition,
    *,
    state: ContainerState,
    health: Health,
    exit_code: int | None,
    out_of_memory: bool = False,
    restarts: int = 0,
    ports: Sequence[int] = (),
) -> Judgement:
    """Decide about one container.

    ``STARTED`` is lenient: it runs and is not starting, or it was a job that ended with 0; without a health check
    it has to go on running for a moment, which is the caller's to measure. ``HEALTHY``
    asks for the engine's health check (a finished job counts as healthy), ``COMPLETED`` for an end with 0. What is
    to serve ``ports`` is no job: however it ends, it failed.
    """
    if state in (ContainerState.EXITED, ContainerState.DEAD):
        if exit_code == 0 and ports:
            return Judgement(Verdict.FAILED, f"it ended with exit code 0, and {port_words(ports)} with it")
        return _judge_end(exit_code, out_of_memory=out_of_memory)
    if state is ContainerState.RESTARTING and restarts >= MOST_RESTARTS:
        return Judgement(Verdict.FAILED, f"it keeps ending with exit code {exit_code}")
    if state is not ContainerState.RUNNING:
        return Judgement(Verdict.WAITING, state.value)
    if condition is Condition.COMPLETED:
        return Judgement(Verdict.WAITING, "still running")
    if health is Health.UNHEALTHY:
        return Judgement(Verdict.FAILED, "its health check fails")
    if health is Health.HEALTHY:
        return Judgement(Verdict.READY, "healthy")
    if health is Health.STARTING:
        return Judgement(Verdict.WAITING, "its health check has not passed yet")
    if condition is Condition.HEALTHY:
        return Judgement(Verdict.FAILED, "it has no health check to wait for")
    return Judgement(Verdict.SETTLING, "running")


def _judge_end(exit_code: int | None, *, out_of_memory: bool) -> Judgement:
    if exit_code == 0:
        # The kernel ended a child of it, and it made do without.
        though = ", though a process of it ran out of memory" if out_of_memory else ""
        return Judgement(Verdict.READY, f"done{though}")
    memory = ", out of memory" if out_of_memory else ""
    return Judgement(Verdict.FAILED, f"it ended with exit code {exit_code}{memory}")


def judge_ports(seen: ListeningPorts | None, ports: Sequence[int], *, is_patient: bool) -> Judgement:
    """Decide about a container that runs, has no health check and is to accept connections on ``ports``.

    One that answers on some of them may have others that it opens seldom or never (a debugger's): they are waited
    for while ``is_patient``. Where the engine cannot tell, ``seen`` is ``None``.
    """
    if seen is None:
        return Judgement(Verdict.READY, f"running; {port_words(ports)} cannot be reached from here")
    silent = [port for port in ports if port not in seen.accepting]
    if silent and (is_patient or not seen.accepting):
        return Judgement(Verdict.WAITING, f"nothing accepts connections on {port_words(silent)}")
    accepting = port_words([port for port in ports if port in seen.accepting])
    but = f"; nothing listens on {port_words(silent)}" if silent else ""
    return Judgement(Verdict.READY, f"listening on {accepting}{but}")


def diagnose_ports(seen: ListeningPorts | None, ports: Sequence[int]) -> str:
    """Why a container's ports are waited for in vain, in one line; empty where nothing is known."""
    if seen is None or not ports:
        return ""
    silent = [port for port in ports if port not in seen.accepting]
    if inside := sorted(seen.inside_only.intersection(silent)):
        return (
            f"it listens on {port_words(inside)} of 127.0.0.1 only, which is reached from inside the container "
            "alone: have it listen on 0.0.0.0"
        )
    elsewhere = f"; it listens on {port_words(sorted(seen.others))}" if seen.others else ""
    return f"nothing accepts connections on {port_words(silent)}{elsewhere}" if silent else ""


SIGNALS = {
    4: "SIGILL: an instruction that this processor has not",
    6: "SIGABRT: it aborted itself",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV: it crashed",
    13: "SIGPIPE",
    15: "SIGTERM",
}
KILLED = 137
LESS = "its last lines are shown; nothing was left behind"


class End(Struct, frozen=True):
    """What is known of a container that failed."""

    exit_code: int | None
    """``None`` where it did not end."""
    out_of_memory: bool = False
    """Whether the kernel ended a process of it for want of memory: the first one or a child."""
    engine_error: str = ""
    """What the engine says of its start."""
    memory: int = 0
    """Its limit in bytes; 0 for none."""
    pids: int = 0
    """Its limit of processes; 0 for none."""
    restarts: int = 0
    """How often the engine has started it again."""
    lines: Sequence[str] = ()
    """The last lines that it wrote."""


class Diagnosis(Struct, frozen=True):
    """What to tell."""

    meaning: str
    """Follows the bare fact, ``it ended with exit code 137``; empty where there is nothing to add."""
    hint: str


class _Symptom(Struct, frozen=True):
    pattern: re.Pattern[str]
    meaning: str
    hint: str


def _symptom(pattern: str, meaning: str, hint: str) -> _Symptom:
    return _Symptom(re.compile(pattern, re.IGNORECASE), meaning, hint)


_LOG_SYMPTOMS = (
    _symptom(
        r"can't fork|cannot fork|fork: retry|resource temporarily unavailable|unable to create (new|native)",
        "it may have no more processes",
        "raise its `pids_limit` (limits.ROLE.max_pids allows it), or have it start fewer",
    ),
    _symptom(
        r"exec format error",
        "its program is for another kind of processor",
        "set the service's platform to the engine's, or build it for several (see `previewer doctor`)",
    ),
    _symptom(
        r"no space left on device",
        "the engine's disk is full",
        "`previewer prune` frees what is unused",
    ),
    _symptom(
        r"read-only file system",
        "it writes where nothing may be written",
        "give the folder a volume, bind it without `:ro`, or name it under x-previewer.writable",
    ),
    _symptom(
        r"address already in use|eaddrinuse",
        "two of its processes want the same port",
        "give each its own port; those of other containers never collide with it",
    ),
    _symptom(
        r"could not resolve|name or service not known|failure in name resolution|bad address|enotfound",
        "it does not find a name",
        "siblings are found by their service's name on a network that both are on; other machines' names only "
        "where it may reach them (see docs/isolation.md)",
    ),
)
"""Of what a failed container wrote."""


def diagnose(end: End) -> Diagnosis:
    """The first explanation that fits: memory, what the engine says, the exit code, the last lines."""
    if end.out_of_memory:
        return _out_of_memory(end)
    if end.engine_error:
        failure = explain_runtime(end.engine_error)
        return Diagnosis(failure.meaning, failure.hint)
    return _found(end.lines) or _of_exit_code(end.exit_code, memory=end.memory) or Diagnosis("", LESS)


def restarts_in_words(restarts: int) -> str:
    """``restarted 3 times``; empty for none."""
    return f"restarted {restarts} times" if restarts > 1 else "restarted once" if restarts else ""


def _out_of_memory(end: End) -> Diagnosis:
    limit = f" of {format_memory(end.memory)}" if end.memory else ""
    who = "it" if end.exit_code == KILLED else "a process of it"
    most = f"its limit{limit}" if end.memory else "what the engine's machine has"
    return Diagnosis(
        f"out of memory: {who} needed more than {most}",
        "give the service more memory (deploy.resources.limits.memory) or make it need less",
    )


def _found(lines: Sequence[str]) -> Diagnosis | None:
    for line in reversed(lines):
        for symptom in _LOG_SYMPTOMS:
            if symptom.pattern.search(line):
                return Diagnosis(symptom.meaning, symptom.hint)
    return None


def _of_exit_code(code: int | None, *, memory: int) -> Diagnosis | None:
    if code == 127:
        return Diagnosis(
            "its command, or one that it calls, was not found", "check `command` and the image's PATH"
        )
    if code == 126:
        return Diagnosis("its command is not executable", "make the file executable in the image")
    if code == 139:
        return Diagnosis(SIGNALS[11], "it crashed; a core dump or its own log may say where")
    if code == KILLED and memory:
        # A busy engine can miss that the kernel ended it for want of memory.
        limit = format_memory(memory)
        return Diagnosis(
            f"killed from outside, or out of memory without the engine's notice: its limit is {limit}",
            "give the service more memory if this happens again",
        )
    if code == KILLED:
        return Diagnosis("killed from outside", "it was killed by hand or by the engine as it stopped: try again")
    if code is not None and code > 128 and (name := SIGNALS.get(code - 128)):
        return Diagnosis(f"ended by {name}", LESS)
    return None
