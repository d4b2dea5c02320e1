"""Which engine to use: the one that answers, one to be started, or none, and then why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scripts.local_engine.endpoint import Endpoint
from scripts.local_engine.machine import Machine


@dataclass(frozen=True)
class UseEngine:
    """An engine answers."""

    endpoint: Endpoint


@dataclass(frozen=True)
class StartEngine:
    """None answers, and one may be started here."""

    install: bool
    """Its program has to be installed first."""
    with_systemd: bool
    """It is a service of systemd's; else it is started directly."""


@dataclass(frozen=True)
class NoEngine:
    """None answers, and none may be started."""

    message: str
    hint: str


Decision = UseEngine | StartEngine | NoEngine


def decide(
    endpoints: Sequence[Endpoint], answers: Callable[[str], bool], machine: Machine, *, own_host: str
) -> Decision:
    """Choose; ``own_host`` is the address at which an engine that is started here would answer."""
    for endpoint in endpoints:
        if endpoint.host and answers(endpoint.host):
            return UseEngine(endpoint)
    for endpoint in endpoints:
        if endpoint.chosen and endpoint.host != own_host:
            where = endpoint.host or "no address"
            return NoEngine(
                f"no engine answers at {where}, which {endpoint.origin} names",
                "start that engine, or unset the variable to use any engine that answers",
            )
    installable = machine.is_debian or machine.dockerd is not None
    if machine.system == "Linux" and machine.is_root and installable:
        return StartEngine(install=machine.dockerd is None, with_systemd=machine.has_systemd)
    return NoEngine("no Docker engine answers", start_hint(machine))


def start_hint(machine: Machine) -> str:
    """What a person can do about it on this machine."""
    if machine.system == "Darwin":
        return "start Docker Desktop, OrbStack or colima (`colima start`), then run this again"
    if machine.system != "Linux":
        return "start Docker Desktop, then run this again"
    if machine.dockerd is None:
        if machine.is_debian:
            return "install and start one: `sudo apt-get install docker.io`, or run this as root, which does it"
        return "install Docker Engine or Podman (https://docs.docker.com/engine/install/), then run this again"
    if machine.has_systemd:
        return (
            "start it: `sudo systemctl start docker`; if it runs, you may not be allowed to use it:"
            ' `sudo usermod -aG docker "$USER"` and log in again'
        )
    return "start it: `sudo dockerd &`, or run this as root, which does it"
