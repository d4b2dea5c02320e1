"""One environment: its head, its services, their logs as they come, and what replacing it would do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.events import Resize
from textual.widgets import DataTable, Static

from previewer.domain.environment import Environment
from previewer.domain.overview import OverviewRow
from previewer.domain.plan import Plan
from previewer.domain.revision import Branch
from previewer.errors import PreviewerError
from previewer.operations.up import UpOptions
from previewer.tui.actions import Place, bindings
from previewer.tui.asked import BrowseAsked, CopyAsked, RefreshAsked, RequestMade, ScreenAsked
from previewer.tui.desk import Desk
from previewer.tui.messages import FileSaved, LogsArrived, LogsEnded, PlanFailed, PlanRead
from previewer.tui.present.environment_header import gone_lines, header_lines, tab_line
from previewer.tui.present.failure import failure_lines
from previewer.tui.present.pieces import Line, Piece, Tone, line, to_content
from previewer.tui.present.plan_lines import plan_lines, plan_size
from previewer.tui.present.service_rows import (
    ALL_SERVICES,
    all_services_lines,
    fit_service_columns,
    service_lines,
)
from previewer.tui.present.work_lines import status_line
from previewer.tui.reasons import reason_against_row
from previewer.tui.requests import DownRequest, UpRequest
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.widgets.key_bar import KeyBar
from previewer.tui.widgets.log_panel import LogPanel
from previewer.tui.widgets.log_view import LogView
from previewer.tui.widgets.notice import Notice
from previewer.tui.widgets.rows_table import RowsTable
from previewer.tui.widgets.top_bar import TopBar

KEYS = {
    "overview": ("back", "browse", "copy", "search", "down", "replace", "menu", "focus-logs", "focus-plan"),
    "logs": ("back", "search", "toggle-follow", "toggle-wrap", "toggle-times", "copy", "save", "maximise", "menu"),
    "plan": ("back", "replace", "down", "focus-services", "focus-logs", "menu"),
}
MOST_SERVICE_ROWS = 9
"""Shown at once beside the logs; more are scrolled."""


class EnvironmentScreen(PreviewerScreen):
    """Follows the logs for as long as it is there."""

    PLACE = Place.ENVIRONMENT
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(
            (
                "back", "browse", "copy", "search", "down", "replace", "logs", "retry", "work", "focus-services",
                "focus-logs", "focus-plan", "toggle-follow", "toggle-wrap", "toggle-times", "save", "maximise",
                "menu",
            )
        )
    ]  # fmt: skip

    def __init__(self, desk: Desk, name: str, *, tab: str = "overview") -> None:
        super().__init__(desk)
        self.environment_name = name
        self.tab = tab
        self._last: Environment | None = None
        """As it was last seen: what is shown of it once it is gone."""
        self._followed: tuple[str, ...] = ()
        """The containers whose logs are followed."""
        self._plan: Plan | PreviewerError | None = None

    def compose(self) -> ComposeResult:
        """Top bar, head, tabs, services, logs or plan, keys."""
        yield TopBar()
        yield Static(id="head", markup=False)
        yield Static(id="tabs", markup=False)
        yield RowsTable(name="services")
        yield LogPanel()
        with VerticalScroll(id="plan"):
            yield Static(id="plan-lines", markup=False)
        yield Notice(name="status")
        yield KeyBar(self.desk.key_of)

    @property
    def environment(self) -> Environment | None:
        """The environment, as it is now; ``None`` once it is gone."""
        return self.picture.environment(self.environment_name)

    @property
    def branch(self) -> Branch | None:
        """Its branch."""
        seen = self.environment or self._last
        return self.picture.branch(seen.ownership.branch) if seen else None

    @property
    def services(self) -> RowsTable:
        """The services table."""
        return self.query_one("#services", RowsTable)

    @property
    def logs(self) -> LogPanel:
        """The logs."""
        return self.query_one(LogPanel)

    def on_mount(self) -> None:
        """Open at the wanted tab."""
        super().on_mount()
        self._show_tab(self.tab)

    def on_unmount(self) -> None:
        """Let go of the stream: a reader that waits for it would keep the application alive."""
        self.desk.gateway.stop_logs()

    def on_resize(self, _event: Resize) -> None:
        """Other widths."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Show what is known now."""
        if not self.is_mounted or not self.size.width:
            return
        environment = self.environment
        if environment is not None:
            self._last = environment
            self._follow(environment)
        self._draw_head(environment)
        if environment is not None:
            self._draw_services(environment)
        works = [work for work in self.desk.running_works if self.environment_name in work.environments]
        now, key = self.desk.monotonic(), self.desk.key_of("work")
        self.query_one("#status", Notice).say([status_line(work, now, key=key) for work in works])
        possible = [name for name in KEYS[self.tab] if self.reason_against(name) is None]
        self.query_one(KeyBar).show_actions(possible)

    def theme_changed(self) -> None:
        """Cells hold colours."""
        self.services.repaint()
        self.draw()

    def reason_against(self, action: str) -> str | None:
        """Why not, given how the environment is now."""
        if action == "work":
            return None if self.desk.works else "nothing has been started yet"
        if self.environment is None and action in ("down", "replace", "browse", "focus-plan"):
            return "this environment is gone"
        row = OverviewRow(self.branch, self.environment) if self.environment or self.branch else None
        return reason_against_row(action, row, self.picture)

    def action_browse(self) -> None:
        """Open the URL; of the service under the cursor, if it has one."""
        if self.is_possible("browse") and (url := self._url()):
            self.post_message(BrowseAsked(url))

    def action_copy(self) -> None:
        """Copy the selected text; the shown logs where they have the focus; else the URL."""
        if selected := self.get_selected_text():
            self.post_message(CopyAsked(selected))
        elif isinstance(self.focused, LogView):
            self.post_message(CopyAsked(self.logs.view.text()))
        elif text := self._url() or self.environment_name:
            self.post_message(CopyAsked(text))

    def action_down(self) -> None:
        """Ask to tear it down."""
        if self.is_possible("down") and self.environment is not None:
            self.post_message(RequestMade(DownRequest((self.environment,))))

    def action_replace(self) -> None:
        """Ask to replace it by one of its branch's tip."""
        if self.is_possible("replace") and self.environment is not None:
            self.post_message(RequestMade(UpRequest.replacing(self.environment, branch=self.branch)))

    def action_retry(self) -> None:
        """Ask git and the engine again, and open the logs again if they have ended."""
        self._followed = ()
        self.post_message(RefreshAsked())
        self.draw()

    def action_work(self) -> None:
        """Into the operation that runs, or the last one."""
        if self.is_possible("work"):
            running = self.desk.running_works or tuple(self.desk.works.values())
            self.post_message(ScreenAsked.progress(running[-1].number))

    def action_focus_services(self) -> None:
        """Services and logs."""
        self._show_tab("overview")

    def action_focus_logs(self) -> None:
        """Only the logs."""
        self._show_tab("logs")

    def action_logs(self) -> None:
        """Only the logs."""
        self._show_tab("logs")

    def action_focus_plan(self) -> None:
        """What replacing it would do."""
        if self.is_possible("focus-plan"):
            self._show_tab("plan")

    def action_search(self) -> None:
        """Search the logs."""
        if self.tab == "plan":
            self._show_tab("logs")
        self.logs.search.ask()

    def action_toggle_follow(self) -> None:
        """Pause the logs, or follow again."""
        self.logs.toggle_follow()

    def action_toggle_wrap(self) -> None:
        """Wrap long lines."""
        self.logs.toggle_wrap()

    def action_toggle_times(self) -> None:
        """Show times."""
        self.logs.toggle_times()

    def action_save(self) -> None:
        """Save the shown lines to a file."""
        moment = self.desk.now().strftime("%Y%m%dT%H%M%SZ")
        service = self.logs.view.shape.service
        name = "-".join(part for part in (self.environment_name, service, moment) if part)
        self.desk.gateway.save(Path(f"{name.replace('/', '_')}.log").absolute(), self.logs.view.text(), self)

    def action_maximise(self) -> None:
        """Only the logs (or the plan), and back."""
        self.toggle_class("-maximised")
        if self.has_class("-maximised") and self.tab == "overview":
            self._show_tab("logs")

    def action_back(self) -> None:
        """Out of the search, out of the maximised view, out of here."""
        if self.logs.clear_search():
            (self.services if self.tab == "overview" else self.logs.view).focus()
        elif self.has_class("-maximised"):
            self.remove_class("-maximised")
        else:
            self.app.pop_screen()

    @on(DataTable.RowHighlighted, "#services")
    def service_chosen(self) -> None:
        """Only the logs of the service under the cursor."""
        self.logs.choose_service(self.services.selected_key or None)

    @on(DataTable.RowSelected, "#services")
    def service_entered(self) -> None:
        """To the logs."""
        self.logs.view.focus()

    @on(LogsArrived)
    def logs_arrived(self, message: LogsArrived) -> None:
        """Lines have come."""
        self.logs.add(message.mailbox.take())

    @on(LogsEnded)
    def logs_ended(self, message: LogsEnded) -> None:
        """No more lines will come from these containers."""
        self.logs.end(message.error)

    @on(PlanRead)
    def plan_read(self, message: PlanRead) -> None:
        """The plan is there."""
        self._plan = message.plan
        self._draw_plan()

    @on(PlanFailed)
    def plan_failed(self, message: PlanFailed) -> None:
        """There is no plan."""
        self._plan = message.error
        self._draw_plan()

    @on(FileSaved)
    def file_saved(self, message: FileSaved) -> None:
        """The logs are saved, or not."""
        if message.error is not None:
            self.tell(str(message.error), severity="error")
        else:
            self.tell(message.path, title="logs saved")

    def _url(self) -> str | None:
        environment = self.environment
        if environment is None:
            return None
        key = self.services.selected_key
        own = next((service.urls for service in environment.services if service.name == key), ())
        return own[0] if own else environment.url

    def _show_tab(self, tab: str) -> None:
        self.tab = tab
        for name in KEYS:
            self.set_class(name == tab, f"-{name}")
        if tab == "plan":
            self._ask_plan()
        focus = {"overview": self.services, "logs": self.logs.view, "plan": self.query_one("#plan")}
        self.call_after_refresh(focus[tab].focus)
        self.call_after_refresh(self.draw)

    def _ask_plan(self) -> None:
        if self.environment is None:
            return
        self._plan = None
        request = UpRequest.replacing(self.environment, branch=self.branch)
        options = UpOptions(role=request.role, name=self.environment.name)
        self.desk.gateway.plan_up(request.revision, options, self)
        self._draw_plan()

    def _follow(self, environment: Environment) -> None:
        """Follow the logs of the containers there are now: a replacement has others."""
        names = tuple(c.id for service in environment.services for c in service.containers)
        if names and names != self._followed:
            self._followed = names
            self.logs.begin()
            self.logs.know_services([service.name for service in environment.services])
            self.desk.gateway.follow_logs(environment.name, self)

    def _draw_head(self, environment: Environment | None) -> None:
        project = self.desk.session.project
        left = line(Piece(f"{project} › ", Tone.QUIET), Piece(self.environment_name, Tone.STRONG))
        error = self.picture.engine_error
        right = line(Piece("✖ no engine", Tone.BAD) if error else Piece(self.picture.engine, Tone.QUIET))
        self.query_one(TopBar).show(left, right)
        shown = environment or self._last
        width = max(20, self.size.width - 4)
        lines: tuple[Line, ...] = (line(Piece("asking the engine …", Tone.QUIET)),)
        if shown is not None:
            lines = header_lines(shown, self.branch, now=self.desk.now(), width=width)
        if environment is None and self.picture.environments is not None:
            lines = (*gone_lines(self.environment_name), *lines[1:])
        if error is not None:
            lines = (*failure_lines(error, details=0), *lines[1:])
        self.query_one("#head", Static).update(to_content(*lines))
        self.query_one("#tabs", Static).update(to_content(tab_line(self.tab)))

    def _draw_services(self, environment: Environment) -> None:
        rows: list[tuple[str, Mapping[str, Line]]] = [
            (ALL_SERVICES, all_services_lines(len(environment.services)))
        ]
        rows += [(service.name, service_lines(service)) for service in environment.services]
        self.services.show(fit_service_columns(self.size.width - 3), rows)
        room = max(3, min(MOST_SERVICE_ROWS, self.size.height // 3))
        self.services.styles.height = min(len(rows), room) + 1

    def _draw_plan(self) -> None:
        width = max(20, self.size.width - 6)
        if isinstance(self._plan, Plan):
            title = f"Replacing it now by the newest commit would take {plan_size(self._plan)}."
            lines = (line(Piece(title, Tone.QUIET)), (), *plan_lines(self._plan, width=width))
        elif self._plan is not None:
            lines = failure_lines(self._plan)
        else:
            lines = (line(Piece("working out the plan …", Tone.QUIET)),)
        self.query_one("#plan-lines", Static).update(to_content(*lines))
