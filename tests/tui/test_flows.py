"""What a user does, from the first screen to the engine: each test ends by looking at the engine itself."""

from __future__ import annotations

from previewer.domain.compose.definition import Role
from previewer.domain.engine.observation import Health
from tests.worlds.tui import World, terminal_of


async def test_branches_and_environments_appear(world: World) -> None:
    world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("main", "feature/guest-book", "feature/dark-theme", "running", "127.0.0.1:")
        assert "PRODUCTION" in terminal.text
        assert "u on a branch, then 3" in terminal.text


async def test_up_from_home(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/guest-book", "Memory")
        await terminal.press("slash", *"guest", "enter")
        await terminal.press("u")
        await terminal.until_shown("Bring up feature/guest-book?", "create container")
        assert world.names() == ()
        await terminal.press("y")
        await terminal.until_on("ProgressScreen")
        await terminal.until_shown("✔ done", "http://127.0.0.1:")
        assert len(world.names()) == 1
        await terminal.press("enter")
        await terminal.until_on("EnvironmentScreen")
        await terminal.until_shown("preview of feature/guest-book", "listening on 80", "● following")


async def test_the_key_that_asks_does_not_confirm(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/guest-book", "Memory")
        await terminal.press("u")
        await terminal.until_shown("create container")
        await terminal.press("u", "u", "enter")
        await terminal.until_on("HomeScreen")
        assert world.names() == ()
        assert terminal.context.works == {}


async def test_escape_cancels(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/guest-book", "Memory")
        await terminal.press("u")
        await terminal.until_shown("create container")
        await terminal.press("escape")
        await terminal.until_on("HomeScreen")
        assert world.names() == ()


async def test_what_cannot_run_says_why_and_cannot_be_confirmed(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("nothing", "Memory")
        await terminal.press("slash", *"nothing", "enter", "u")
        await terminal.until_shown("Bring up nothing?", "✖", "hint")
        await terminal.press("y", "tab", "enter")
        assert terminal.context.works == {}


async def test_down_of_the_row_under_the_cursor(world: World) -> None:
    world.up("main")
    world.up("feature/guest-book")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("127.0.0.1:")
        await terminal.press("slash", *"main", "enter", "D")
        await terminal.until_shown("Tear down shop-main?", "remove container")
        await terminal.press("D")
        assert len(world.names()) == 2
        await terminal.press("y")
        await terminal.until_shown("✔ done", "none left")
        (left,) = world.names()
        assert left.startswith("shop-feature-guest-book")
        await terminal.press("escape")
        await terminal.until_on("HomeScreen")
        await terminal.until(lambda: len(terminal.app.app_state.environments or ()) == 1)


async def test_down_of_marked_rows(world: World) -> None:
    for branch in ("main", "feature/guest-book", "feature/dark-theme"):
        world.up(branch)
    async with terminal_of(world.session) as terminal:
        await terminal.until(lambda: len(terminal.app.app_state.environments or ()) == 3)
        await terminal.press("g", "space", "space")
        await terminal.until_shown("▌ 2 marked")
        await terminal.press("D")
        await terminal.until_shown("Tear down 2 environments?")
        await terminal.press("y")
        await terminal.until_shown("✔ done")
        assert len(world.names()) == 1


async def test_production_asks_for_its_name(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/guest-book", "Memory")
        await terminal.press("slash", *"main", "enter", "u")
        await terminal.until_shown("create container")
        await terminal.press("3")
        await terminal.until_shown("PRODUCTION", "type shop-production to go on", "shop-production-g1-web-1")
        await terminal.press("y")
        await terminal.type("shop-productio")
        await terminal.press("enter")
        assert terminal.screen_name == "ConfirmScreen"
        await terminal.press("n", "enter")
        await terminal.until_on("ProgressScreen")
        await terminal.until_shown("✔ done")
        assert world.names() == ("shop-production",)
        await terminal.press("escape")
        await terminal.until(lambda: "PRODUCTION" in terminal.text and "◉ running" in terminal.text)


async def test_staging_is_chosen_with_a_key(world: World) -> None:
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/guest-book", "Memory")
        await terminal.press("slash", *"main", "enter", "u")
        await terminal.until_shown("create container")
        await terminal.press("2")
        await terminal.until_shown("shop-staging-g1-web-1")
        await terminal.press("y")
        await terminal.until_shown("✔ done")
        assert world.names() == ("shop-staging",)


async def test_update_to_the_newest_commit(world: World) -> None:
    world.up("main")
    newest = world.commit("main", "A newer commit")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running ↑")
        await terminal.press("g", "enter")
        await terminal.until_shown("↑ the branch has a newer commit")
        await terminal.press("7")
        await terminal.until_shown("Updating it to the newest commit", "create container")
        await terminal.press("U")
        await terminal.until_shown("Update shop-main to the newest commit of main?", "create container")
        await terminal.press("y")
        await terminal.until_shown("✔ done")
        assert world.environment("shop-main").ownership.commit == newest
        await terminal.press("escape")
        await terminal.until_shown("generation 2")


async def test_any_commit_of_a_branch(world: World) -> None:
    first = world.source.branches()[0]
    world.commit("main", "The second one")
    world.commit("main", "The third one")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/guest-book", "Memory")
        await terminal.press("slash", *"main", "enter", "c")
        await terminal.until_on("CommitsScreen")
        await terminal.until_shown("The third one", "The second one", "Open the shop")
        await terminal.press("G", "u")
        await terminal.until_shown("Bring up", "create container")
        await terminal.press("y")
        await terminal.until_shown("✔ done")
        (name,) = world.names()
        assert name.startswith("shop-")
        assert first is not None


async def test_a_failed_build_shows_the_error_and_undoes_everything(world: World) -> None:
    world.images.failing.add("web")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/guest-book", "Memory")
        await terminal.press("slash", *"main", "enter", "u")
        await terminal.until_shown("create container")
        await terminal.press("y")
        await terminal.until_shown("✖ failed", "✖ RUN false: exit code 1")
        assert world.names() == ()


async def test_a_running_operation_goes_on_in_the_background(world: World) -> None:
    world.images.slow.add("web")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/guest-book", "Memory")
        await terminal.press("slash", *"main", "enter", "u")
        await terminal.until_shown("create container")
        await terminal.press("y")
        await terminal.until_on("ProgressScreen")
        await terminal.until_shown("build web")
        await terminal.press("escape")
        await terminal.until_on("HomeScreen")
        await terminal.until_shown("up main", "w shows it", "going up")
        await terminal.press("w")
        await terminal.until_on("ProgressScreen")
        await terminal.press("c")
        await terminal.until_shown("⊘ cancelled, and undone")
        assert world.names() == ()


async def test_the_end_of_work_in_the_background_is_announced(world: World) -> None:
    world.images.slow.add("web")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("feature/guest-book", "Memory")
        await terminal.press("slash", *"main", "enter", "u")
        await terminal.until_shown("create container")
        await terminal.press("y")
        await terminal.until_shown("build web")
        await terminal.press("escape")
        await terminal.until_on("HomeScreen")
        terminal.context.works[1].cancellation.request()
        await terminal.until(lambda: any("cancelled" in toast.title for toast in terminal.app._notifications))


async def test_events_of_the_engine_are_shown_without_asking(world: World) -> None:
    environment = world.up("main")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        container = environment.services[0].containers[0].name
        world.engine.set_health(container, Health.UNHEALTHY)
        await terminal.until_shown("▲ unhealthy")


async def test_every_role_has_its_line_above(world: World) -> None:
    world.up("main", Role.STAGING)
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("STAGING", "◉ running", "http://127.0.0.1:", "main* staging")
