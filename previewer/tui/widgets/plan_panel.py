"""What updating an environment would do."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from previewer.errors import PreviewerError
from previewer.tui.desk import Desk
from previewer.tui.messages import PlanFailed, PlanRead
from previewer.tui.present.failure import failure_lines
from previewer.tui.present.pieces import Line, Piece, Tone, line
from previewer.tui.present.proposal_lines import is_empty, proposal_lines, proposal_size
from previewer.tui.requests.request import Proposal
from previewer.tui.requests.update import UpdateRequest
from previewer.tui.widgets.lines_view import LinesView
from previewer.tui.widgets.panel import Panel


class PlanPanel(Panel):
    """The plan, before anybody asks for it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, name="plan")
        self._answer: Proposal | PreviewerError | None = None

    def compose(self) -> ComposeResult:
        """Lines."""
        yield LinesView(name="plan-lines")

    @property
    def target(self) -> LinesView:
        """The lines."""
        return self.query_one(LinesView)

    def ask(self) -> None:
        """Ask for the plan."""
        if self.environment is not None:
            self.desk.gateway.propose(UpdateRequest(self.environment), self)

    @on(PlanRead)
    def plan_read(self, message: PlanRead) -> None:
        """It is there."""
        message.stop()
        self._answer = message.plan
        self.draw()

    @on(PlanFailed)
    def plan_failed(self, message: PlanFailed) -> None:
        """There is none."""
        message.stop()
        self._answer = message.error
        self.draw()

    def draw(self) -> None:
        """Show it."""
        self.target.show(self._lines(max(20, self.size.width - 6)))

    def _lines(self, width: int) -> tuple[Line, ...]:
        answer = self._answer
        if answer is None:
            return (line(Piece("working out the plan …", Tone.QUIET)),)
        if isinstance(answer, PreviewerError):
            return failure_lines(answer)
        if is_empty(answer):
            return (
                line(Piece("It runs the newest commit and is well: updating it would do nothing.", Tone.QUIET)),
            )
        title = f"Updating it to the newest commit would take {proposal_size(answer)}."
        lines = proposal_lines(answer, now=self.desk.now(), width=width)
        return (line(Piece(title, Tone.QUIET)), (), *lines)
