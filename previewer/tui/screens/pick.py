"""Choose one of several things by name, or type it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Role
from previewer.present.values import Span, Tone
from previewer.tui.actions import bindings
from previewer.tui.context import AppState
from previewer.tui.present.dialogs import pick_lines
from previewer.tui.present.text import line, to_content
from previewer.tui.screens.dialog import Dialog
from previewer.tui.screens.menu import MARGIN, WIDEST
from previewer.tui.widgets.choice_list import ChoiceList
from previewer.tui.widgets.lines import LineInput

Named = tuple[tuple[str, str], ...]
"""Names, each with what it is."""


def sides_to_compare(app_state: AppState) -> Named:
    """For parity: what runs, and what the branch that is checked out defines. Others can be typed."""
    running = tuple((e.name, f"{e.role.value}, {e.state.value}") for e in app_state.environments or ())
    current = next((branch.name for branch in app_state.branches or () if branch.is_current), None)
    if current is None:
        return running
    return (*running, *((f"{current}:{role.value}", "a definition; nothing runs") for role in Role))


def releases_to_compare(app_state: AppState) -> Named:
    """For a diff: what environments run, and what was good in them. Others can be typed."""
    found: dict[str, str] = {}
    for environment in app_state.environments or ():
        found[environment.name] = f"runs release {short_id(environment.ownership.release)}"
    for environment in app_state.environments or ():
        for good in environment.notes.known_good:
            found.setdefault(short_id(good.release), f"was good in {environment.name}")
    return tuple(found.items())


def files_to_export(names: tuple[str, str]) -> Named:
    """What a comparison can be saved as. Another name can be typed."""
    stem = "-".join(("parity", *(re.sub(r"[/:\\]", "_", name) for name in names)))
    return ((f"{stem}.md", "Markdown, for a pull request"), (f"{stem}.json", "JSON, with what is the same"))


class PickScreen(Dialog[str | None]):
    """Dismissed with the name that was chosen or typed, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(("back",)),
        Binding("down", "next", "Next", show=False),
        Binding("up", "previous", "Previous", show=False),
    ]

    def __init__(self, title: str, names: Sequence[tuple[str, str]], *, typed: str = "a name") -> None:
        """``names`` are what can be chosen, each with what it is; ``typed`` is what else can be given."""
        super().__init__()
        self._typed = typed
        self._title = title
        self._names = tuple(names)
        self._found: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Title, search, names."""
        with Vertical(id="dialog"):
            yield Static(to_content(line(Span(self._title, Tone.STRONG))), id="question", markup=False)
            yield LineInput(
                name="pick-search", placeholder=f"search, or type {self._typed} · esc closes", is_hidden=False
            )
            yield ChoiceList(markup=False, compact=True)

    def opened(self) -> None:
        """Everything, to begin with."""
        self.query_one(ChoiceList).can_focus = False
        self.query_one(Input).focus()
        self.draw("")

    def action_back(self) -> None:
        """Nothing is chosen."""
        self.dismiss(None)

    def action_next(self) -> None:
        """One down."""
        self.query_one(ChoiceList).action_cursor_down()

    def action_previous(self) -> None:
        """One up."""
        self.query_one(ChoiceList).action_cursor_up()

    @on(Input.Changed)
    def search_typed(self, event: Input.Changed) -> None:
        """Search while the user types."""
        self.draw(event.value)

    @on(Input.Submitted)
    def name_given(self, event: Input.Submitted) -> None:
        """The name under the cursor; where none matches, what was typed."""
        index = self.query_one(ChoiceList).highlighted
        chosen = self._found[index] if index is not None and index < len(self._found) else event.value.strip()
        self.dismiss(chosen or None)

    @on(OptionList.OptionSelected)
    def clicked(self, event: OptionList.OptionSelected) -> None:
        """It was clicked."""
        self.dismiss(event.option_id)

    @property
    def _width(self) -> int:
        return min(WIDEST, self.app.size.width - 4) - MARGIN

    def draw(self, search: str) -> None:
        """Show what matches."""
        words = search.casefold().split()
        found = [(n, about) for n, about in self._names if all(w in f"{n} {about}".casefold() for w in words)]
        self._found = tuple(name for name, _about in found)
        options = self.query_one(ChoiceList)
        options.clear_options()
        lines = pick_lines(found, width=self._width)
        options.add_options(Option(to_content(one), id=name) for one, name in zip(lines, self._found, strict=True))
        options.highlighted = 0 if found else None
