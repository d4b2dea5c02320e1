"""Asked when the user quits while operations run: nothing is left half done by accident."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from previewer.present.values import Span, Tone
from previewer.tui.actions import bindings
from previewer.tui.context import AppContext
from previewer.tui.present.text import line, to_content
from previewer.tui.present.work_lines import work_title
from previewer.tui.screens.dialog import Dialog
from previewer.tui.widgets.text_block import TextBlock


class Leaving(Enum):
    """How to quit."""

    CANCEL = "cancel"
    """Undo what runs, then quit."""
    WAIT = "wait"
    """Quit once everything has ended."""


class LeaveScreen(Dialog[Leaving | None]):
    """Dismissed with nothing: stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(("back",)),
        Binding("c", "choose_cancel", "Cancel and undo", show=False),
        Binding("w", "choose_wait", "Wait", show=False),
    ]

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.context = context

    def compose(self) -> ComposeResult:
        """What runs, and three ways on."""
        with Vertical(id="dialog"):
            yield TextBlock(
                to_content(line(Span("Quit while something is running?", Tone.STRONG))),
                id="question",
                markup=False,
            )
            yield TextBlock(id="plan-lines", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Stay (esc)", id="stay", compact=True)
                yield Button("Wait and quit (w)", id="wait", compact=True)
                yield Button("Undo and quit (c)", id="cancel-work", compact=True)

    def opened(self) -> None:
        """Staying has the focus."""
        self.query_one("#stay", Button).focus()
        self.watch(self.app, "work_pulse", self.draw)

    def draw(self) -> None:
        """Show what still runs."""
        now = self.context.monotonic()
        lines = [work_title(work, now) for work in self.context.running_works]
        shown = lines or [line(Span("everything has ended", Tone.GOOD))]
        self.query_one("#plan-lines", TextBlock).put(to_content(*shown))

    def action_back(self) -> None:
        """Stay."""
        self.dismiss(None)

    def action_choose_cancel(self) -> None:
        """Undo, then quit."""
        self.dismiss(Leaving.CANCEL)

    def action_choose_wait(self) -> None:
        """Wait, then quit."""
        self.dismiss(Leaving.WAIT)

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        """One of the three."""
        choice = {"wait": Leaving.WAIT, "cancel-work": Leaving.CANCEL}.get(event.button.id or "")
        self.dismiss(choice)
