"""What engines say of containers, read."""

from __future__ import annotations

import pytest
from msgspec import convert, json

from previewer.docker_api.answers import Container, ListedContainer
from previewer.docker_api.events import Event, read_event
from previewer.docker_api.reading import read_inspected, read_listed
from previewer.domain.engine.observation import ContainerState, Health, PublishedPort
from previewer.domain.json_value import JsonObject
from previewer.domain.labels import ownership_labels
from tests.domain.values import make_ownership
from tests.engine.clocks import SAME_CLOCK

LABELS = ownership_labels(make_ownership())

STATUSES = [
    ("running", "Up 3 seconds", ContainerState.RUNNING, Health.NONE, None),
    ("running", "Up Less than a second (health: starting)", ContainerState.RUNNING, Health.STARTING, None),
    ("running", "Up 2 hours (healthy)", ContainerState.RUNNING, Health.HEALTHY, None),
    ("running", "Up About a minute (unhealthy)", ContainerState.RUNNING, Health.UNHEALTHY, None),
    ("running", "Up 4 seconds (starting)", ContainerState.RUNNING, Health.STARTING, None),
    ("paused", "Up 2 seconds (Paused)", ContainerState.PAUSED, Health.NONE, None),
    ("restarting", "Restarting (1) Less than a second ago", ContainerState.RESTARTING, Health.NONE, None),
    ("exited", "Exited (0) 5 minutes ago", ContainerState.EXITED, Health.NONE, 0),
    ("exited", "Exited (137) 3 seconds ago", ContainerState.EXITED, Health.NONE, 137),
    ("created", "Created", ContainerState.CREATED, Health.NONE, None),
    ("dead", "Dead", ContainerState.DEAD, Health.NONE, None),
    ("configured", "Created", ContainerState.CREATED, Health.NONE, None),
]


@pytest.mark.parametrize(("state", "status", "expected", "health", "code"), STATUSES)
def test_a_listed_container(
    state: str, status: str, expected: ContainerState, health: Health, code: int | None
) -> None:
    said = {"Id": "1", "Names": ["/web/alias", "/x"], "Labels": LABELS, "State": state, "Status": status}
    seen = read_listed(convert(said, ListedContainer), SAME_CLOCK)
    assert seen is not None
    assert (seen.name, seen.state, seen.health, seen.exit_code) == ("x", expected, health, code)


def test_ports_that_are_not_published_are_left_out() -> None:
    ports: list[JsonObject] = [
        {"PrivatePort": 443, "Type": "tcp"},
        {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
    ]
    said = {"Id": "1", "Names": ["/x"], "Labels": LABELS, "State": "running", "Ports": ports}
    seen = read_listed(convert(said, ListedContainer), SAME_CLOCK)
    assert seen is not None
    assert seen.ports == (PublishedPort(80, "tcp", "0.0.0.0", 8080), PublishedPort(80, "tcp", "::", 8080))


@pytest.mark.parametrize("labels", [None, {}, {"a": "b"}, {**LABELS, "dev.previewer.role": "emperor"}])
def test_a_container_that_is_not_ours_is_left_out(labels: dict[str, str] | None) -> None:
    said = {"Id": "1", "Names": ["/x"], "Labels": labels, "State": "running"}
    assert read_listed(convert(said, ListedContainer), SAME_CLOCK) is None


def test_an_inspected_container() -> None:
    said = {
        "State": {
            "Status": "exited",
            "ExitCode": 137,
            "OOMKilled": True,
            "Error": "",
            "Health": {"Status": "unhealthy", "Log": [{"ExitCode": 1, "Output": "no\n"}]},
        },
        "Config": {"Tty": True, "Labels": None},
    }
    seen = read_inspected(convert(said, Container))
    found = seen.detail
    assert (found.state, found.exit_code, found.out_of_memory) == (ContainerState.EXITED, 137, True)
    assert (found.health, found.health_log) == (Health.NONE, ("1: no",))
    assert (seen.has_terminal, seen.labels) == (True, {})


@pytest.mark.parametrize(
    ("said", "action"),
    [
        ('{"Action":"health_status: healthy","Actor":{"Attributes":{"name":"x"}},"timeNano":1}', "health_status"),
        ('{"Action":"die","Actor":{"Attributes":{"name":"x"}},"timeNano":1}', "die"),
        ('{"Action":"exec_create: sh -c true","Actor":{"Attributes":{"name":"x"}},"timeNano":1}', None),
        ('{"Action":"remove","Actor":{"Attributes":{"name":"x"}},"timeNano":1}', "destroy"),
        ("{}", None),
    ],
)
def test_an_event(said: str, action: str | None) -> None:
    event = read_event(json.decode(said, type=Event))
    assert (event.action if event else None) == action
