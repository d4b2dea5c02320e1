"""Tabs of an environment's screen: history, services, release, and the plan of an update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult

from previewer.domain.engine.examination import ExaminedContainer
from previewer.domain.record.notes import LedgerEntry
from previewer.errors import PreviewerError
from previewer.operations.inspect import Inspection
from previewer.present.tables import Column
from previewer.present.values import Span, Tone
from previewer.tui.context import AppContext
from previewer.tui.detail_queries import ContainersRead, HistoryRead, InspectionRead
from previewer.tui.job_kinds import ROLLBACK, UPDATE, known_good_others
from previewer.tui.messages import PlanFailed, PlanRead
from previewer.tui.present.dialogs import is_empty, proposal_lines, proposal_size
from previewer.tui.present.environment import container_lines, fit_container_columns
from previewer.tui.present.history import (
    fit_history_columns,
    history_lines,
    history_title,
    reason_not_to_go_back,
)
from previewer.tui.present.notices import failure_lines
from previewer.tui.present.releases import release_lines
from previewer.tui.present.tables import longest_cells
from previewer.tui.present.text import Line, line
from previewer.tui.request import Proposal, Request
from previewer.tui.widgets.lines import LinesView
from previewer.tui.widgets.panel import Panel, TablePanel
from previewer.tui.widgets.rows_table import Row

DEEDS = ("wake", "replace", "update", "promote", "rollback", "down", "menu", "debug", "extend", "sleep")


class HistoryPanel(TablePanel):
    """Its entries of the ledger, newest first; of an environment that is gone, too."""

    TAB: ClassVar[str] = "history"
    KEYS: ClassVar[tuple[str, ...]] = ("back", "rollback", "diff", "retry", "menu")
    ROW_JOB: ClassVar[str] = "rollback"

    def __init__(self, context: AppContext, environment: str) -> None:
        super().__init__(
            context,
            name="history",
            asking="reading the ledger …",
            nothing="the ledger of this repository says nothing of it",
        )
        self._subject = environment
        self._entries: tuple[LedgerEntry, ...] | None = None

    def ask(self) -> None:
        """Ask the ledger."""
        self.context.detail_queries.read_history(self._subject, self)

    @on(HistoryRead)
    def history_read(self, message: HistoryRead) -> None:
        """It answered."""
        message.stop()
        self._entries, self.error = message.entries, None
        self.draw()

    def columns(self, width: int) -> Sequence[Column]:
        """When, what, by whom."""
        return fit_history_columns(width, longest_cells([lines for _key, lines in self.rows() or ()]))

    def rows(self) -> Sequence[Row] | None:
        """An entry each; numbered from the oldest, so that a new one changes no key."""
        if self._entries is None:
            return None
        now, environment = self.context.now(), self.environment
        runs = environment.ownership.release if environment is not None else ""
        lines = [history_lines(entry, now=now, runs=runs, good=self._good) for entry in reversed(self._entries)]
        return [(str(number), one) for number, one in enumerate(lines)][::-1]

    def title(self) -> Line:
        """What the signs mean; of an environment that is gone there are none."""
        if self.environment is None:
            return ()
        return history_title(can_go_back=bool(self._good), key=self.context.key_of("rollback"))

    def disabled_reason(self, action: str) -> str | None:
        """Only a release that is known to be good can be gone back to."""
        if action != "rollback" or self.environment is None:
            return None
        return reason_not_to_go_back(self.entry, self.environment)

    def about_row(self, request: Request) -> Request:
        """A rollback goes to the release of the row."""
        entry = self.entry if request.kind is ROLLBACK else None
        return replace(request, revision=entry.release or "") if entry is not None else request

    @property
    def entry(self) -> LedgerEntry | None:
        """The one under the cursor."""
        entries, key = self._entries or (), self.target.selected_key
        return entries[len(entries) - 1 - int(key)] if key is not None and int(key) < len(entries) else None

    @property
    def _good(self) -> frozenset[str]:
        good = known_good_others(self.environment) if self.environment is not None else ()
        return frozenset(one.release for one in good)


class ServicesPanel(TablePanel):
    """Debug copies are there too, for as long as they are."""

    TAB: ClassVar[str] = "services"
    KEYS: ClassVar[tuple[str, ...]] = ("back", *DEEDS, "retry")
    LOOK_EVERY: ClassVar[float | None] = 5.0
    """Restarts are counted where containers are inspected; a list of them says nothing of it."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context, name="all-services", asking="inspecting …", nothing="no container of it is left")
        self._containers: tuple[ExaminedContainer, ...] | None = None

    @property
    def service(self) -> str | None:
        """The service under the cursor."""
        key = self.target.selected_key
        return next((c.service for c in self._containers or () if c.name == key), None)

    def ask(self) -> None:
        """Look again."""
        if self.environment is not None:
            self.context.detail_queries.read_containers(self.environment, self)

    @on(ContainersRead)
    def containers_read(self, message: ContainersRead) -> None:
        """They were inspected."""
        message.stop()
        self._containers, self.error = message.containers, None
        self.draw()

    def columns(self, width: int) -> Sequence[Column]:
        """How each is, and how often it was restarted."""
        return fit_container_columns(width)

    def rows(self) -> Sequence[Row] | None:
        """A container each."""
        environment, now = self.environment, self.context.now()
        if self._containers is None or environment is None:
            return None
        return [(c.name, container_lines(c, environment, now=now)) for c in self._containers]


class ReleasePanel(Panel):
    """Images, packages, provenance, signature."""

    TAB: ClassVar[str] = "release"
    KEYS: ClassVar[tuple[str, ...]] = ("back", "diff", "promote", "rollback", "menu")

    def __init__(self, context: AppContext) -> None:
        super().__init__(context, name="release")
        self._inspection: Inspection | None = None

    def compose(self) -> ComposeResult:
        """Lines."""
        yield LinesView(name="release-lines")

    @property
    def target(self) -> LinesView:
        """The lines."""
        return self.query_one(LinesView)

    def ask(self) -> None:
        """Ask for everything that is known."""
        if self.environment is not None:
            self.context.detail_queries.read_release(self.environment.ownership.release, self)

    @on(InspectionRead)
    def release_read(self, message: InspectionRead) -> None:
        """It is known."""
        message.stop()
        self._inspection, self.error = message.inspection, None
        self.draw()

    def draw(self) -> None:
        """Show it."""
        self.target.show(self._lines(max(30, self.size.width - 6)))

    def _lines(self, width: int) -> tuple[Line, ...]:
        if self.error is not None:
            return failure_lines(self.error)
        if self._inspection is None:
            return (line(Span("reading the release …", Tone.QUIET)),)
        return release_lines(self._inspection, width=width)


class PlanPanel(Panel):
    """The plan, before anybody asks for it."""

    TAB: ClassVar[str] = "plan"
    KEYS: ClassVar[tuple[str, ...]] = ("back", *DEEDS)

    def __init__(self, context: AppContext) -> None:
        super().__init__(context, name="plan")
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
            request = Request(UPDATE, self.context.session.project, (self.environment,))
            self.context.queries.propose(request, self)

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
            return (line(Span("working out the plan …", Tone.QUIET)),)
        if isinstance(answer, PreviewerError):
            return failure_lines(answer)
        if is_empty(answer):
            return (
                line(Span("It runs the newest commit and is well: updating it would do nothing.", Tone.QUIET)),
            )
        title = f"Updating it to the newest commit would take {proposal_size(answer)}."
        lines = proposal_lines(answer, now=self.context.now(), width=width)
        return (line(Span(title, Tone.QUIET)), (), *lines)
