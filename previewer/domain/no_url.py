"""Why an environment has no URL."""

from __future__ import annotations

from previewer.domain.environment import Environment, State

_AT_REST = frozenset({State.STOPPED, State.FAILED})


def reason_for_no_url(environment: Environment) -> str:
    """In words, to stand after the environment's name. Ports are an engine's only while their containers run."""
    if environment.state is State.ASLEEP:
        return "it sleeps, and nobody answers until it is woken"
    if environment.state in _AT_REST:
        return "it does not run"
    return "no service of it publishes a port"


def remedy_for_no_url(environment: Environment) -> str:
    """What helps, as a hint."""
    if environment.state is State.ASLEEP:
        return f"previewer wake {environment.name}"
    if environment.state in _AT_REST:
        name = environment.name
        return f"`previewer status {name}` shows how it ended, `previewer wake {name}` starts it again"
    return "add `ports:` to the definition"
