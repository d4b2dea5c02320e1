"""One environment: its head, its services, their logs as they come, and tabs that look closer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.widget import Widget

from previewer.domain.commit.revision import Branch
from previewer.domain.compose.definition import Role
from previewer.domain.engine.observation import ContainerState
from previewer.domain.environment.environment import Environment, State
from previewer.domain.record.notes import FailedAttempt
from previewer.errors import PreviewerError
from previewer.tui.actions import Place, bindings
from previewer.tui.context import AppContext
from previewer.tui.messages import FileSaved
from previewer.tui.present.data import data_to_begin_with
from previewer.tui.present.environment import TABS
from previewer.tui.present.notices import failure_summary
from previewer.tui.present.text import text_of
from previewer.tui.present.work_lines import status_line
from previewer.tui.request import Request
from previewer.tui.screen_requests import (
    BrowseRequested,
    CopyRequested,
    RequestMade,
    ScreenRequested,
    ShellRequested,
)
from previewer.tui.screens.acting import ACTING, ActingScreen
from previewer.tui.screens.pick import PickScreen
from previewer.tui.widgets.bars import KeyBar, Notice
from previewer.tui.widgets.data_panel import DataPanel
from previewer.tui.widgets.drift_panel import DriftPanel
from previewer.tui.widgets.environment_head import EnvironmentHead, TabLine
from previewer.tui.widgets.events_panel import EventsPanel
from previewer.tui.widgets.log_panel import LogPanel
from previewer.tui.widgets.log_view import LogView
from previewer.tui.widgets.panel import Panel
from previewer.tui.widgets.panels import HistoryPanel, PlanPanel, ReleasePanel, ServicesPanel
from previewer.tui.widgets.rows_table import RowsTable
from previewer.tui.widgets.services_table import ServicesTable

CURES = ("wake", "update", "down", "replace", "menu", "debug")
KEYS = {
    "overview": ("back", "browse", "copy", "search", "drift", *CURES),
    "logs": (
        "back", "search", "next-match", "level", "tracebacks", "pager", "hide-rest", "invert", "toggle-follow",
        "toggle-wrap", "toggle-times", "copy", "save", "maximise", "menu",
    ),
}  # fmt: skip
"""Of the tabs that are no panels."""
LOG_TABS = ("overview", "logs")


class EnvironmentScreen(ActingScreen):
    """Follows the logs for as long as it is there."""

    PLACE = Place.ENVIRONMENT
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(
            (
                *ACTING, "back", "copy", "search", "debug", *(f"focus-{tab}" for tab in TABS), "toggle-follow",
                "toggle-wrap", "toggle-times", "save", "maximise", "menu", "next-match", "previous-match",
                "hide-rest", "invert", "level", "data-snapshot", "data-reset", "data-clone",
                "choose-row", "tracebacks", "pager",
            )
        )
    ]  # fmt: skip

    def __init__(self, context: AppContext, name: str, *, tab: str = "overview") -> None:
        super().__init__(context)
        self.environment_name = name
        self.tab = tab
        self._last: Environment | None = None
        """As it was last seen: what is shown of it once it is gone."""

    def compose(self) -> ComposeResult:
        """Top bar, head, tabs, services, logs, the other tabs, keys."""
        yield EnvironmentHead(self.context, self.environment_name)
        yield ServicesTable(name="services")
        yield LogPanel(self.context, self.environment_name)
        yield ServicesPanel(self.context)
        yield DriftPanel(self.context)
        yield HistoryPanel(self.context, self.environment_name)
        yield ReleasePanel(self.context)
        yield PlanPanel(self.context)
        yield DataPanel(self.context)
        yield EventsPanel(self.context)
        yield Notice(name="status")
        yield KeyBar(self.context.key_of)

    @property
    def environment(self) -> Environment | None:
        """The environment, as it is now; ``None`` once it is gone."""
        return self.app_state.environment(self.environment_name)

    @property
    def branch(self) -> Branch | None:
        """Its branch; of an environment that did not come up, the one that it was for."""
        if seen := self.environment or self._last:
            return self.app_state.branch_of(seen)
        return self.app_state.branch_tried_for(self.environment_name, self.context.session.project)

    @property
    def attempt(self) -> FailedAttempt | None:
        """Why it is not there, if it did not come up."""
        seen = self.environment or self._last
        return None if seen else self.app_state.attempt_for(self.environment_name, self.context.session.project)

    @property
    def services(self) -> ServicesTable:
        """The services table."""
        return self.query_one(ServicesTable)

    @property
    def logs(self) -> LogPanel:
        """The logs."""
        return self.query_one(LogPanel)

    @property
    def panels(self) -> Mapping[str, Panel]:
        """The tabs that ask for their own content."""
        return {panel.TAB: panel for panel in self.query(Panel)}

    @property
    def service(self) -> str | None:
        """The service under the cursor; the only one where there is only one."""
        if self.tab == "services":
            return self.query_one(ServicesPanel).service
        if self.environment is not None and len(self.environment.services) == 1:
            return self.environment.services[0].name
        return self.services.selected_key or None

    def on_mount(self) -> None:
        """Open at the wanted tab."""
        super().on_mount()
        self._show_tab(self.tab)

    @property
    def keys(self) -> Sequence[str]:
        """The actions of the key bar."""
        panel = self.panels.get(self.tab)
        return panel.KEYS if panel is not None else KEYS[self.tab]

    def paint(self) -> None:
        """Show what is known now."""
        environment = self.environment
        if environment is not None:
            self._last = environment
            self.logs.follow(environment)
        elif self._last is None and self.app_state.environments is not None:
            self.logs.show_last_lines()
        self.query_one(EnvironmentHead).draw(
            self.app_state,
            environment,
            last=self._last,
            branch=self.branch,
            attempt=self.attempt,
            last_words=self._last_words(environment or self._last),
            tab=self.tab,
        )
        if environment is not None:
            self.services.show_services(
                environment, self.context, is_stale=self.app_state.engine_error is not None
            )
            if (panel := self.panels.get(self.tab)) is not None:
                (panel.renew if panel.environment is not None else panel.open)(environment)
        works = [work for work in self.context.running_works if self.environment_name in work.environments]
        now, key = self.context.monotonic(), self.context.key_of("work")
        self.query_one("#status", Notice).say([status_line(work, now, key=key) for work in works])
        self.draw_keys()

    @property
    def visible_containers(self) -> tuple[str, ...]:
        """Those that run, while their services are shown."""
        services = self.environment.services if self.environment is not None and self.tab == "overview" else ()
        running = ContainerState.RUNNING
        return tuple(c.name for service in services for c in service.containers if c.state is running)

    def usage_changed(self) -> None:
        """CPU, memory and network of the services."""
        if self.is_drawable and self.environment is not None and self.tab == "overview":
            self.services.show_services(
                self.environment, self.context, is_stale=self.app_state.engine_error is not None
            )

    def time_passed(self) -> None:
        """Ages are others now, those in the tab too."""
        self.draw()
        if self.is_drawable and (panel := self.panels.get(self.tab)) is not None:
            panel.draw()

    def theme_changed(self) -> None:
        """Cells hold colours."""
        self.services.repaint()
        for panel in self.panels.values():
            panel.repaint()
        self.draw()

    def disabled_reason(self, action: str) -> str | None:
        """Why not, given how the environment is now."""
        if self.environment is None and action not in ("back", "copy", "menu", "history", "focus-history"):
            about = super().disabled_reason(action.removeprefix("focus-"))
            return "this environment is gone" if about else None
        if action == "focus-plan":
            return super().disabled_reason("update")
        reason = super().disabled_reason(action)
        if reason is None and (panel := self.panels.get(self.tab)) is not None:
            reason = panel.disabled_reason(action)
        if action == "data-clone" and reason is None and len(self.app_state.environments or ()) == 1:
            return "there is no other environment"
        if action == "debug" and reason is None and self.service is None:
            return "choose a service first, with j and k"
        return reason

    def open_tab(self, tab: str) -> None:
        """Here it is."""
        self._show_tab(tab)

    def action_browse(self) -> None:
        """Open the URL; of the service under the cursor, if it has one."""
        if self.is_possible("browse") and (url := self._url()):
            self.post_message(BrowseRequested(url))

    def action_copy(self) -> None:
        """Copy the selected text; the shown logs where they have the focus; else the URL."""
        if selected := self.get_selected_text():
            self.post_message(CopyRequested(selected))
        elif isinstance(self.focused, LogView):
            self.post_message(CopyRequested(self.logs.view.text()))
        elif text := self._url() or self.environment_name:
            self.post_message(CopyRequested(text))

    def action_retry(self) -> None:
        """Ask git and the engine again, and open the logs again if they have ended."""
        self.logs.let_go()
        super().action_retry()
        if (panel := self.panels.get(self.tab)) is not None:
            panel.ask()
        self.draw()

    def action_parity(self) -> None:
        """Beside production; production itself beside staging."""
        if self.is_possible("parity") and self.environment is not None:
            is_production = self.environment.role is Role.PRODUCTION
            left = "" if is_production else self.environment_name
            self.post_message(ScreenRequested.parity(left, self.environment_name if is_production else ""))

    def action_debug(self) -> None:
        """Ask for a shell in a copy of the service under the cursor."""
        if self.is_possible("debug") and self.service is not None:
            self.post_message(ShellRequested(self.environment_name, self.service))

    def request(self, verb: str) -> Request | None:
        """The job for the environment, or for the row of the tab."""
        request, panel = super().request(verb), self.panels.get(self.tab)
        return panel.about_row(request) if request is not None and panel is not None else request

    def action_choose_row(self) -> None:
        """From the services to their logs; from the history back to the release of the row."""
        panel = self.panels.get(self.tab)
        if self.tab == "overview":
            self.logs.view.focus()
        elif panel is not None and panel.ROW_JOB:
            self.action_job(panel.ROW_JOB)

    def action_data_reset(self) -> None:
        """Choose what its volumes begin with, then ask whether to do it."""
        names = data_to_begin_with(self.query_one(DataPanel).snapshots, now=self.context.now())
        self._pick_for("data-reset", "Begin again with which data?", names)

    def action_data_clone(self) -> None:
        """Choose who gets a copy of its data, then ask whether to do it."""
        others = [e for e in self.app_state.environments or () if e.name != self.environment_name]
        names = ((e.name, f"{e.role.value}, {e.state.value}") for e in others)
        self._pick_for("data-clone", "Give its data to which environment?", names)

    def _pick_for(self, action: str, title: str, names: Iterable[tuple[str, str]]) -> None:
        def chosen(name: str | None) -> None:
            if name is not None and (request := self.request(action)) is not None:
                self.post_message(RequestMade(replace(request, revision=name)))

        if self.is_possible(action):
            self.app.push_screen(PickScreen(title, tuple(names)), chosen)

    def action_tab(self, tab: str) -> None:
        """To one of the tabs."""
        self._show_tab(tab)

    def action_search(self) -> None:
        """Search the logs."""
        if self.tab not in LOG_TABS:
            self._show_tab("logs")
        self.logs.search.ask()

    def action_log(self, what: str) -> None:
        """Show the logs in another way, or move about in them."""
        self.logs.do(what)

    def action_save(self) -> None:
        """Save the shown lines to a file."""
        self.logs.save()

    def action_pager(self) -> None:
        """Hand the terminal to the user's pager, with the whole log."""
        service = self.logs.view.shape.service
        try:
            with self.app.suspend():
                self.context.queries.page_logs(self.environment_name, service)
        except SuspendNotSupported:
            command = " ".join(("previewer logs", self.environment_name, service or "")).strip()
            self.tell(f"this terminal cannot be handed over: {command}", severity="warning")
        except PreviewerError as error:
            self.tell(text_of(failure_summary(error)), title="pager", severity="error")

    def action_maximise(self) -> None:
        """Only the tab, of the first one only the logs, and back."""
        self.toggle_class("-maximised")
        if self.has_class("-maximised") and self.tab == "overview":
            self._show_tab("logs")

    def action_back(self) -> None:
        """Out of the search, out of the maximised view, out of here."""
        if self.logs.clear_search():
            self._focus_tab()
        elif self.has_class("-maximised"):
            self.remove_class("-maximised")
        else:
            self.close()

    @on(TabLine.Chosen)
    def tab_clicked(self, message: TabLine.Chosen) -> None:
        """To this tab."""
        self._show_tab(message.tab)

    @on(RowsTable.RowHighlighted, "#services")
    def service_chosen(self) -> None:
        """Only the logs of the service under the cursor."""
        self.logs.choose_service(self.services.selected_key or None)

    @on(RowsTable.RowSelected, "#services")
    @on(RowsTable.RowSelected, "#history-rows")
    def row_clicked(self) -> None:
        """As if it had been entered."""
        self.action_choose_row()

    @on(RowsTable.RowHighlighted, "#history-rows")
    def entry_chosen(self) -> None:
        """Not every row can be gone back to."""
        self.draw_keys()

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
        for name in TABS:
            self.set_class(name == tab, f"-{name}")
        for name, panel in self.panels.items():
            if name != tab and panel.display:
                panel.close()
        if (chosen := self.panels.get(tab)) is not None:
            chosen.display = True
            if self.environment is None:
                chosen.ask()  # some know of what is gone
        self.call_after_refresh(self._focus_tab)
        self.call_after_refresh(self.draw)

    def _focus_tab(self) -> None:
        panel = self.panels.get(self.tab)
        target: Widget = self.services if self.tab == "overview" else self.logs.view
        (panel.target if panel is not None else target).focus()

    def _last_words(self, environment: Environment | None) -> str:
        """What the first failed service wrote last: mostly it says why."""
        services = environment.services if environment is not None else ()
        failed = next((service.name for service in services if service.state is State.FAILED), None)
        return self.logs.view.last_text(failed) if failed is not None else ""
