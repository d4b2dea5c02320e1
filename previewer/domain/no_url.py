"""Why an environment has no URL."""

from __future__ import annotations

from previewer.domain.environment import Environment, State
from previewer.domain.observation import PublishedPort

_AT_REST = frozenset({State.STOPPED, State.FAILED})


def reason_for_no_url(environment: Environment) -> str:
    """In words, to stand after the environment's name. Ports are an engine's only while their containers run."""
    if environment.state is State.ASLEEP:
        return "it sleeps, and nobody answers until it is woken"
    if environment.state in _AT_REST:
        return "it does not run"
    if _published_elsewhere(environment):
        return f"its ports are on the loopback address of {environment.machine}, which is not reached from here"
    return "no service of it publishes a port"


def remedy_for_no_url(environment: Environment) -> str:
    """What helps, as a hint."""
    if environment.state is State.ASLEEP:
        return f"previewer wake {environment.name}"
    if environment.state in _AT_REST:
        name = environment.name
        return f"`previewer status {name}` shows how it ended, `previewer wake {name}` starts it again"
    if ports := _published_elsewhere(environment):
        forwards = " ".join(f"-L {port.host_port}:{port.host_ip}:{port.host_port}" for port in ports)
        return (
            f"make a tunnel: `ssh -N {forwards} {environment.machine}`; or publish them for every address, with "
            "`host_ip: 0.0.0.0`, which the policy has to allow"
        )
    return "add `ports:` to the definition"


def _published_elsewhere(environment: Environment) -> tuple[PublishedPort, ...]:
    """Its TCP ports that only the engine's own machine reaches."""
    ports = (port for service in environment.services for one in service.containers for port in one.ports)
    return tuple(port for port in ports if environment.machine and port.protocol == "tcp" and port.host_port)
