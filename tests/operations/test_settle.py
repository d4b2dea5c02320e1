"""Settling: what has no health check has to go on running for a moment."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from previewer.deployment.capacity import await_capacity
from previewer.domain.compose.service import Condition
from previewer.domain.deploy.plan import SHORT_SETTLE, AwaitContainer
from previewer.domain.engine.capacity import Need, Quota
from previewer.domain.engine.observation import ContainerDetail
from previewer.domain.progress import Event, TaskStarted
from previewer.errors import CapacityError, TimedOutError, UnhealthyError
from previewer.execution import await_container
from previewer.execution.await_container import SettleClock, WaitingClocks, look
from previewer.session.run import Run
from previewer.settings.model import Settings
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.session import memory_session
from tests.operations.shop import Shop


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_counts_from_the_first_look_and_again_after_a_restart() -> None:
    clock = Clock()
    settle = SettleClock(0.5, clock=clock)
    assert settle.remaining("web", 0) == 0.5
    clock.now += 0.3
    assert settle.remaining("web", 0) == pytest.approx(0.2)
    assert settle.remaining("web", 1) == 0.5
    clock.now += 0.5
    assert settle.remaining("web", 1) == 0.0
    assert settle.remaining("other", 0) == 0.5


@pytest.mark.parametrize(
    ("ports", "behaviour", "own", "seconds"),
    [
        ((), Behaviour(), None, 10.0),
        ((), Behaviour(), 3.0, 3.0),
        ((), Behaviour(), 0.0, 0.0),
        ((80,), Behaviour(), None, SHORT_SETTLE),
        ((80,), Behaviour(is_refused=True), None, 10.0),
        ((80,), Behaviour(is_refused=True), 3.0, 3.0),
    ],
)
def test_what_nothing_proves_has_to_run_longer(
    ports: tuple[int, ...], behaviour: Behaviour, own: float | None, seconds: float
) -> None:
    shop, clock = Shop(), Clock()
    shop.engine.behaviours["web"] = behaviour
    shop.up()
    clocks = WaitingClocks(10.0)
    clocks.settle = SettleClock(10.0, clock=clock)
    action = AwaitContainer("shop-main-g1-web-1", Condition.STARTED, "web", ports, own)
    first = look(shop.engine, action, clocks)
    assert (first.settled is None) == (seconds > 0)
    clock.now += max(0.0, seconds - 0.01)
    assert (look(shop.engine, action, clocks).settled is None) == (seconds > 0)
    clock.now += 0.02
    assert look(shop.engine, action, clocks).settled is not None


def test_an_environment_of_which_nothing_runs_any_more_fails() -> None:
    shop = Shop(compose="services: {seed: {image: shop-api, command: [load]}}")
    shop.engine.behaviours["seed"] = Behaviour(exit_code=0)
    with pytest.raises(UnhealthyError, match="nothing of it runs") as caught:
        shop.up()
    assert caught.value.details == ("seed ended with exit code 0",)
    assert shop.is_clean()


def test_without_a_settle_time_what_runs_is_ready() -> None:
    assert SettleClock(0.0).remaining("web", 0) == 0.0


def test_what_does_not_fit_is_refused_before_anything_is_made() -> None:
    shop = Shop()
    shop.engine.free_disk = 1
    with pytest.raises(CapacityError, match="disk"):
        shop.up()
    assert shop.is_clean()
    assert shop.calls("create_network") == []


def test_waiting_for_room_ends() -> None:
    session = memory_session(settings=Settings(quota=Quota(environments=1)))
    engine = session.engine
    assert isinstance(engine, MemoryEngine)
    engine.free_disk = 1
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            engine.free_disk = None

    def wait(timeout: float) -> None:
        await_capacity(
            Run(session, lambda _event: None),
            Need(networks=1),
            environment="it",
            timeout=timeout,
            sleep=nap,
        )

    wait(60.0)
    assert len(naps) == 2
    engine.free_disk = 1
    with pytest.raises(TimedOutError, match="no room"):
        wait(0.0)


def test_a_failed_service_says_who_depends_on_it_and_what_helps() -> None:
    shop = Shop()
    shop.engine.behaviours["web"] = Behaviour(exit_code=137, out_of_memory=True)
    with pytest.raises(UnhealthyError) as caught:
        shop.up()
    assert any("out of memory" in detail for detail in caught.value.details)
    assert "more memory" in (caught.value.hint or "")


class LateEngine(MemoryEngine):
    """Tells that a container has ended before it tells that memory was the reason."""

    silent_looks = 3

    def inspect_container(self, name: str) -> ContainerDetail:
        """As it is, but for what is not known yet."""
        detail = super().inspect_container(name)
        if not detail.out_of_memory or self.silent_looks == 0:
            return detail
        self.silent_looks -= 1
        return replace(detail, out_of_memory=False)


def test_that_memory_was_the_reason_may_be_known_a_moment_later() -> None:
    shop = Shop(engine=LateEngine())
    shop.engine.behaviours["web"] = Behaviour(exit_code=137, out_of_memory=True)
    with pytest.raises(UnhealthyError, match="out of memory") as caught:
        shop.up()
    assert "more memory" in (caught.value.hint or "")


def test_what_was_killed_from_outside_is_told_so_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(await_container, "REASON_SECONDS", 0.2)
    shop = Shop()
    shop.engine.behaviours["web"] = Behaviour(exit_code=137)
    with pytest.raises(UnhealthyError) as caught:
        shop.up()
    assert "killed from outside" in caught.value.details


DEAD = Behaviour(accepting=frozenset(), exit_code=1, looks=3)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (DEAD, "exit code 1"),
        (replace(DEAD, exit_code=0), "exit code 0, and port 80 with it"),
        (replace(DEAD, accepting=None, looks=1), "exit code 1"),
    ],
)
def test_what_ends_before_or_right_after_it_listens_fails(behaviour: Behaviour, reason: str) -> None:
    shop = Shop()
    shop.engine.behaviours["web"] = behaviour
    with pytest.raises(UnhealthyError, match=reason):
        shop.up()
    assert shop.is_clean()


@pytest.mark.parametrize(
    ("accepting", "detail"),
    [((), "nothing accepts connections on port 80"), ((3000,), "port 80; it listens on port 3000")],
)
def test_a_port_that_nothing_listens_on_is_named(accepting: tuple[int, ...], detail: str) -> None:
    shop = Shop()
    shop.engine.behaviours["web"] = Behaviour(accepting=frozenset(accepting))
    with pytest.raises(TimedOutError) as caught:
        shop.up(timeout=0.1)
    assert any(detail in line for line in caught.value.details)
    assert "await_ports" in (caught.value.hint or "")
    assert shop.is_clean()


def test_what_was_ready_must_still_run_when_the_last_one_is() -> None:
    """The database ends while the page is waited for."""
    shop = Shop()
    shop.engine.behaviours["web"] = Behaviour(accepting=frozenset())

    def end_database(event: Event) -> None:
        if isinstance(event, TaskStarted) and event.task == "await port 80 of shop-main-g1-web-1":
            shop.engine.end_container("shop-main-g1-db-1", 3)

    shop.on_event = end_database
    with pytest.raises(UnhealthyError, match="exit code 3"):
        shop.up()
    assert shop.is_clean()
