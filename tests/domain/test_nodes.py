"""Where ports are on an engine that is several machines, and what services are told of that."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from previewer.domain.compose.service import read_service
from previewer.domain.deploy.target import container_spec, run_variables
from previewer.domain.engine.nodes import NODE_ADDRESS, EngineNodes
from previewer.domain.environment.host_ports import PortKey
from previewer.domain.json_value import JsonObject, JsonValue, as_object
from previewer.errors import DefinitionError
from tests.domain.values import make_definition, make_target

NODES = EngineNodes({"n1": "192.0.2.1", "n2": "192.0.2.2", "first": "192.0.2.1"}, home="192.0.2.1")


@pytest.mark.parametrize(
    ("compose", "address"),
    [
        ({}, ""),
        ({"volumes": [{"type": "volume", "source": "data", "target": "/d"}]}, NODES.home),
        ({"volumes": [{"type": "bind", "source": "/srv", "target": "/d"}]}, NODES.home),
        ({"volumes": [{"type": "volume", "target": "/d"}]}, ""),
        ({"volumes": [{"type": "tmpfs", "target": "/d"}]}, ""),
        ({"deploy": {"placement": {"constraints": ["node.role == worker"]}}}, ""),
        ({"deploy": {"placement": {"constraints": ["node.hostname == first"]}}}, "192.0.2.1"),
        ({"deploy": {"placement": {"constraints": ["node.role == worker", "node.id==n2"]}}}, "192.0.2.2"),
        ({"deploy": {"placement": {"constraints": ["node.id == gone"]}}}, ""),
        ({"deploy": {"placement": {"constraints": ["node.hostname != first"]}}}, ""),
    ],
)
def test_an_address_is_known_where_only_one_node_may_run_it(compose: JsonObject, address: str) -> None:
    assert NODES.address_for(read_service("web", compose)) == address


def test_the_only_node_runs_everything() -> None:
    assert (
        EngineNodes({"n1": "192.0.2.1", "first": "192.0.2.1"}, home="192.0.2.1").address_for(
            read_service("web", {})
        )
        == "192.0.2.1"
    )


@pytest.mark.parametrize(("key", "is_refused"), [("command", True), ("labels", True), ("environment", False)])
def test_only_variables_can_name_a_node_that_is_not_chosen_yet(key: str, is_refused: bool) -> None:
    mark = "${PREVIEWER_URL@run}"
    value: JsonValue = ["serve", mark] if key == "command" else {"ROOT": mark}
    port: JsonObject = {"target": 80, "protocol": "tcp", "host_ip": "0.0.0.0"}
    definition = make_definition({"web": {"ports": [port], key: value}})
    ports = {PortKey("web", 1, 80, "tcp"): 8080}
    target = replace(make_target(definition, ports=ports), nodes=NODES)
    if is_refused:
        with pytest.raises(DefinitionError, match="before the scheduler has chosen its node"):
            container_spec(target, definition.services["web"], 1)
    else:
        compose = container_spec(target, definition.services["web"], 1).compose
        assert as_object(compose["environment"])["ROOT"] == f"http://{NODE_ADDRESS}:8080"


@pytest.mark.parametrize(
    ("reader", "reached_as", "main", "stored"),
    [
        ("web", "", f"http://{NODE_ADDRESS}:8080", "http://192.0.2.1:8081"),
        ("db", "", None, "http://192.0.2.1:8081"),
        ("", "", None, "http://192.0.2.1:8081"),
        ("db", "shop.example", "http://shop.example:8080", "http://shop.example:8081"),
    ],
)
def test_services_are_told_only_addresses_that_are_true(
    reader: str, reached_as: str, main: str | None, stored: str
) -> None:
    port = {"protocol": "tcp", "host_ip": "0.0.0.0"}
    definition = make_definition(
        {
            "web": {"ports": [{**port, "target": 80}], "depends_on": {"db": {"condition": "service_started"}}},
            "db": {
                "ports": [{**port, "target": 81}],
                "volumes": [{"type": "volume", "source": "data", "target": "/d"}],
            },
        }
    )
    ports = {PortKey("web", 1, 80, "tcp"): 8080, PortKey("db", 1, 81, "tcp"): 8081}
    target = replace(make_target(definition, ports=ports), nodes=NODES, reached_as=reached_as)
    told = run_variables(target, reader)
    assert told.get("PREVIEWER_URL") == main
    assert (told.get("PREVIEWER_URL_WEB"), told.get("PREVIEWER_URL_DB")) == (main, stored)
