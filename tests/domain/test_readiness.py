"""Readiness: what one look at a container, or at its ports, says."""

from __future__ import annotations

import pytest

from previewer.domain.compose.service import Condition
from previewer.domain.compose.start_order import awaited_ports
from previewer.domain.engine.observation import ContainerState, Health, ListeningPorts
from previewer.domain.engine.readiness import Verdict, diagnose_ports, judge, judge_ports
from previewer.domain.json_value import JsonObject, JsonValue
from tests.domain.values import make_definition


def seen(*accepting: int, inside: tuple[int, ...] = (), others: tuple[int, ...] = ()) -> ListeningPorts:
    return ListeningPorts(frozenset(accepting), frozenset(inside), frozenset(others))


@pytest.mark.parametrize(
    ("found", "ports", "is_patient", "verdict", "reason"),
    [
        (seen(80), (80,), False, Verdict.READY, "listening on port 80"),
        (seen(), (80,), False, Verdict.WAITING, "nothing accepts connections on port 80"),
        (seen(80), (80, 9229), True, Verdict.WAITING, "nothing accepts connections on port 9229"),
        (seen(80), (80, 9229), False, Verdict.READY, "listening on port 80; nothing listens on port 9229"),
        (seen(), (80, 9229), True, Verdict.WAITING, "nothing accepts connections on ports 80, 9229"),
        (seen(80, 443), (80, 443), True, Verdict.READY, "listening on ports 80, 443"),
        (None, (80,), True, Verdict.READY, "running; port 80 cannot be reached from here"),
    ],
)
def test_what_ports_say(
    found: ListeningPorts | None, ports: tuple[int, ...], is_patient: bool, verdict: Verdict, reason: str
) -> None:
    judgement = judge_ports(found, ports, is_patient=is_patient)
    assert (judgement.verdict, judgement.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (None, ""),
        (seen(80), ""),
        (seen(), "nothing accepts connections on port 80"),
        (seen(others=(3000,)), "nothing accepts connections on port 80; it listens on port 3000"),
        (seen(inside=(80,)), "it listens on port 80 of 127.0.0.1 only"),
    ],
)
def test_why_ports_are_waited_for_in_vain(found: ListeningPorts | None, text: str) -> None:
    diagnosis = diagnose_ports(found, (80,))
    assert diagnosis.startswith(text)
    assert bool(diagnosis) == bool(text)


@pytest.mark.parametrize(
    ("exit_code", "ports", "verdict"),
    [(0, (), Verdict.READY), (0, (80,), Verdict.FAILED), (1, (80,), Verdict.FAILED), (1, (), Verdict.FAILED)],
)
def test_what_is_to_serve_ports_is_no_job(exit_code: int, ports: tuple[int, ...], verdict: Verdict) -> None:
    judgement = judge(
        Condition.STARTED, state=ContainerState.EXITED, health=Health.NONE, exit_code=exit_code, ports=ports
    )
    assert judgement.verdict is verdict


PORTS: list[JsonValue] = [
    {"target": 80, "protocol": "tcp"},
    {"target": 9229, "protocol": "tcp"},
    {"target": 53, "protocol": "udp"},
    {"target": 80, "protocol": "tcp", "host_ip": "::1"},
]


@pytest.mark.parametrize(
    ("extension", "service", "ports"),
    [
        ({}, {}, (80, 9229)),
        ({"await_ports": False}, {}, ()),
        ({"await_ports": {"web": [80]}}, {}, (80,)),
        ({"await_ports": {"web": []}}, {}, ()),
        ({"await_ports": {"other": []}}, {}, (80, 9229)),
        ({"routes": [{"service": "web", "port": 80}]}, {}, (80,)),
        ({"routes": [{"service": "other", "port": 80}]}, {}, (80, 9229)),
        ({}, {"network_mode": "host"}, ()),
    ],
)
def test_which_ports_are_waited_for(extension: JsonObject, service: JsonObject, ports: tuple[int, ...]) -> None:
    services: JsonObject = {"web": {"image": "x", "ports": PORTS, **service}, "other": {"image": "x"}}
    definition = make_definition(services, **{"x-previewer": extension})
    assert awaited_ports(definition, definition.services["web"]) == ports
    assert awaited_ports(definition, definition.services["other"]) == ()
