from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from previewer.domain.commit.revision import Branch, BranchView, Commit
from previewer.domain.compose.service import Condition
from previewer.domain.engine.observation import ContainerState, Health, Observation, PublishedPort
from previewer.domain.engine.readiness import Verdict, judge
from previewer.domain.environment.ending import Ends, find_ended
from previewer.domain.environment.environment import State, container_state, list_environments, overview, worst
from previewer.domain.environment.urls import reason_for_no_url, remedy_for_no_url
from previewer.domain.labels import RankedPort, ownership_labels, read_ownership
from previewer.domain.record.notes import EnvironmentNotes
from tests.domain.values import NOW, make_container, make_observation, make_ownership


@pytest.mark.parametrize(
    ("state", "health", "exit_code", "expected"),
    [
        (ContainerState.RUNNING, Health.NONE, None, State.RUNNING),
        (ContainerState.RUNNING, Health.HEALTHY, None, State.HEALTHY),
        (ContainerState.RUNNING, Health.STARTING, None, State.STARTING),
        (ContainerState.RUNNING, Health.UNHEALTHY, None, State.UNHEALTHY),
        (ContainerState.EXITED, Health.NONE, 0, State.DONE),
        (ContainerState.EXITED, Health.NONE, 137, State.FAILED),
        (ContainerState.DEAD, Health.NONE, None, State.FAILED),
        (ContainerState.RESTARTING, Health.NONE, 1, State.UNHEALTHY),
        (ContainerState.CREATED, Health.NONE, None, State.STARTING),
        (ContainerState.PAUSED, Health.NONE, None, State.STOPPED),
        (ContainerState.REMOVING, Health.NONE, None, State.STOPPED),
    ],
)
def test_what_a_container_means(
    state: ContainerState, health: Health, exit_code: int | None, expected: State
) -> None:
    assert container_state(make_container("w", state=state, health=health, exit_code=exit_code)) is expected


def test_an_environment_is_as_well_as_its_worst_service() -> None:
    job = make_container("job", state=ContainerState.EXITED, exit_code=0)
    web = make_container("web", health=Health.HEALTHY)
    (environment,) = list_environments(Observation(containers=(job, web)))
    assert environment.state is State.HEALTHY
    assert [service.name for service in environment.services] == ["job", "web"]


def test_remains_without_containers_are_a_failed_environment() -> None:
    (environment,) = list_environments(make_observation())
    assert environment.state is State.FAILED
    assert environment.services == ()


def test_the_newest_generation_counts() -> None:
    old = make_observation("web")
    new = make_observation("api", owner=make_ownership(generation=2))
    (environment,) = list_environments(Observation(containers=(*old.containers, *new.containers)))
    assert environment.ownership.generation == 2
    assert [service.name for service in environment.services] == ["api"]


REHEARSED = (PublishedPort(80, "tcp", "127.80.0.1", 20080),)
TAKEN_OVER = (PublishedPort(80, "tcp", "127.0.0.1", 20080),)


@pytest.mark.parametrize(
    ("old", "new_ports", "notes", "live"),
    [
        pytest.param(ContainerState.RUNNING, REHEARSED, EnvironmentNotes(1), 1, id="it is rehearsed"),
        pytest.param(ContainerState.RUNNING, TAKEN_OVER, EnvironmentNotes(1), 1, id="both serve"),
        pytest.param(ContainerState.PAUSED, REHEARSED, EnvironmentNotes(1), 1, id="the old one ails"),
        pytest.param(ContainerState.EXITED, TAKEN_OVER, EnvironmentNotes(1), 2, id="it has taken over"),
        pytest.param(ContainerState.EXITED, TAKEN_OVER, EnvironmentNotes(2, kept=(1,)), 2, id="it is noted"),
        pytest.param(ContainerState.RUNNING, REHEARSED, None, 2, id="nothing is noted"),
        pytest.param(ContainerState.RUNNING, TAKEN_OVER, EnvironmentNotes(7), 2, id="the noted one is gone"),
    ],
)
def test_the_noted_generation_is_the_live_one_until_another_has_its_place(
    old: ContainerState, new_ports: tuple[PublishedPort, ...], notes: EnvironmentNotes | None, live: int
) -> None:
    exit_code = 137 if old is ContainerState.EXITED else None
    before = make_container("web", state=old, exit_code=exit_code)
    after = make_container("web", owner=make_ownership(generation=2), ports=new_ports)
    found = list_environments(Observation(containers=(before, after)), {"shop-main": notes} if notes else None)
    assert [environment.ownership.generation for environment in found] == [live]


@given(st.lists(st.sampled_from(State), min_size=1))
def test_worst_is_one_of_them(states: list[State]) -> None:
    assert worst(states) in states


def test_urls_name_an_address_that_can_be_opened() -> None:
    ports = (
        PublishedPort(80, "tcp", "0.0.0.0", 20080),
        PublishedPort(80, "tcp", "::", 20080),
        PublishedPort(53, "udp", "127.0.0.1", 20053),
        PublishedPort(81, "tcp", "::1", 20081),
    )
    (environment,) = list_environments(Observation(containers=(make_container("w", ports=ports),)))
    assert environment.urls == ("http://127.0.0.1:20080", "http://[::1]:20081")


def test_a_database_is_no_front_end() -> None:
    db = make_container("db", ports=(PublishedPort(5432, "tcp", "127.0.0.1", 20001),))
    web = make_container("web", ports=(PublishedPort(8000, "tcp", "127.0.0.1", 20002),))
    (environment,) = list_environments(Observation(containers=(db, web)))
    assert environment.url == "http://127.0.0.1:20002"
    assert environment.urls[1:] == ("tcp://127.0.0.1:20001",)


def test_urls_name_the_machine_of_an_engine_elsewhere_or_say_why_there_are_none() -> None:
    ports = (PublishedPort(80, "tcp", "0.0.0.0", 20080), PublishedPort(81, "tcp", "127.0.0.1", 20081))
    web = make_container("web", ports=ports)
    (reached,) = list_environments(Observation(containers=(web,), machine="build.example"))
    assert reached.urls == ("http://build.example:20080",)
    (shut,) = list_environments(Observation(containers=(replace(web, ports=ports[1:]),), machine="build.example"))
    assert shut.url is None
    assert "loopback address of build.example" in reason_for_no_url(shut)
    assert "ssh -N -L 20081:127.0.0.1:20081 build.example" in remedy_for_no_url(shut)


def test_routes_order_urls_and_leave_out_what_they_do_not_name() -> None:
    web = make_container(
        "web", ports=(PublishedPort(80, "tcp", "127.0.0.1", 20001), PublishedPort(90, "tcp", "127.0.0.1", 20002))
    )
    db = make_container("db", ports=(PublishedPort(5432, "tcp", "127.0.0.1", 20003),))
    api = make_container("api", ports=(PublishedPort(8000, "tcp", "127.0.0.1", 20004),))
    routed = (
        replace(web, routes=(RankedPort(2, 90),)),
        replace(db, routes=()),
        replace(api, routes=(RankedPort(0, 8000),)),
    )
    (environment,) = list_environments(Observation(containers=routed))
    assert environment.url == "http://127.0.0.1:20004"
    assert environment.urls == ("http://127.0.0.1:20004", "http://127.0.0.1:20002")
    by_service = {service.name: service.urls for service in environment.services}
    assert by_service["db"] == ("tcp://127.0.0.1:20003",)
    assert by_service["web"] == ("http://127.0.0.1:20002", "http://127.0.0.1:20001")


def test_the_overview_joins_by_branch_and_keeps_what_has_none() -> None:
    branches = [Branch(name, "c" * 40, NOW, "Ada", "subject") for name in ("main", "idle")]
    (mine,) = list_environments(make_observation("web"))
    tagged = replace(mine, ownership=make_ownership("shop-v1", branch=None))
    gone = replace(mine, ownership=make_ownership("shop-old", branch="deleted"))
    rows = overview(branches, [tagged, mine, gone])
    assert [(r.branch and r.branch.name, r.environment and r.environment.name) for r in rows] == [
        ("main", "shop-main"),
        ("idle", None),
        (None, "shop-old"),
        (None, "shop-v1"),
    ]
    assert rows[0].is_behind
    assert not rows[1].is_behind
    known = Commit(mine.ownership.commit, "t" * 40, NOW, "Ada", "Old")
    assert overview([], [tagged], {known.id: known})[0].commit == known


@pytest.mark.parametrize(
    ("branches", "joined"),
    [
        (["origin/main"], "origin/main"),
        (["origin/main", "main"], "main"),
        (["fork/main", "origin/main*"], "origin/main*"),
        (["fork/main", "origin/main"], "fork/main"),
        (["origin/team/main"], None),
    ],
)
def test_environments_of_remote_branches_are_joined(branches: list[str], joined: str | None) -> None:
    (mine,) = list_environments(make_observation("web"))  # of the branch main
    listed = [
        Branch(name, mine.ownership.commit if name.endswith("*") else "c" * 40, NOW, "", "", is_remote="/" in name)
        for name in branches
    ]
    listed = [replace(branch, name=branch.name.rstrip("*")) for branch in listed]
    (row,) = (row for row in overview(listed, [mine]) if row.environment is not None)
    assert (row.branch and row.branch.name) == (joined and joined.rstrip("*"))


@pytest.mark.parametrize(
    ("condition", "state", "health", "exit_code", "verdict"),
    [
        (Condition.STARTED, ContainerState.RUNNING, Health.NONE, None, Verdict.SETTLING),
        (Condition.STARTED, ContainerState.RUNNING, Health.STARTING, None, Verdict.WAITING),
        (Condition.STARTED, ContainerState.EXITED, Health.NONE, 0, Verdict.READY),
        (Condition.STARTED, ContainerState.EXITED, Health.NONE, 3, Verdict.FAILED),
        (Condition.STARTED, ContainerState.RESTARTING, Health.NONE, 1, Verdict.WAITING),
        (Condition.HEALTHY, ContainerState.RUNNING, Health.HEALTHY, None, Verdict.READY),
        (Condition.HEALTHY, ContainerState.RUNNING, Health.UNHEALTHY, None, Verdict.FAILED),
        (Condition.HEALTHY, ContainerState.RUNNING, Health.NONE, None, Verdict.FAILED),
        (Condition.HEALTHY, ContainerState.CREATED, Health.NONE, None, Verdict.WAITING),
        (Condition.COMPLETED, ContainerState.RUNNING, Health.HEALTHY, None, Verdict.WAITING),
        (Condition.COMPLETED, ContainerState.EXITED, Health.NONE, 0, Verdict.READY),
        (Condition.COMPLETED, ContainerState.EXITED, Health.NONE, 1, Verdict.FAILED),
    ],
)
def test_the_verdict_of_one_look(
    condition: Condition, state: ContainerState, health: Health, exit_code: int | None, verdict: Verdict
) -> None:
    assert judge(condition, state=state, health=health, exit_code=exit_code).verdict is verdict


def test_out_of_memory_is_said() -> None:
    found = judge(
        Condition.STARTED, state=ContainerState.EXITED, health=Health.NONE, exit_code=137, out_of_memory=True
    )
    assert "out of memory" in found.reason


@pytest.mark.parametrize("maker", [-3600, -30, 0, 30, 3600])
@pytest.mark.parametrize("reader", [-3600, 0, 30, 3600])
def test_its_time_is_counted_by_the_engine_s_clock(maker: int, reader: int) -> None:
    """The clocks of the two users are wrong by so many seconds, and the engine's is right."""
    then, today = timedelta(seconds=maker), timedelta(seconds=reader)
    owner = replace(
        make_ownership(),
        created_at=NOW + then,
        expires_at=NOW + then + timedelta(minutes=30),
        engine_ahead=-maker,
    )
    assert read_ownership(ownership_labels(owner)) == owner
    seen = replace(make_observation("web", owner=owner), engine_ahead=-reader)
    (environment,) = list_environments(seen)
    assert environment.created_at == NOW + today
    for minutes, has_ended in ((29, False), (30, True)):
        now = NOW + today + timedelta(minutes=minutes)
        assert bool(find_ended([environment], Ends(expired=True), BranchView(), now).causes) is has_ended
