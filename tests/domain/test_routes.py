"""Which URL is the main one, for containers (variables), for engines (labels) and for people."""

from __future__ import annotations

import pytest

from previewer.domain import labels
from previewer.domain.definition import Definition
from previewer.domain.host_ports import PortKey
from previewer.domain.json_value import JsonValue, as_object
from previewer.domain.plan import CreateContainer
from previewer.domain.reconcile import plan_generation
from previewer.domain.routes import Route, routes_of, url_of
from previewer.domain.specification import ContainerSpec
from tests.domain.values import make_definition, make_target

SERVICES: dict[str, JsonValue] = {
    "api": {"image": "a", "ports": [{"target": 8000}, {"target": 53, "protocol": "udp"}, {"target": 9090}]},
    "web": {"image": "w", "ports": [{"target": 80}]},
}
PORTS = {
    PortKey("api", 1, 8000, "tcp"): 20001,
    PortKey("api", 1, 53, "udp"): 20002,
    PortKey("api", 1, 9090, "tcp"): 20003,
    PortKey("web", 1, 80, "tcp"): 20004,
}
ROUTES: JsonValue = {
    "routes": [
        {"service": "api", "port": 9090, "name": "metrics"},
        {"service": "web", "port": 80},
        {"service": "gone", "port": 80},
    ]
}


def specs(definition: Definition) -> dict[str, ContainerSpec]:
    plan = plan_generation(make_target(definition, ports=PORTS))
    return {s.action.spec.service: s.action.spec for s in plan if isinstance(s.action, CreateContainer)}


def urls_in(definition: Definition) -> dict[str, JsonValue]:
    environment = as_object(specs(definition)["web"].compose["environment"])
    return {
        key.removeprefix("PREVIEWER_URL"): value
        for key, value in environment.items()
        if key.startswith("PREVIEWER_URL")
    }


def test_without_routes_every_published_port_has_one_the_front_end_first() -> None:
    definition = make_definition(SERVICES)
    assert routes_of(definition) == (Route("web", 80), Route("api", 8000), Route("api", 9090))
    assert urls_in(definition) == {
        "": "http://127.0.0.1:20004",
        "_API": "http://127.0.0.1:20001",
        "_API_8000": "http://127.0.0.1:20001",
        "_API_9090": "http://127.0.0.1:20003",
        "_WEB": "http://127.0.0.1:20004",
        "_WEB_80": "http://127.0.0.1:20004",
    }


def test_routes_decide() -> None:
    definition = make_definition(SERVICES, **{"x-previewer": ROUTES})
    assert routes_of(definition) == (Route("api", 9090, "metrics"), Route("web", 80))
    urls = urls_in(definition)
    assert urls[""] == urls["_API"] == urls["_METRICS"] == "http://127.0.0.1:20003"
    assert urls["_API_8000"] == "http://127.0.0.1:20001"
    assert {name: spec.labels[labels.ROUTES] for name, spec in specs(definition).items()} == {
        "api": "0:9090",
        "web": "1:80",
    }


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("10.0.0.5", "http://10.0.0.5:80"),
    ],
)
def test_a_url_can_be_opened(address: str, url: str) -> None:
    assert url_of(address, 80) == url
