"""Which URL is the main one, for containers (variables), for engines (labels) and for people."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from previewer.domain import labels
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.routes import Route, is_web_page, reachable_address, routes_of, url_of
from previewer.domain.deploy.plan import CreateContainer
from previewer.domain.deploy.reconcile import plan_generation
from previewer.domain.engine.specs import ContainerSpec
from previewer.domain.environment.host_ports import PortKey
from previewer.domain.json_value import JsonObject, JsonValue, as_object, canonical_json
from previewer.domain.release.release import FrozenDefinition, Release, manifest_of, read_manifest
from tests.domain.values import NOW, make_definition, make_target

SERVICES: dict[str, JsonValue] = {
    "api": {"image": "a", "ports": [{"target": 8000}, {"target": 53, "protocol": "udp"}, {"target": 9090}]},
    "web": {"image": "w", "ports": [{"target": 80}], "depends_on": {"api": {"condition": "service_started"}}},
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
    ("address", "target", "url"),
    [
        ("", 80, "http://127.0.0.1:20000"),
        ("0.0.0.0", 3000, "http://127.0.0.1:20000"),
        ("::1", 80, "http://[::1]:20000"),
        ("10.0.0.5", 443, "https://10.0.0.5:20000"),
        ("127.0.0.1", 5432, "tcp://127.0.0.1:20000"),
        ("127.0.0.1", 6379, "tcp://127.0.0.1:20000"),
    ],
)
def test_a_url_says_how_it_is_opened(address: str, target: int, url: str) -> None:
    assert url_of(address, 20000, target=target) == url
    assert is_web_page(url) is not url.startswith("tcp")


@pytest.mark.parametrize(
    ("published", "engine", "address"),
    [
        ("0.0.0.0", None, "127.0.0.1"),
        ("127.80.0.1", None, "127.80.0.1"),
        ("0.0.0.0", "build.example", "build.example"),
        ("", "build.example", "build.example"),
        ("127.0.0.1", "build.example", None),
        ("::1", "build.example", None),
        ("10.0.0.5", "build.example", "10.0.0.5"),
    ],
)
def test_where_a_published_port_is_reached(published: str, engine: str | None, address: str | None) -> None:
    assert reachable_address(published, engine) == address


def service(port: int, *needs: str) -> JsonObject:
    depends_on: JsonObject = {name: {"condition": "service_started", "required": True} for name in needs}
    return {"image": "x", "ports": [{"target": port}], "depends_on": depends_on}


@pytest.mark.parametrize(
    ("services", "main"),
    [
        ({"redis": service(6379), "vote": service(80, "redis")}, "vote"),
        ({"redis": service(6379), "vote": service(80)}, "vote"),
        ({"api": service(8000), "front": service(3000, "api")}, "front"),
        ({"a": service(8000), "b": service(3000, "a"), "c": service(80, "b")}, "c"),
        ({"b": service(8000), "a": service(3000)}, "b"),
        ({"web": service(80, "db"), "db": service(5432), "admin": service(8080, "db")}, "web"),
        ({"db": service(5432), "cache": service(6379)}, "db"),
    ],
)
def test_the_main_url_is_a_web_page_that_nothing_depends_on(services: JsonObject, main: str) -> None:
    definition = replace(make_definition(services), order=tuple(services))
    assert routes_of(definition)[0].service == main


def test_a_release_remembers_the_order_of_the_file() -> None:
    definition = replace(make_definition({"b": service(8000), "a": service(3000)}), order=("b", "a"))
    frozen = FrozenDefinition(definition, {})
    release = Release("shop", "c" * 40, "d" * 40, NOW, {"preview": frozen})
    kept = read_manifest(canonical_json(manifest_of(release)))
    assert kept.definitions["preview"].definition.order == ("b", "a")
    assert kept.id == release.id
