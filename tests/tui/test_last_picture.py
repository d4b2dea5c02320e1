"""What home showed last is drawn at once at the next start, says how old it is, and is gone once it is known."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from previewer.tui.app import PreviewerApp
from previewer.tui.last_picture import ENTER, LastPicture, last_picture
from tests.worlds.tui import World

SIZE = (100, 30)


class Screens(PreviewerApp):
    """An application that keeps its picture though no terminal is there."""

    is_headless = False


def shown(picture: LastPicture) -> str:
    """What a terminal gets."""
    terminal = io.StringIO()
    picture.show(terminal)
    return terminal.getvalue()


def is_held(app: PreviewerApp) -> bool:
    """Whether nothing is drawn over the picture."""
    return app.is_held


async def picture_of(world: World, path: Path) -> LastPicture:
    """The picture that is left once everything was known."""
    picture = LastPicture(path, SIZE)
    app = Screens(world.session, picture=picture, monotonic=lambda: 1.0)
    async with app.run_test(size=SIZE) as pilot:
        while not (app.app_state.branches and app.app_state.environments):
            await pilot.pause(0.02)
        await pilot.pause()
        app.exit(0)
    return picture


async def test_the_last_picture_says_how_old_it_is(world: World, tmp_path: Path) -> None:
    world.up("feature/guest-book")
    drawn = shown(await picture_of(world, tmp_path / "home.json"))
    assert drawn.startswith(ENTER)
    assert "feature/guest-book" in drawn
    assert "asking git and the engine" in drawn
    assert "from now" in drawn or "ago" in drawn


async def test_it_holds_no_line_that_a_program_wrote(world: World, tmp_path: Path) -> None:
    world.up("feature/guest-book")
    picture = await picture_of(world, tmp_path / "home.json")
    assert picture.path is not None
    assert "listening on" not in picture.path.read_text()


async def test_another_size_has_no_picture(world: World, tmp_path: Path) -> None:
    world.up("main")
    picture = await picture_of(world, tmp_path / "home.json")
    assert shown(LastPicture(picture.path, (80, 24))) == ""


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 1}', '{"size": [100, 30], "lines": 7, "at": "x"}']
)
def test_a_broken_file_is_no_picture(content: str, tmp_path: Path) -> None:
    path = tmp_path / "home.json"
    path.write_text(content)
    assert shown(LastPicture(path, SIZE)) == ""


def test_each_engine_has_its_own(tmp_path: Path) -> None:
    cache = {"XDG_CACHE_HOME": str(tmp_path)}
    one = last_picture({**cache, "DOCKER_HOST": "unix:///one"}, SIZE)
    assert one.path != last_picture({**cache, "DOCKER_HOST": "unix:///two"}, SIZE).path


async def test_nothing_is_drawn_over_it_until_all_is_known(world: World, tmp_path: Path) -> None:
    world.gate.clear()
    app = PreviewerApp(world.session, picture=LastPicture(tmp_path / "none", SIZE), is_picture_shown=True)
    async with app.run_test(size=SIZE) as pilot:
        while app.app_state.branches is None:
            await pilot.pause(0.02)
        assert is_held(app)
        world.gate.set()
        while is_held(app):
            await pilot.pause(0.02)
        assert app.app_state.environments == ()


async def test_a_key_ends_it(world: World, tmp_path: Path) -> None:
    world.gate.clear()
    app = PreviewerApp(world.session, picture=LastPicture(tmp_path / "none", SIZE), is_picture_shown=True)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j")
        assert not is_held(app)
        world.gate.set()
