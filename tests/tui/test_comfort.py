"""What is remembered between starts, what fits the terminal's colours, and who is told when long work ends."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from textual.color import Color

from previewer.domain.progress import Notify
from previewer.errors import PreviewerError
from previewer.tui.app import PreviewerApp
from previewer.tui.attention import Attention
from previewer.tui.job import Job
from previewer.tui.memory import MOST_PANE, Memory, Preferences, memory_of
from previewer.tui.themes import (
    CONTRAST,
    CONTRAST_LIGHT,
    DARK,
    DARK_16,
    DARK_256,
    LIGHT,
    LIGHT_256,
    OWN,
    theme_for,
)
from tests.tui.test_snapshots import SIZES, Compare, compare  # noqa: F401 - the fixture
from tests.worlds.tui import Terminal, World, terminal_of

TEXTS = ("foreground", "quiet", "emphasis", "good", "busy", "warn", "bad")
CUBE = (0, 95, 135, 175, 215, 255)
GREYS = range(8, 239, 10)


def contrast(one: Color, other: Color) -> float:
    """As WCAG 2 counts it: 1 to 21."""

    def luminance(colour: Color) -> float:
        parts = [value / 255 for value in colour.rgb]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("theme", "least"),
    [(CONTRAST, 7.0), (CONTRAST_LIGHT, 7.0), (DARK, 4.5), (LIGHT, 4.5), (DARK_256, 4.5), (LIGHT_256, 4.5)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_text_can_be_read_on_every_background(world: World, theme: object, least: float) -> None:
    app = PreviewerApp(world.session, theme=getattr(theme, "name", ""))
    variables = app.get_css_variables()
    for text, ground in itertools.product(TEXTS, ("background", "panel", "selection", "raised")):
        found = contrast(Color.parse(variables[text]), Color.parse(variables[ground]))
        assert found >= least, f"{text} on {ground}: {found:.1f}"


@pytest.mark.parametrize("theme", [DARK_256, LIGHT_256, CONTRAST, CONTRAST_LIGHT], ids=lambda theme: theme.name)
def test_a_palette_of_256_colours_has_no_other(world: World, theme: object) -> None:
    """But for what Textual's arithmetic rounds: the nearest of the 256 is the one that is meant."""
    variables = PreviewerApp(world.session, theme=getattr(theme, "name", "")).get_css_variables()
    for name in (*TEXTS, "background", "panel", "selection", "raised", "rule"):
        red, green, blue = Color.parse(variables[name]).rgb
        is_grey = red == green == blue and red in GREYS
        assert is_grey or all(min(abs(part - step) for step in CUBE) <= 1 for part in (red, green, blue)), name


@pytest.mark.parametrize(
    ("system", "wanted", "theme"),
    [
        ("truecolor", None, "previewer-dark"), ("256", None, "previewer-dark-256"),
        ("standard", None, "previewer-dark-16"), ("256", "previewer-light", "previewer-light-256"),
        ("standard", "previewer-contrast-light", "previewer-light-16"), ("256", "nord", "nord"),
        (None, None, "previewer-dark"),
    ],
)  # fmt: skip
def test_the_palette_fits_the_terminal(system: str | None, wanted: str | None, theme: str) -> None:
    assert theme_for(system, wanted) == theme


async def begin(world: World, memory: Memory, *keys: str) -> PreviewerApp:
    """Open, press keys, and leave."""
    app = PreviewerApp(world.session, memory=memory, monotonic=lambda: 1.0)
    async with app.run_test(size=(140, 40)) as pilot:
        terminal = Terminal(app, pilot)
        await terminal.until_shown("main*", "Memory")
        await terminal.press(*keys)
        await pilot.pause()
    return app


async def test_order_density_pane_and_theme_last(world: World, tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    await begin(world, memory_of(environment), "O", "ctrl+l", "less_than_sign")
    kept = memory_of(environment).preferences
    assert (kept.sort, kept.is_compact, kept.pane_percent) == ("name", True, 40)
    async with terminal_of(world.session, size=(140, 40), memory=memory_of(environment)) as terminal:
        await terminal.until_shown("by name", "production  ")
        assert "╭" not in terminal.text, "no cards"
        await terminal.press("ctrl+t")
        await terminal.type("contrast-light")
        await terminal.until_shown("previewer-contrast-light")
        await terminal.press("down", "enter")
        await terminal.until(lambda: terminal.app.theme == "previewer-contrast-light")
        system = terminal.app.console.color_system or ""
    assert memory_of(environment).preferences.themes == {system: "previewer-contrast-light"}
    assert (await begin(world, memory_of(environment))).theme == theme_for(system, "previewer-contrast-light")


async def test_the_pane_keeps_within_bounds(world: World) -> None:
    memory = Memory()
    await begin(world, memory, *(["less_than_sign"] * 9))
    assert memory.preferences.pane_percent == MOST_PANE


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pane_percent": 99}', '{"sort": "colour"}', '{"themes": 7}'])
def test_a_broken_memory_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "tui.json").write_text(text)
    assert Memory(tmp_path / "tui.json").preferences == Preferences()


def job(error: PreviewerError | None = None) -> Job:
    return Job(1, "up", "feature/\x1b]0;evil\a", None, (), 100.0, ended_at=130.0, error=error)


@pytest.mark.parametrize(
    ("how", "after", "sent"),
    [
        (Notify.OFF, 1.0, []), (Notify.TITLE, 1.0, ["\x1b]2;"]), (Notify.BELL, 1.0, ["\x1b]2;", "\a"]),
        (Notify.BELL, 31.0, ["\x1b]2;"]), (Notify.NOTIFICATION, 30.0, ["\x1b]2;", "\x1b]9;"]),
    ],
)  # fmt: skip
def test_only_long_work_makes_a_sound(how: Notify, after: float, sent: list[str]) -> None:
    written: list[str] = []
    Attention(written.append, how=how, after=after, project="shop").ended(job(), 130.0)
    assert [one[: len(begin)] for one, begin in zip(written, sent, strict=True)] == sent


def test_a_name_never_ends_the_sequence() -> None:
    written: list[str] = []
    attention = Attention(written.append, how=Notify.NOTIFICATION, after=0.0, project="shop")
    attention.begun(job())
    attention.ended(job(PreviewerError("no")), 130.0)
    assert all(one.count("\x1b") == 2 and "\a" not in one for one in written)
    assert "✖ up feature/" in written[-1]


@pytest.mark.parametrize(
    ("theme", "size"),
    [*((theme.name, SIZES[1]) for theme in OWN[2:]), (DARK_16.name, SIZES[0]), (DARK_16.name, SIZES[2])],
    ids=str,
)
async def test_home_in_every_palette(
    world: World,
    compare: Compare,  # noqa: F811
    size: tuple[int, int],
    theme: str,
) -> None:
    world.touch(world.up("feature/guest-book").name)
    async with terminal_of(world.session, size=size, theme=theme) as terminal:
        await terminal.until_shown("◉ running", "⚑")
        await compare(f"home-{theme.removeprefix('previewer-')}-{size[0]}", terminal)


async def test_home_compact(world: World, compare: Compare) -> None:  # noqa: F811
    world.up("feature/guest-book")
    async with terminal_of(world.session) as terminal:
        await terminal.until_shown("◉ running")
        await terminal.press("ctrl+l")
        await compare("home-compact-120", terminal)
