"""Shows what is going to happen, before anything does. Cancel has the focus; production asks for its name."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Key
from textual.widgets import Button, Input

from previewer.errors import PreviewerError
from previewer.present.values import Span, Tone
from previewer.tui.actions import CHOOSING, bindings
from previewer.tui.context import AppContext
from previewer.tui.messages import PlanFailed, PlanRead
from previewer.tui.present.dialogs import choice_line, danger_line, is_empty, proposal_lines, question_lines
from previewer.tui.present.notices import failure_lines
from previewer.tui.present.text import Line, hanging_indent, line, to_content
from previewer.tui.request import Proposal, Request
from previewer.tui.screens.dialog import Dialog
from previewer.tui.widgets.lines import LineInput
from previewer.tui.widgets.text_block import TextBlock

WIDEST = 110
OTHER_LINES = 14
"""Of the dialog: what is left of the terminal's height is the plan's."""
QUESTION_LINES = 3
"""Of these, the question's."""
DANGER_LINES = 3


class ConfirmScreen(Dialog[Request | None]):
    """Dismissed with the request as it was confirmed, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(("confirm", "back", *CHOOSING, "choose-other", "cursor-down", "cursor-up"))
    ]

    def __init__(self, context: AppContext, request: Request) -> None:
        super().__init__()
        self.context = context
        self.request = request
        self._answer: Proposal | PreviewerError | None = None

    def compose(self) -> ComposeResult:
        """Question, choices, plan, danger, buttons."""
        with Vertical(id="dialog"):
            yield TextBlock(id="question", markup=False)
            yield TextBlock(id="choices", markup=False)
            yield LineInput(name="other")
            with VerticalScroll(id="plan", can_focus=False):
                yield TextBlock(id="plan-lines", markup=False)
            yield TextBlock(id="danger", markup=False)
            yield LineInput(name="danger-name", is_hidden=False)
            with Horizontal(id="buttons"):
                yield Button("Cancel (esc)", id="cancel", compact=True)
                yield Button("", id="confirm", compact=True)

    def opened(self) -> None:
        """Cancel has the focus, whatever happens."""
        self.query_one("#cancel", Button).focus()
        self._ask()

    @property
    def is_dangerous(self) -> bool:
        """Whether a name has to be typed."""
        return self.request.dangerous_name is not None

    @property
    def proposal(self) -> Proposal | None:
        """What would happen, once that is known."""
        return None if isinstance(self._answer, PreviewerError) else self._answer

    @property
    def is_ready(self) -> bool:
        """Whether it can be confirmed: there is something to do, and the name is typed."""
        if self.proposal is None or is_empty(self.proposal):
            return False
        typed = self.query_one("#danger-name", Input).value.strip()
        return not self.is_dangerous or typed == self.request.dangerous_name

    def action_confirm(self) -> None:
        """Do it, if it can be done."""
        if self.is_ready:
            self.dismiss(self.request)
        else:
            self._type(self.context.key_of("confirm"))

    def action_back(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    def action_choose(self, index: int) -> None:
        """Another of what is offered."""
        if index < len(self.request.choices) and index != self.request.index:
            self.query_one("#other", LineInput).put_away()
            self._change(self.request.choosing(index))

    def action_choose_other(self) -> None:
        """Type what is not offered."""
        other = self.query_one("#other", LineInput)
        if self.request.kind.other:
            other.placeholder = self.request.kind.other
            other.ask()
        else:
            self._type(self.context.key_of("choose-other"))

    def action_cursor_down(self) -> None:
        """Scroll the plan."""
        self.query_one("#plan").scroll_down(animate=False)

    def action_cursor_up(self) -> None:
        """Scroll the plan."""
        self.query_one("#plan").scroll_up(animate=False)

    def on_key(self, event: Key) -> None:
        """Arrow keys go from one button to the other; the name can be typed at once."""
        if not isinstance(self.focused, Button):
            return
        if event.key in ("left", "right"):
            (self.focus_next if event.key == "right" else self.focus_previous)(Button)
        elif event.is_printable and event.character and not event.character.isspace():
            self._type(event.character)

    @on(PlanRead)
    def plan_read(self, message: PlanRead) -> None:
        """The plan is there."""
        self._answer = message.plan
        self.draw()

    @on(PlanFailed)
    def plan_failed(self, message: PlanFailed) -> None:
        """There is no plan, and so nothing to confirm."""
        self._answer = message.error
        self.draw()

    @on(Input.Changed, "#danger-name")
    def name_typed(self) -> None:
        """The name may be right now."""
        self.draw()

    @on(Input.Submitted, "#other")
    def other_given(self, event: Input.Submitted) -> None:
        """Another one: what it would do is worked out."""
        if event.value.strip():
            self._change(self.request.typing(event.value))

    @on(Input.Submitted, "#danger-name")
    def name_given(self) -> None:
        """Enter after the right name is a confirmation."""
        self.action_confirm()

    @on(Button.Pressed, "#cancel")
    def cancel_pressed(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    @on(Button.Pressed, "#confirm")
    def confirm_pressed(self) -> None:
        """Do it."""
        self.action_confirm()

    def draw(self) -> None:
        """Show the question, the plan and what is still missing."""
        width = max(30, min(WIDEST, self.app.size.width - 4) - 7)
        request = self.request
        self.set_class(self.is_dangerous, "-dangerous")
        question = question_lines(request, self.proposal, width=width)
        self.query_one("#question", TextBlock).put(to_content(*question))
        choices = self.query_one("#choices", TextBlock)
        choices.display = len(request.choices) > 1 or bool(request.kind.other)
        choices.put(to_content(choice_line(request, other_key=self.context.key_of("choose-other"))))
        self.query_one("#plan-lines", TextBlock).put(to_content(*self._plan_lines(width)))
        taken = OTHER_LINES + max(0, len(question) - QUESTION_LINES) + (DANGER_LINES if self.is_dangerous else 0)
        self.query_one("#plan").styles.max_height = max(3, self.app.size.height - taken)
        danger, name = self.query_one("#danger", TextBlock), self.query_one("#danger-name", Input)
        is_askable = self._answer is None or (self.proposal is not None and not is_empty(self.proposal))
        danger.display = name.display = self.is_dangerous and is_askable
        if request.dangerous_name is not None:
            danger.put(to_content(danger_line(request.dangerous_name)))
        confirm = self.query_one("#confirm", Button)
        confirm.label = to_content(line(f"{request.button} ({self.context.key_of('confirm')})"))
        confirm.disabled = not self.is_ready

    def _plan_lines(self, width: int) -> tuple[Line, ...]:
        if self._answer is None:
            return (line(Span("working out the plan …", Tone.QUIET)),)
        if isinstance(self._answer, PreviewerError):
            return hanging_indent(failure_lines(self._answer), width)
        return proposal_lines(self._answer, now=self.context.now(), width=width)

    def _type(self, character: str) -> None:
        """Into the name, where one is asked for: only a character that it begins with."""
        name = self.query_one("#danger-name", Input)
        if name.display:
            name.focus()
            if (self.request.dangerous_name or "").startswith(name.value + character):
                name.insert_text_at_cursor(character)

    def _change(self, request: Request) -> None:
        self.request = request
        self.query_one("#danger-name", Input).value = ""
        self.query_one("#cancel", Button).focus()
        self._ask()

    def _ask(self) -> None:
        self._answer = None
        self.context.queries.propose(self.request, self)
        self.draw()
