"""Which engine is used, started or asked for, as a table over machines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.local_engine.decision import NoEngine, StartEngine, UseEngine, decide
from scripts.local_engine.endpoint import Endpoint
from scripts.local_engine.machine import Machine

OWN = "unix:///var/run/docker.sock"
USUAL = (Endpoint(OWN, "the usual socket"), Endpoint("unix:///colima.sock", "a usual socket"))
DEBIAN = Machine(system="Linux", is_root=True, is_debian=True, has_systemd=False, dockerd="/usr/sbin/dockerd")
MAC = Machine(system="Darwin", is_root=False, is_debian=False, has_systemd=False, dockerd=None)


@pytest.mark.parametrize(
    ("machine", "decision"),
    [
        (DEBIAN, StartEngine(install=False, with_systemd=False)),
        (replace(DEBIAN, dockerd=None), StartEngine(install=True, with_systemd=False)),
        (replace(DEBIAN, has_systemd=True), StartEngine(install=False, with_systemd=True)),
        (replace(DEBIAN, has_systemd=True, dockerd=None), StartEngine(install=True, with_systemd=True)),
        (replace(DEBIAN, is_debian=False), StartEngine(install=False, with_systemd=False)),
    ],
)
def test_an_engine_is_started_where_that_is_allowed(machine: Machine, decision: StartEngine) -> None:
    assert decide(USUAL, lambda host: False, machine, own_host=OWN) == decision


@pytest.mark.parametrize(
    ("machine", "hint"),
    [
        (replace(DEBIAN, is_root=False), "sudo dockerd"),
        (replace(DEBIAN, is_root=False, has_systemd=True), "sudo systemctl start docker"),
        (replace(DEBIAN, is_root=False, dockerd=None), "sudo apt-get install docker.io"),
        (replace(DEBIAN, is_debian=False, dockerd=None), "install Docker Engine or Podman"),
        (MAC, "colima start"),
        (replace(MAC, is_root=True), "colima start"),
        (replace(MAC, system="Windows"), "Docker Desktop"),
    ],
)
def test_elsewhere_the_user_is_told_what_to_do(machine: Machine, hint: str) -> None:
    decision = decide(USUAL, lambda host: False, machine, own_host=OWN)
    assert isinstance(decision, NoEngine)
    assert hint in decision.hint


@pytest.mark.parametrize("machine", [DEBIAN, MAC])
@pytest.mark.parametrize("answering", [endpoint.host for endpoint in USUAL])
def test_an_engine_that_answers_is_used(machine: Machine, answering: str) -> None:
    decision = decide(USUAL, lambda host: host == answering, machine, own_host=OWN)
    assert isinstance(decision, UseEngine)
    assert decision.endpoint.host == answering


def test_the_first_that_answers_wins() -> None:
    assert decide(USUAL, lambda host: True, MAC, own_host=OWN) == UseEngine(USUAL[0])


@pytest.mark.parametrize("host", ["tcp://10.0.0.1:2375", "unix:///elsewhere.sock", ""])
def test_nothing_takes_the_place_of_an_engine_that_the_user_chose(host: str) -> None:
    chosen = (Endpoint(host, "DOCKER_HOST", chosen=True),)
    decision = decide(chosen, lambda asked: False, DEBIAN, own_host=OWN)
    assert isinstance(decision, NoEngine)
    assert "DOCKER_HOST" in decision.message


def test_the_chosen_one_may_be_the_one_to_start() -> None:
    chosen = (Endpoint(OWN, "DOCKER_HOST", chosen=True),)
    assert isinstance(decide(chosen, lambda host: False, DEBIAN, own_host=OWN), StartEngine)
