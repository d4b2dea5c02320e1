"""What is done to environments that run: each test ends by looking at the engine and the ledger themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import State
from previewer.operations.extend import pin
from previewer.operations.freeze import freeze
from previewer.operations.sleep import sleep
from previewer.session.run import Run
from previewer.settings.model import Settings
from previewer.testing.memory.session import memory_session
from tests.worlds.tui import NOW, Terminal, World, terminal_of


def put_to_sleep(world: World, name: str) -> None:
    sleep(Run(world.session), [name])


async def confirm(terminal: Terminal, key: str, *shown: str) -> None:
    """Press a key on the first row, look at the question, and say yes."""
    await terminal.until_shown("◉ running", "main*")
    await terminal.press("g", key)
    await terminal.until_on("ConfirmScreen")
    await terminal.until_shown(*shown)
    await terminal.press("y")


async def test_replace_runs_the_same_release_again(world: World) -> None:
    before = world.up("main")
    world.commit("main", "A newer commit")
    async with terminal_of(world.session) as terminal:
        await confirm(terminal, "R", "Replace shop-main?", "create container", "takes its ports once it")
        await terminal.until_shown("✔ done", "http://127.0.0.1:")
    after = world.environment("shop-main")
    assert after.ownership.release == before.ownership.release
    assert after.ownership.generation == 2


@pytest.mark.parametrize("key", ["R", "U", "P", "B", "e", "K", "s", "D"])
async def test_the_key_that_asks_confirms_nothing(world: World, key: str) -> None:
    world.up("main")
    world.commit("main", "A newer commit")
    world.up("main")
    before = world.environment("shop-main")
    world.commit("main", "The newest commit")
    entries = len(world.session.ledger.entries())
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "main*")
        await terminal.press("g", key)
        await terminal.until_on("ConfirmScreen")
        await terminal.pilot.pause(0.2)
        await terminal.press(key, key, "enter")
        await terminal.until_on("HomeScreen")
        assert terminal.context.works == {}
    assert world.environment("shop-main") == before
    assert len(world.session.ledger.entries()) == entries


async def test_promote_to_staging_and_then_to_production(world: World) -> None:
    release = world.up("main").ownership.release
    async with terminal_of(world.session) as terminal:
        await confirm(terminal, "P", "Promote shop-main to staging?", "shop-staging-g1-web-1")
        await terminal.until_shown("✔ done")
        await terminal.press("escape")
        await terminal.until_shown("main* staging")
        await terminal.press("slash", *"staging", "enter", "g", "P")
        await terminal.until_shown("Promote shop-staging to production?", "PRODUCTION", "shop-production-g1-web-1")
        await terminal.press("y")
        assert terminal.screen_name == "ConfirmScreen"
        await terminal.press(*"shop-production", "enter")
        await terminal.until_shown("✔ done")
    found = {e.role: e.ownership.release for e in map(world.environment, world.names())}
    assert found == dict.fromkeys(Role, release)


async def test_what_was_not_in_staging_is_refused_to_production(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "main*")
        await terminal.press("g", "P", "2")
        await terminal.until_shown("Promote shop-main to production?", "✖ it has not been proven", "hint")
        await terminal.press("y")
        assert terminal.screen_name == "ConfirmScreen"
    assert world.names() == ("shop-main",)


async def test_production_takes_what_is_unproven_only_where_that_is_chosen(world: World) -> None:
    release = world.up("main").ownership.release
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "main*")
        await terminal.press("g", "P", "2")
        await terminal.until_shown("✖ it has not been proven")
        assert "type shop-production" not in terminal.text, "there is nothing to confirm"
        await terminal.press("3")
        await terminal.until_shown("◉ 3 production, unproven", "shop-production-g1-web-1", "type shop-production")
        await terminal.press(*"shop-production", "enter")
        await terminal.until_shown("✔ done")
    assert world.environment("shop-production").ownership.release == release


async def test_what_a_mark_was_for_takes_it_away(world: World) -> None:
    world.up("main")
    world.up("feature/guest-book")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("2 up")
        await terminal.press("g", "space", "space")
        await terminal.until_shown("▌ 2 marked · D tears them down, s stops them, p compares two, esc unmarks")
        await terminal.press("s")
        await terminal.until_shown("Put 2 environments to sleep?", "stop container")
        await terminal.press("y")
        await terminal.until_shown("✔ done")
        await terminal.press("escape")
        await terminal.until_shown("☾ asleep")
        assert "marked" not in terminal.text


async def test_nothing_to_do_asks_for_no_name(world: World) -> None:
    world.up("main", Role.STAGING)
    world.up("main", Role.PRODUCTION)
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main* staging")
        await terminal.press("slash", *"staging", "enter", "g", "P")
        await terminal.until_shown("Production runs this very release already: there is nothing to do.")
        assert "to go on:" not in terminal.text
        await terminal.press("y")
        assert terminal.screen_name == "ConfirmScreen"


async def test_rollback_to_the_generation_that_was_kept(world: World) -> None:
    first = world.up("main", Role.STAGING)
    world.commit("main", "A newer commit")
    world.up("main", Role.STAGING)
    async with terminal_of(world.session) as terminal:
        await confirm(terminal, "B", "Roll shop-staging back?", "start container", "await port")
        await terminal.until_shown("✔ done", seconds=10)
    now = world.environment("shop-staging")
    assert now.ownership.release == first.ownership.release
    assert now.ownership.generation == 1


async def test_nothing_to_go_back_to_is_said(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "main*")
        await terminal.press("g", "B")
        assert terminal.screen_name == "HomeScreen"
        assert any("no other release is known to be good" in t.message for t in terminal.app._notifications)


async def test_extend_by_a_time_that_is_typed(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "main*")
        await terminal.press("g", "e", "t")
        await terminal.until_shown("90m, 10h, 5d, 1d12h · enter takes it")
        await terminal.press(*"soon", "enter")
        await terminal.until_shown("✖ 'soon' is not a time to live", "write days, hours and minutes")
        await terminal.press("t", *(["backspace"] * 4), *"36h", "enter")
        await terminal.until_shown("Let shop-main live for 36h from now?", "lives then   1d 12h")
        await terminal.press("y")
        await terminal.until(lambda: world.environment("shop-main").expires_at == NOW + timedelta(hours=36))


async def test_extend_by_a_time_that_is_chosen(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "main*")
        await terminal.press("g", "e")
        await terminal.until_shown("Let shop-main live for 3d from now?", "lives now")
        await terminal.press("4")
        await terminal.until_shown("Let shop-main live for 7d from now?", "lives then   1w")
        await terminal.press("y")
        await terminal.until_on("HomeScreen")
        await terminal.until(lambda: any("extend shop-main" in t.title for t in terminal.app._notifications))
    assert world.environment("shop-main").expires_at == NOW + timedelta(days=7)


async def test_pin_and_unpin(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await confirm(terminal, "K", "Pin shop-main?", "lives then   never")
        await terminal.until_shown("pinned")
        assert world.environment("shop-main").notes.pinned
        await confirm(terminal, "K", "Unpin shop-main?")
        await terminal.until(lambda: not world.environment("shop-main").notes.pinned)
        entries = world.session.ledger.entries()
        assert [entry.action for entry in entries[:2]] == ["unpin", "pin"]


async def test_sleep_of_marked_rows_and_wake(world: World) -> None:
    world.up("main")
    world.up("feature/guest-book")
    async with terminal_of(world.session) as terminal:
        await terminal.until(lambda: len(terminal.app.app_state.environments or ()) == 2)
        await terminal.press("g", "space", "space")
        await terminal.until_shown("▌ 2 marked")
        await terminal.press("s")
        await terminal.until_shown("Put 2 environments to sleep?", "stop container")
        await terminal.press("y")
        await terminal.until_shown("✔ done", "shop-main is asleep")
        assert {world.environment(name).state for name in world.names()} == {State.ASLEEP}
        await terminal.press("escape")
        await terminal.until_shown("☾ asleep")
        await terminal.press("escape", "slash", *"main", "enter", "g", "s")
        assert terminal.screen_name == "HomeScreen"
        assert any("it is asleep already" in t.message for t in terminal.app._notifications)
        await terminal.press("a")
        await terminal.until_shown("Wake shop-main?", "start container")
        await terminal.press("y")
        await terminal.until_shown("✔ done")
    assert world.environment("shop-main").state is State.RUNNING


async def test_what_ended_with_the_engine_can_be_woken(world: World) -> None:
    world.up("main")
    for service in ("web", "api", "store"):
        world.engine.end_container(f"shop-main-g1-{service}-1", 137)
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("✖ failed", "main*")
        await terminal.press("g", "a")
        await terminal.until_shown("Wake shop-main?", "start container", "shop-main-g1-web-1")
        await terminal.press("y")
        await terminal.until_shown("✔ done")
    assert world.environment("shop-main").state is State.RUNNING


async def test_production_that_sleeps_wakes_without_its_name(world: World) -> None:
    world.up("main", Role.PRODUCTION)
    put_to_sleep(world, "shop-production")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("☾ asleep", "main* production")
        await terminal.press("g", "a")
        await terminal.until_shown("Wake shop-production?", "start container")
        await terminal.press("y")
        await terminal.until_shown("✔ done")
    assert world.environment("shop-production").state is State.RUNNING


@pytest.mark.parametrize(("key", "title"), [("R", "Replace"), ("s", "Put"), ("D", "Tear down")])
async def test_production_asks_for_its_name_before_it_is_changed(world: World, key: str, title: str) -> None:
    world.up("main", Role.PRODUCTION)
    before = world.environment("shop-production")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main* production")
        await terminal.press("g", key)
        await terminal.until_shown(
            f"{title} shop-production", "PRODUCTION", "type shop-production to go on", "because"
        )
        await terminal.press("y", "enter")
        assert terminal.screen_name == "ConfirmScreen"
        await terminal.press("escape")
        await terminal.until_on("HomeScreen")
    assert world.environment("shop-production") == before


async def test_prune_removes_what_is_unused(world: World) -> None:
    session = memory_session(
        source=world.source,
        engine=world.engine,
        images=world.images,
        ledger=world.session.ledger,
        settings=Settings(settle_time=0.0, keep_releases=0),
        now=NOW,
    )
    world.up("main")
    freeze(Run(world.session), "feature/guest-book")
    assert len(world.images.list_built("shop")) == 2
    async with terminal_of(session) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("C")
        await terminal.until_shown("Remove unused images and files of shop?", "remove image", "because")
        await terminal.press("y")
        await terminal.until_shown("✔ done", "1 image")
    assert len(world.images.list_built("shop")) == 1


async def test_nothing_else_is_begun_while_something_is_under_way(world: World) -> None:
    world.up("main")
    world.commit("main", "A newer commit")
    world.images.slow.add("web")
    async with terminal_of(world.session) as terminal:
        await confirm(terminal, "U", "create container")
        await terminal.until_shown("build web")
        await terminal.press("escape")
        await terminal.until_shown("updating")
        await terminal.press("D")
        assert terminal.screen_name == "HomeScreen"
        assert any("update is under way" in t.message for t in terminal.app._notifications)
        terminal.context.works[1].cancellation.request()
        await terminal.until(lambda: not terminal.context.running_works)


async def test_debug_hands_the_terminal_over_and_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.up("main")
    before = len(world.engine.contents()[0])
    suspended: list[str] = []

    @contextmanager
    def suspend() -> Iterator[None]:
        suspended.append("begun")
        yield
        suspended.append("ended")

    async with terminal_of(world.session) as terminal:
        monkeypatch.setattr(terminal.app, "suspend", suspend)
        await terminal.until_shown("◉ running", "main*")
        await terminal.press("g", "enter")
        await terminal.until_shown("listening on 80")
        await terminal.press("E")
        assert any("choose a service first" in t.message for t in terminal.app._notifications)
        await terminal.press("j", "E")
        await terminal.until(
            lambda: any("the shell ended with 0" in t.message for t in terminal.app._notifications)
        )
    assert suspended == ["begun", "ended"]
    assert len(world.engine.contents()[0]) == before


async def test_a_terminal_that_cannot_be_handed_over_says_the_command(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running", "main*")
        await terminal.press("g", "enter")
        await terminal.until_shown("listening on 80")
        await terminal.press("j", "E")
        await terminal.until(
            lambda: any("previewer debug shop-main api" in t.message for t in terminal.app._notifications)
        )


async def test_a_pinned_environment_says_so_in_the_filter(world: World) -> None:
    world.up("main")
    world.up("feature/guest-book")
    pin(world.session, "shop-main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("pinned", "feature/guest-book")
        await terminal.press("slash", *"pinned")
        await terminal.until(lambda: "feature/guest-book" not in terminal.text)
        assert "main*" in terminal.text
