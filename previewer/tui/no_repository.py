"""What is shown where there is no repository: why, what helps, and the repositories that are near."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from previewer.errors import PreviewerError
from previewer.present.values import Span, Tone
from previewer.tui.memory import Memory, memory_of
from previewer.tui.present.notices import failure_lines
from previewer.tui.present.text import hanging_indent, line, to_content
from previewer.tui.themes import OWN, style_variables, theme_for
from previewer.tui.widgets.choice_list import ChoiceList
from previewer.tui.widgets.text_block import TextBlock

MOST_LOOKED_AT = 500
"""Folders that are looked into."""


def repositories_near(folder: Path) -> tuple[Path, ...]:
    """The working trees directly below ``folder``, by name."""
    try:
        below = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return ()
    return tuple(path for path in below[:MOST_LOOKED_AT] if (path / ".git").exists())


class NoRepositoryApp(App[str]):
    """Ends with the folder that was chosen, or with nothing."""

    TITLE = "previewer"
    CSS: ClassVar[str] = """
    Screen { padding: 1 2; background: $background; }
    #why { height: auto; margin-bottom: 1; }
    OptionList { height: auto; max-height: 70vh; border: none; padding: 0; background: $background; }
    OptionList > .option-list--option-highlighted { background: $selection; color: $foreground; text-style: none; }
    #keys { dock: bottom; height: 1; background: $panel; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape,ctrl+q", "leave", "Quit", show=False),
        Binding("r", "look", "Look again", show=False),
        Binding("j", "app.move(1)", "Down", show=False),
        Binding("k", "app.move(-1)", "Up", show=False),
    ]

    def __init__(self, error: PreviewerError, folder: Path, *, memory: Memory | None = None) -> None:
        super().__init__()
        self._error = error
        self._folder = folder
        self._near: tuple[Path, ...] = ()
        for own in OWN:
            self.register_theme(own)
        system = self.console.color_system or ""
        chosen = memory.preferences.themes.get(system) if memory is not None else None
        wanted = theme_for(system, chosen)
        self.theme = wanted if wanted in self.available_themes else theme_for(system)

    def get_css_variables(self) -> dict[str, str]:
        """The theme's and our tones."""
        variables = super().get_css_variables()
        variables.update(style_variables(variables, is_ansi=self.current_theme.ansi))
        variables.update(self.current_theme.variables)
        return variables

    def compose(self) -> ComposeResult:
        """Why, what is near, keys."""
        yield TextBlock(id="why", markup=False)
        yield ChoiceList(markup=False, compact=True)
        yield TextBlock(id="keys", markup=False)

    def on_mount(self) -> None:
        """Look."""
        self.action_look()

    def on_resize(self) -> None:
        """Wrap anew."""
        self._draw()

    def action_look(self) -> None:
        """Look for repositories again; one that is here by now is opened."""
        if (self._folder / ".git").exists():
            self.exit(str(self._folder))
            return
        self._near = repositories_near(self._folder)
        choices = self.query_one(ChoiceList)
        choices.clear_options()
        choices.add_options(Option(to_content(line(path.name))) for path in self._near)
        choices.highlighted = 0 if self._near else None
        choices.focus()
        self._draw()

    def action_move(self, steps: int) -> None:
        """Up or down."""
        choices = self.query_one(ChoiceList)
        (choices.action_cursor_down if steps > 0 else choices.action_cursor_up)()

    def action_leave(self) -> None:
        """Nothing is chosen."""
        self.exit(None)

    async def action_quit(self) -> None:
        """Textual's own way out."""
        self.action_leave()

    @on(OptionList.OptionSelected)
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Open it."""
        self.exit(str(self._near[event.option_index]))

    def _draw(self) -> None:
        width = max(20, self.size.width - 6)
        lines = [*failure_lines(self._error), line()]
        if self._near:
            lines.append(line(Span("repositories in this folder:", Tone.STRONG)))
        else:
            begin = "git init", " begins one here; `previewer --repo PATH` opens another"
            lines.append(line(Span(begin[0], Tone.ACCENT), Span(begin[1], Tone.QUIET)))
        self.query_one("#why", TextBlock).put(to_content(*hanging_indent(lines, width)))
        pairs = (("enter", "open"),) if self._near else ()
        keys = [*pairs, ("r", "look again"), ("q", "quit")]
        spans = [span for key, words in keys for span in (Span(key, Tone.ACCENT), Span(f" {words}  ", Tone.QUIET))]
        self.query_one("#keys", TextBlock).put(to_content(line(*spans)))


def choose_repository(error: PreviewerError, folder: Path, *, environment: Mapping[str, str]) -> str | None:
    """Ask for another folder; ``None`` where the user leaves."""
    return NoRepositoryApp(error, folder, memory=memory_of(environment)).run()
