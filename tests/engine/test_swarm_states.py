"""What services and their tasks mean, as tables: nothing here asks an engine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from msgspec import convert
from msgspec.structs import replace

from previewer.docker_api.engine_clock import EngineClock
from previewer.docker_api.swarm.cluster import Node, NodeResources
from previewer.docker_api.swarm.services import Service
from previewer.docker_api.swarm.tasks import Task, TaskSpec
from previewer.domain.engine.observation import ContainerState, Health, PublishedPort
from previewer.domain.json_value import JsonObject
from previewer.domain.labels import ownership_labels
from previewer.engine.swarm.states import (
    Standing,
    detail,
    held_ports,
    is_refused,
    map_nodes,
    may_find_place,
    needs_what_passes,
    observed,
    placement_error,
    standing,
    start_error,
    unreserved,
)
from previewer.errors import ImageGoneError, PortTakenError
from tests.domain.values import make_ownership

FIRST, SECOND, AWAY = "n1", "n2", "n3"
UNHEALTHY = "task: non-zero exit (137): dockerexec: unhealthy container"
NO_PROGRAM = 'starting container failed: exec: "/no/such/program": not found'
NO_PORT = "no suitable node (host-mode port already in use on 2 nodes; 1 node not available for new tasks)"
NO_MEMORY = "no suitable node (insufficient resources on 3 nodes)"
RESERVED: JsonObject = {"Resources": {"Reservations": {"MemoryBytes": 4_000}}}
NO_FIT = "no suitable node (scheduling constraints not satisfied on 3 nodes)"
NONE_READY = "no suitable node (3 nodes not available for new tasks)"


class SameClock(EngineClock):
    """An engine's that shows the same time as ours."""

    def __init__(self) -> None:
        """It asks no engine."""

    def ours(self, timestamp: datetime) -> datetime:
        """The same."""
        return timestamp


def node(name: str, state: str = "ready", address: str = "", host: str = "", manager: str = "") -> Node:
    number = name.removeprefix("n")
    said: JsonObject = {
        "ID": name,
        "Description": {"Hostname": host or f"host-{number}"},
        "Status": {"State": state, "Addr": address or f"192.0.2.{number}"},
        **({"ManagerStatus": {"Addr": manager}} if manager else {}),
    }
    return convert(said, Node)


NODES = map_nodes((node(FIRST), node(SECOND), node(AWAY, "down")))


def service(replicas: int = 1, *, has_check: bool = False, was_scaled: bool = True, **template: Any) -> Service:
    check = {"Healthcheck": {"Test": ["CMD", "true"]}} if has_check else {}
    said: JsonObject = {
        "ID": "s1",
        "Spec": {
            "Name": "shop-main-g1-web-1",
            "TaskTemplate": {"ContainerSpec": check, **template},
            "Mode": {"Replicated": {"Replicas": replicas}},
        },
        **({"PreviousSpec": {}} if was_scaled else {}),
    }
    return convert(said, Service)


def task(state: str, *, desired: str = "running", on: str = FIRST, error: str = "", code: int = 0) -> Task:
    said: JsonObject = {
        "ID": f"t-{state}-{on}",
        "NodeID": on,
        "DesiredState": desired,
        "Status": {
            "State": state,
            "Err": error,
            "ContainerStatus": {"ContainerID": "c1", "ExitCode": code},
            "PortStatus": {"Ports": [{"TargetPort": 80, "PublishedPort": 8080}] * 2},
        },
    }
    return convert(said, Task)


RUNNING, CREATED, EXITED = ContainerState.RUNNING, ContainerState.CREATED, ContainerState.EXITED
STATES: list[tuple[str, Service, list[Task], tuple[ContainerState, Health, int | None, int]]] = [
    ("never started", service(0, was_scaled=False), [], (CREATED, Health.NONE, None, 0)),
    ("stopped", service(0), [], (EXITED, Health.NONE, None, 0)),
    (
        "its task still ends",
        service(0),
        [task("running", desired="shutdown")],
        (RUNNING, Health.NONE, None, 0),
    ),
    (
        "stopped, its node is away",
        service(0),
        [task("running", desired="shutdown", on=AWAY)],
        (EXITED, Health.NONE, None, 0),
    ),
    ("no task yet", service(), [], (CREATED, Health.NONE, None, 0)),
    ("no node yet", service(), [task("pending", on="")], (CREATED, Health.NONE, None, 0)),
    ("its image is pulled", service(), [task("preparing")], (CREATED, Health.NONE, None, 0)),
    ("starts, without a check", service(), [task("starting")], (CREATED, Health.NONE, None, 0)),
    ("runs, without a check", service(), [task("running")], (RUNNING, Health.NONE, None, 0)),
    ("its check has not passed", service(has_check=True), [task("starting")], (RUNNING, Health.STARTING, None, 0)),
    ("its check passed", service(has_check=True), [task("running")], (RUNNING, Health.HEALTHY, None, 0)),
    (
        "its check is off",
        service(ContainerSpec={"Healthcheck": {"Test": ["NONE"]}}),
        [task("running")],
        (RUNNING, Health.NONE, None, 0),
    ),
    ("ended well", service(), [task("complete", desired="shutdown")], (EXITED, Health.NONE, 0, 0)),
    ("ended", service(), [task("failed", desired="shutdown", code=3)], (EXITED, Health.NONE, 3, 0)),
    (
        "Swarm ended what was unhealthy",
        service(has_check=True),
        [task("failed", desired="shutdown", error=UNHEALTHY, code=137)],
        (RUNNING, Health.UNHEALTHY, None, 0),
    ),
    (
        "its program is not there",
        service(),
        [task("failed", desired="shutdown", error=NO_PROGRAM)],
        (CREATED, Health.NONE, None, 0),
    ),
    (
        "its image is not there",
        service(),
        [task("rejected", error="No such image")],
        (CREATED, Health.NONE, None, 0),
    ),
    (
        "waits for its next start",
        service(),
        [task("failed", desired="shutdown", code=3), task("ready", desired="running")],
        (ContainerState.RESTARTING, Health.NONE, 3, 1),
    ),
    (
        "runs again",
        service(),
        [task("failed", desired="shutdown", code=3), task("running")],
        (RUNNING, Health.NONE, None, 1),
    ),
    ("its node is away", service(), [task("running", on=AWAY)], (ContainerState.DEAD, Health.NONE, None, 0)),
    (
        "runs elsewhere, its former node is away",
        service(),
        [task("running", desired="shutdown", on=AWAY), task("running", on=SECOND)],
        (RUNNING, Health.NONE, None, 0),
    ),
    (
        "its node forgot it",
        service(),
        [task("orphaned", desired="shutdown")],
        (ContainerState.DEAD, Health.NONE, None, 0),
    ),
]


@pytest.mark.parametrize(
    ("found", "tasks", "expected"), [row[1:] for row in STATES], ids=[row[0] for row in STATES]
)
def test_states(
    found: Service, tasks: list[Task], expected: tuple[ContainerState, Health, int | None, int]
) -> None:
    now = standing(found, tasks, NODES)
    assert (now.state, now.health, now.exit_code, now.restarts) == expected


def test_the_node_is_named_where_it_is_the_reason() -> None:
    assert standing(service(), [task("running", on=AWAY)], NODES).error == "its node host-3 does not answer"
    failed = task("failed", desired="shutdown", error=NO_PROGRAM, on=SECOND)
    assert standing(service(), [failed], NODES).error == f"on node host-2: {NO_PROGRAM}"


def test_ports_are_told_once_and_at_the_node_that_runs_the_task() -> None:
    running = standing(service(), [task("running", on=SECOND)], NODES)
    assert held_ports(running, NODES) == (PublishedPort(80, "tcp", "192.0.2.2", 8080),)
    assert held_ports(standing(service(), [task("failed", desired="shutdown")], NODES), NODES) == ()


@pytest.mark.parametrize(
    ("restart", "replicas", "policy"),
    [
        ({"Condition": "any"}, 1, "always"),
        ({"Condition": "none"}, 1, "no"),
        ({"Condition": "on-failure", "MaxAttempts": 3}, 1, "on-failure:3"),
        ({"Condition": "on-failure"}, 1, "on-failure"),
        ({"Condition": "any"}, 0, "no"),
    ],
)
def test_what_is_stopped_has_no_restart_policy(restart: JsonObject, replicas: int, policy: str) -> None:
    limits = {"Limits": {"MemoryBytes": 4096, "Pids": 9}}
    seen = detail(service(replicas, RestartPolicy=restart, Resources=limits), Standing(RUNNING), NODES)
    assert (seen.restart_policy, seen.memory, seen.pids) == (policy, 4096, 9)


@pytest.mark.parametrize(
    ("one", "address"),
    [
        (node(FIRST), "192.0.2.1"),
        (node(FIRST, address="0.0.0.0", manager="192.0.2.9:2377"), "192.0.2.9"),
        (node(FIRST, address="0.0.0.0", manager="[2001:db8::1]:2377"), "2001:db8::1"),
        (node(FIRST, address="0.0.0.0"), "0.0.0.0"),
    ],
)
def test_a_manager_that_says_every_address_is_reached_as_other_managers_reach_it(one: Node, address: str) -> None:
    assert map_nodes((one,)).addresses == {FIRST: address}


def test_a_host_name_that_two_nodes_have_names_none_of_them() -> None:
    twins = map_nodes((node(FIRST, host="twin"), node(SECOND, host="twin"), node(AWAY, "down", host="other")))
    assert twins.names == {FIRST: "twin/n1", SECOND: "twin/n2", AWAY: "other"}
    reached = twins.reached_from(SECOND)
    assert reached.home == "192.0.2.2"
    assert reached.addresses.get("other") == "192.0.2.3"
    assert "twin" not in reached.addresses


def test_nodes_that_are_away_and_may_still_run_it_are_named() -> None:
    ours = replace(service(), spec=replace(service().spec, labels=ownership_labels(make_ownership())))
    tasks = [task("running", desired="shutdown", on=AWAY), task("running", on=SECOND)]
    seen = observed(ours, tasks, NODES, {}, SameClock())
    assert seen is not None
    assert (seen.node, seen.left_on) == ("host-2", ("host-3",))


def test_memory_that_no_task_has_reserved_is_free() -> None:
    def reserving(state: str, on: str) -> Task:
        return replace(task(state, on=on), spec=convert(RESERVED, TaskSpec))

    has = convert({"MemoryBytes": 10_000}, NodeResources)
    nodes = [
        replace(one, description=replace(one.description, resources=has)) for one in (node(FIRST), node(SECOND))
    ]
    tasks = [reserving("running", FIRST), reserving("preparing", FIRST), reserving("failed", SECOND), GOES_ON]
    assert unreserved(nodes, tasks) == (2_000, 10_000)


def pending(error: str) -> Task:
    return task("pending", on="", error=error)


@pytest.mark.parametrize(("error", "is_no"), [("", False), (NO_PORT, True), (NO_FIT, True)])
def test_a_task_is_refused_by_the_scheduler_s_word(error: str, is_no: bool) -> None:
    assert is_refused(pending(error)) is is_no


LEAVING, GOES_ON = task("running", desired="shutdown"), task("running")
GONE, LOST = task("shutdown", desired="shutdown"), task("running", desired="shutdown", on=AWAY)
UNDECIDED = map_nodes((node(FIRST), node(SECOND, "unknown"), node(AWAY, "down")))


@pytest.mark.parametrize(
    ("error", "others", "is_undecided", "may"),
    [
        (NO_PORT, [LEAVING], False, True),
        (NO_MEMORY, [GOES_ON, LEAVING], False, True),
        (NO_MEMORY, [GOES_ON], False, False),
        (NO_PORT, [GONE], False, False),
        (NO_PORT, [LOST], False, False),
        (NO_FIT, [LEAVING], False, False),
        (NONE_READY, [], True, True),
        (NONE_READY, [], False, False),
        (NO_FIT, [], True, False),
    ],
)
def test_what_is_refused_waits_only_for_what_is_under_way(
    error: str, others: list[Task], is_undecided: bool, may: bool
) -> None:
    nodes = UNDECIDED if is_undecided else NODES
    assert may_find_place(pending(error), [pending(error), *others], nodes) is may


@pytest.mark.parametrize(
    ("error", "passes", "kind", "hint"),
    [
        (NO_PORT, True, PortTakenError, "another service has that port"),
        (NO_MEMORY, True, None, "deploy.resources.reservations"),
        (NO_FIT, False, None, "deploy.placement.constraints"),
        (NONE_READY, False, None, "docker node ls"),
    ],
)
def test_a_refusal_is_told_in_the_scheduler_s_words_with_a_hint(
    error: str, passes: bool, kind: type[Exception] | None, hint: str
) -> None:
    assert needs_what_passes(pending(error)) is passes
    told = placement_error("shop-main-g1-web-1", error)
    assert isinstance(told, PortTakenError) is (kind is PortTakenError)
    assert error in told.message
    assert hint in (told.hint or "")


def test_a_node_that_cannot_pull_is_named() -> None:
    missing = task("rejected", error="No such image: registry.example/shop@sha256:1", on=SECOND)
    now = standing(service(), [missing], NODES)
    told = start_error("shop-main-g1-web-1", now, "host-2")
    assert not isinstance(told, ImageGoneError)
    assert "node host-2 cannot pull it" in (told.hint or "")
