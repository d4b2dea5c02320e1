from __future__ import annotations

from msgspec.structs import replace

from previewer.domain.deploy.plan import StopContainer
from previewer.domain.engine.observation import ContainerState, Health, Observation
from previewer.domain.environment.ending import plan_sleep, plan_wake
from previewer.domain.environment.environment import Environment, State, list_environments
from previewer.domain.record.notes import EnvironmentNotes
from tests.domain.values import NOW, make_container, make_definition

DEFINITION = make_definition(
    {
        "web": {"image": "x", "depends_on": {"api": {"condition": "service_healthy"}}},
        "api": {
            "image": "x",
            "healthcheck": {"test": ["CMD", "true"]},
            "depends_on": {
                "migrate": {"condition": "service_completed_successfully"},
                "db": {"condition": "service_started"},
            },
        },
        "migrate": {"image": "x"},
        "db": {"image": "x"},
    }
)
RUNNING = Observation(
    containers=(
        make_container("web"),
        make_container("api", health=Health.HEALTHY),
        make_container("db"),
        make_container("migrate", state=ContainerState.EXITED, exit_code=0),
    )
)


def environment(observed: Observation = RUNNING, notes: EnvironmentNotes | None = None) -> Environment:
    return list_environments(observed, {"shop-main": notes} if notes else {})[0]


def asleep() -> Environment:
    """As the engine has it after everything was stopped; the database ended by itself."""
    codes = {"web": 137, "api": 137, "db": 0, "migrate": 0}
    stopped = tuple(step.action.name for step in plan_sleep(environment()))
    observed = Observation(
        containers=tuple(
            replace(c, state=ContainerState.EXITED, health=Health.NONE, exit_code=codes[c.service])
            for c in RUNNING.containers
        )
    )
    return environment(observed, EnvironmentNotes(1, asleep_since=NOW, stopped=stopped))


def test_what_runs_is_stopped() -> None:
    names = [step.action.name.removeprefix("shop-main-g1-") for step in plan_sleep(environment())]
    assert names == ["api-1", "db-1", "web-1"]
    assert list(plan_sleep(asleep())) == []


def test_what_sleeps_does_not_count_as_failed() -> None:
    found = asleep()
    assert found.state is State.ASLEEP
    assert {service.name: service.state for service in found.services} == {
        "web": State.STOPPED,
        "api": State.STOPPED,
        "db": State.STOPPED,
        "migrate": State.DONE,
    }


def test_it_wakes_in_order_and_runs_no_job_again() -> None:
    plan = plan_wake(DEFINITION, asleep())
    assert [line.split("  because")[0].replace("shop-main-g1-", "").split() for line in plan.lines()] == [
        ["start", "container", "db-1"],
        ["await", "start", "of", "db-1"],
        ["start", "container", "api-1"],
        ["await", "health", "of", "api-1"],
        ["start", "container", "web-1"],
        ["await", "start", "of", "web-1"],
    ]
    needs = {step.id.replace("shop-main-g1-", ""): step.needs for step in plan}
    assert {need.replace("shop-main-g1-", "") for need in needs["start container web-1"]} == {
        "start container api-1",
        "await health of api-1",
    }


def test_what_a_killed_command_may_be_stopping_is_stopped_before_it_is_started() -> None:
    sleeping = asleep()
    containers = tuple(
        replace(c, state=ContainerState.RUNNING, exit_code=None) if c.service == "db" else c
        for service in sleeping.services
        for c in service.containers
    )
    half = environment(Observation(containers=containers), sleeping.notes)
    assert half.state is not State.ASLEEP
    plan = plan_wake(DEFINITION, half)
    assert [step.action.name for step in plan if isinstance(step.action, StopContainer)] == ["shop-main-g1-db-1"]
    (start,) = (step for step in plan if step.id == "start container shop-main-g1-db-1")
    assert "stop container shop-main-g1-db-1" in start.needs
