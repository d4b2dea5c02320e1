"""What every engine promises of a container's life: start, health, end, restart."""

from __future__ import annotations

import pytest

from previewer.domain.engine.observation import ContainerState, Health
from previewer.engine.protocol import RESTARTS
from previewer.errors import EngineError, ObjectNotFoundError
from tests.engine.cast import SICK_OUTPUT
from tests.eventually import eventually
from tests.worlds.engine import ContractFixture


@pytest.mark.parametrize("grace", [0, 1, None])
def test_a_stopped_container_stays_and_can_be_started_again(bench: ContractFixture, grace: int | None) -> None:
    name = bench.run()
    bench.engine.stop_container(name, grace=grace)
    bench.engine.stop_container(name, grace=grace)
    assert bench.find(name).state is ContainerState.EXITED
    bench.engine.start_container(name)
    assert bench.find(name).state is ContainerState.RUNNING
    with pytest.raises(ObjectNotFoundError):
        bench.engine.stop_container("missing", grace=grace)


@pytest.mark.parametrize("policy", ["always", "on-failure:3", "no"])
def test_what_is_stopped_has_no_restart_policy_until_it_is_started_again(
    bench: ContractFixture, policy: str
) -> None:
    bench.needs(RESTARTS)
    name = bench.run(restart=policy)
    assert bench.engine.inspect_container(name).restart_policy == policy
    bench.engine.stop_container(name, grace=0)
    assert bench.engine.inspect_container(name).restart_policy == "no"
    bench.engine.start_container(name, again=True)
    assert bench.engine.inspect_container(name).restart_policy == policy
    assert bench.find(name).state is ContainerState.RUNNING


def test_a_started_container_runs_and_starting_twice_is_fine(bench: ContractFixture) -> None:
    name = bench.run()
    bench.engine.start_container(name)
    assert bench.find(name).state is ContainerState.RUNNING
    assert bench.engine.inspect_container(name).state is ContainerState.RUNNING


@pytest.mark.parametrize(("service", "verdict"), [("healthy", Health.HEALTHY), ("sick", Health.UNHEALTHY)])
def test_health_is_seen_in_both_ways(bench: ContractFixture, service: str, verdict: Health) -> None:
    name = bench.run(service)
    eventually(lambda: bench.engine.inspect_container(name).health is verdict, what=f"{name} is {verdict}")
    assert bench.find(name).health is verdict
    assert bench.engine.inspect_container(name).health_log != ()


def test_a_container_without_a_check_has_no_health(bench: ContractFixture) -> None:
    assert bench.engine.inspect_container(bench.run()).health is Health.NONE


@pytest.mark.parametrize(("service", "code"), [("job", 0), ("failing", 3)])
def test_the_exit_code_is_seen_in_both_ways(bench: ContractFixture, service: str, code: int) -> None:
    name = bench.run(service)
    bench.await_end(name)
    seen = bench.find(name)
    assert (seen.state, seen.exit_code) == (ContainerState.EXITED, code)
    assert bench.engine.inspect_container(name).exit_code == code


def test_an_ended_container_starts_again(bench: ContractFixture) -> None:
    name = bench.run("failing")
    bench.await_end(name)
    bench.engine.start_container(name)
    bench.await_end(name)
    assert bench.engine.inspect_container(name).exit_code == 3


def test_a_program_that_is_not_there_fails_the_start(bench: ContractFixture) -> None:
    name = bench.make("broken")
    with pytest.raises(EngineError, match=r"(?i)no such|not in the image"):
        bench.engine.start_container(name)
    assert bench.find(name).state is ContainerState.CREATED


def test_the_checks_output_is_kept(bench: ContractFixture) -> None:
    if bench.engine.capabilities.name.startswith("Memory"):
        pytest.skip("the memory engine runs no checks")
    name = bench.run("sick")
    eventually(lambda: bench.engine.inspect_container(name).health is Health.UNHEALTHY, what="it is unhealthy")
    assert bench.engine.inspect_container(name).health_log[0] == f"1: {SICK_OUTPUT}"
