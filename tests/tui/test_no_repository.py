"""Outside of any repository: why, what helps, and the repositories that are near."""

from __future__ import annotations

from pathlib import Path

import pytest

from previewer.errors import NoRepositoryError
from previewer.tui.no_repository import NoRepositoryApp, repositories_near

ERROR = NoRepositoryError("this is not a git repository", where="/home/ada", hint="go to one, or give --repo")


def text_of(app: NoRepositoryApp) -> str:
    """What is to be read on the screen now."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_repository_that_is_near_is_opened(tmp_path: Path, size: tuple[int, int]) -> None:
    for name in ("shop/.git", "blog/.git", "notes", ".hidden/.git"):
        (tmp_path / name).mkdir(parents=True)
    app = NoRepositoryApp(ERROR, tmp_path)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        shown = text_of(app)
        assert all(words in shown for words in ("not a git repository", "--repo", "blog", "shop", "enter open"))
        assert "notes" not in shown
        assert "hidden" not in shown
        await pilot.press("j", "enter")
    assert app.return_value == str(tmp_path / "shop")


async def test_without_one_it_looks_again(tmp_path: Path) -> None:
    app = NoRepositoryApp(ERROR, tmp_path)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "git init" in text_of(app)
        await pilot.press("r")
        (tmp_path / ".git").mkdir()
        await pilot.press("r")
    assert app.return_value == str(tmp_path)


async def test_one_can_leave(tmp_path: Path) -> None:
    app = NoRepositoryApp(ERROR, tmp_path)
    async with app.run_test() as pilot:
        await pilot.press("q")
    assert app.return_value is None


def test_a_folder_that_cannot_be_read_has_none(tmp_path: Path) -> None:
    assert repositories_near(tmp_path / "gone") == ()
