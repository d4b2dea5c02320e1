"""What is painted again when text changes: its rows, and nothing where it is the same."""

from __future__ import annotations

import random

import pytest
from textual._compositor import Compositor
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Region
from textual.widgets import Static

from previewer.domain.progress import Outcome, TaskFinished, TaskStarted
from previewer.tui.screen_requests import ScreenRequested
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.widgets.text_block import TextBlock
from tests.worlds.tui import Terminal, World, terminal_of

WORDS = ("", "a", "a longer line", "[b]no markup[/b]", "一二三", "x" * 60)


class Beside(App[None]):
    """The same text in a block, and in Textual's own widget."""

    CSS = "TextBlock, Static { width: 40; height: auto; text-wrap: nowrap; }"

    def compose(self) -> ComposeResult:
        """One above the other."""
        yield TextBlock(markup=False)
        yield Static(markup=False, id="own")

    def rows(self) -> tuple[list[str], list[str]]:
        """What each shows, as the screen has it."""
        shown = ["".join(segment.text for segment in strip) for strip in self.screen._compositor.render_strips()]
        both = (self.query_one(TextBlock).region, self.query_one("#own").region)
        first, second = ([shown[y][r.x : r.right] for y in range(r.y, r.bottom)] for r in both)
        return first, second


async def test_it_shows_what_a_plain_widget_shows() -> None:
    app, dice = Beside(), random.Random(17)
    async with app.run_test(size=(60, 24)) as pilot:
        for _round in range(60):
            lines = [dice.choice(WORDS) for _line in range(dice.randint(1, 4))]
            text = Content("\n").join(Content.styled(line, dice.choice(("", "bold"))) for line in lines)
            app.query_one(TextBlock).put(text)
            app.query_one("#own", Static).update(text)
            await pilot.pause()
            mine, own = app.rows()
            assert mine == own


class Painted:
    """The regions that are painted from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.regions: list[Region] = []
        render = Compositor.render_partial_update

        def watched(compositor: Compositor) -> object:
            self.regions.extend(compositor._dirty_regions)
            return render(compositor)

        monkeypatch.setattr(Compositor, "render_partial_update", watched)


def draw(terminal: Terminal) -> None:
    """As at every tick of the clock."""
    screen = terminal.app.screen
    assert isinstance(screen, PreviewerScreen)
    screen.draw()


async def test_a_screen_on_which_nothing_changes_is_not_painted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.up("main")
    async with terminal_of(world.session, size=(110, 30)) as terminal:
        await terminal.until_at_rest()
        painted = Painted(monkeypatch)
        draw(terminal)
        await terminal.pilot.pause()
        assert painted.regions == []


async def test_a_turning_spinner_costs_its_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with terminal_of(world.session, size=(110, 30)) as terminal:
        work = terminal.context.begin_work(verb="up", subject="main", branch="main")
        for number in range(12):
            work.board.apply(TaskStarted(f"task {number}", "run"), at=1.0)
            if number:
                work.board.apply(TaskFinished(f"task {number}", Outcome.DONE, 1.0, ""), at=2.0)
        clock = 3.0
        monkeypatch.setattr(terminal.context, "monotonic", lambda: clock)
        terminal.app.post_message(ScreenRequested.progress(work.number))
        await terminal.until_on("ProgressScreen")
        await terminal.pilot.pause()
        painted, clock = Painted(monkeypatch), 4.1
        draw(terminal)
        await terminal.pilot.pause()
        assert {region.height for region in painted.regions} == {1}
        assert 1 <= len(painted.regions) <= 3  # the title, the task that runs, the top bar
