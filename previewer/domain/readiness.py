"""Whether a container is as somebody waits for it to be: a verdict on one look at it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from previewer.domain.observation import ContainerState, Health, ListeningPorts
from previewer.domain.service import Condition
from previewer.domain.wording import port_words
from previewer.frozen import dataclass

MOST_RESTARTS = 3
"""After so many the engine's next attempt is not waited for."""


class Verdict(Enum):
    """What one look says."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"
    """It will not become ready any more."""
    SETTLING = "settling"
    """It runs and nobody can tell more: ready if it still does in a moment."""


@dataclass(frozen=True, slots=True)
class Judgement:
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
