"""Shows what is going to happen, before anything does. Cancel has the focus; production asks for its name."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from previewer.domain.definition import Role
from previewer.domain.plan import Plan
from previewer.errors import PreviewerError
from previewer.operations.up import UpOptions
from previewer.tui.actions import bindings
from previewer.tui.desk import Desk
from previewer.tui.messages import PlanFailed, PlanRead
from previewer.tui.present.confirmation import danger_line, question_lines, role_line
from previewer.tui.present.failure import failure_lines
from previewer.tui.present.pieces import Line, Piece, Tone, line, to_content
from previewer.tui.present.plan_lines import plan_lines
from previewer.tui.requests import Request, UpRequest
from previewer.tui.widgets.line_input import LineInput

WIDEST = 110
OTHER_LINES = 14
"""Of the dialog: what is left of the terminal's height is the plan's."""
DANGER_LINES = 3


class ConfirmScreen(ModalScreen[Request | None]):
    """Dismissed with the request as it was confirmed, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(
            (
                "confirm", "back", "choose-preview", "choose-staging", "choose-production", "cursor-down",
                "cursor-up",
            )
        )
    ]  # fmt: skip

    def __init__(self, desk: Desk, request: Request) -> None:
        super().__init__()
        self.desk = desk
        self.request = request
        self._answer: Plan | PreviewerError | None = None

    def compose(self) -> ComposeResult:
        """Question, roles, plan, danger, buttons."""
        with Vertical(id="dialog"):
            yield Static(id="question", markup=False)
            yield Static(id="roles", markup=False)
            with VerticalScroll(id="plan", can_focus=False):
                yield Static(id="plan-lines", markup=False)
            yield Static(id="danger", markup=False)
            yield LineInput(name="danger-name", is_hidden=False)
            with Horizontal(id="buttons"):
                yield Button("Cancel (esc)", id="cancel", compact=True)
                yield Button("", id="confirm", compact=True)

    def on_mount(self) -> None:
        """Cancel has the focus, whatever happens."""
        self.query_one("#cancel", Button).focus()
        self._ask()

    @property
    def is_dangerous(self) -> bool:
        """Whether a name has to be typed."""
        return self.request.dangerous_name is not None

    @property
    def is_ready(self) -> bool:
        """Whether it can be confirmed: there is a plan with something in it, and the name is typed."""
        if not isinstance(self._answer, Plan) or not self._answer.steps:
            return False
        typed = self.query_one("#danger-name", Input).value.strip()
        return not self.is_dangerous or typed == self.request.dangerous_name

    def action_confirm(self) -> None:
        """Do it, if it can be done."""
        if self.is_ready:
            self.dismiss(self.request)
        elif self.is_dangerous and isinstance(self._answer, Plan):
            self.query_one("#danger-name", Input).focus()

    def action_back(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    def action_choose_preview(self) -> None:
        """As a preview."""
        self._choose(Role.PREVIEW)

    def action_choose_staging(self) -> None:
        """As staging."""
        self._choose(Role.STAGING)

    def action_choose_production(self) -> None:
        """As production."""
        self._choose(Role.PRODUCTION)

    def action_cursor_down(self) -> None:
        """Scroll the plan."""
        self.query_one("#plan").scroll_down(animate=False)

    def action_cursor_up(self) -> None:
        """Scroll the plan."""
        self.query_one("#plan").scroll_up(animate=False)

    def on_key(self, event: object) -> None:
        """Arrow keys go from one button to the other."""
        key = getattr(event, "key", "")
        if key in ("left", "right") and isinstance(self.focused, Button):
            (self.focus_next if key == "right" else self.focus_previous)(Button)

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

    @on(Input.Changed)
    def name_typed(self) -> None:
        """The name may be right now."""
        self.draw()

    @on(Input.Submitted)
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
        plan = self._answer if isinstance(self._answer, Plan) else None
        self.query_one("#question", Static).update(to_content(*question_lines(request, plan)))
        roles = self.query_one("#roles", Static)
        roles.display = isinstance(request, UpRequest) and request.replaces is None
        if isinstance(request, UpRequest):
            roles.update(to_content(role_line(request.role)))
        self.query_one("#plan-lines", Static).update(to_content(*self._plan_lines(width)))
        taken = OTHER_LINES + (DANGER_LINES if self.is_dangerous else 0)
        self.query_one("#plan").styles.max_height = max(3, self.app.size.height - taken)
        danger, name = self.query_one("#danger", Static), self.query_one("#danger-name", Input)
        danger.display = name.display = self.is_dangerous
        if request.dangerous_name is not None:
            danger.update(to_content(danger_line(request.dangerous_name)))
        confirm = self.query_one("#confirm", Button)
        confirm.label = to_content(line(f"{request.deed} ({self.desk.key_of('confirm')})"))
        confirm.disabled = not self.is_ready

    def _plan_lines(self, width: int) -> tuple[Line, ...]:
        if self._answer is None:
            return (line(Piece("working out the plan …", Tone.QUIET)),)
        if isinstance(self._answer, PreviewerError):
            return failure_lines(self._answer)
        return plan_lines(self._answer, width=width)

    def _choose(self, role: Role) -> None:
        if isinstance(self.request, UpRequest) and self.request.with_role(role) != self.request:
            self.request = self.request.with_role(role)
            self.query_one("#danger-name", Input).value = ""
            self.query_one("#cancel", Button).focus()
            self._ask()

    def _ask(self) -> None:
        self._answer = None
        request = self.request
        if isinstance(request, UpRequest):
            name = request.replaces.name if request.replaces else None
            self.desk.gateway.plan_up(request.revision, UpOptions(role=request.role, name=name), self)
        else:
            self.desk.gateway.plan_down(request.names, self)
        self.draw()
