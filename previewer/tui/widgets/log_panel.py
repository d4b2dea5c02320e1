"""The logs of an environment: a title with the follow badge, the lines, and a search when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from previewer.domain.environment.environment import Environment
from previewer.engine.protocol import LogLine
from previewer.errors import PreviewerError
from previewer.tui.context import AppContext
from previewer.tui.messages import LogsArrived, LogsEnded
from previewer.tui.present.log_levels import Level
from previewer.tui.present.logs import log_title
from previewer.tui.present.notices import failure_summary
from previewer.tui.present.text import to_content
from previewer.tui.widgets.lines import LineInput
from previewer.tui.widgets.log_view import LogView
from previewer.tui.widgets.text_block import TextBlock


class LogPanel(Vertical):
    """Follows an environment's logs for as long as it is there, and shows the lines that match the search."""

    def __init__(self, context: AppContext, environment: str) -> None:
        super().__init__(id="logs")
        self.context = context
        self.environment_name = environment
        self._followed: tuple[str, ...] = ()
        """The containers whose logs are followed; the environment's name where its last lines are shown."""
        self._services: tuple[str, ...] = ()
        self._ended = False
        self._error: PreviewerError | None = None

    def compose(self) -> ComposeResult:
        """Title, lines, search."""
        yield TextBlock(id="log-title", markup=False)
        yield LogView(name="log-lines")
        yield LineInput(name="log-search", placeholder="search the logs · enter keeps it, esc clears it")

    @property
    def view(self) -> LogView:
        """The lines."""
        return self.query_one(LogView)

    @property
    def search(self) -> LineInput:
        """Where the search is typed."""
        return self.query_one("#log-search", LineInput)

    def on_unmount(self) -> None:
        """Let go of the stream: a reader that waits for it would keep the application alive."""
        self.context.queries.stop_logs()

    def follow(self, environment: Environment) -> None:
        """Follow the logs of the containers there are now: a replacement has others."""
        names = tuple(c.id for service in environment.services for c in service.containers)
        if names and names != self._followed:
            self._followed = names
            self._ended, self._error = False, None
            self.view.forget()
            self.know_services([service.name for service in environment.services])
            self.context.queries.follow_logs(environment.name, self)

    def show_last_lines(self) -> None:
        """What is remembered of an environment that is gone, or did not come up."""
        if not self._followed:
            self._followed = (self.environment_name,)
            self.context.queries.follow_logs(self.environment_name, self)

    def let_go(self) -> None:
        """Follow anew when asked for the next time, whatever containers there are."""
        self._followed = ()

    @on(LogsArrived)
    def logs_arrived(self, message: LogsArrived) -> None:
        """Lines have come."""
        message.stop()
        self.add(message.mailbox.take())

    @on(LogsEnded)
    def logs_ended(self, message: LogsEnded) -> None:
        """No more lines will come from these containers."""
        message.stop()
        self.end(message.error)

    def add(self, entries: Sequence[LogLine]) -> None:
        """Take in new lines."""
        names = {entry.service for entry in entries}
        if not names.issubset(self._services):
            self.know_services((*self._services, *sorted(names.difference(self._services))))
        self.view.add(entries)

    def end(self, error: PreviewerError | None) -> None:
        """No more lines will come."""
        self._ended, self._error = True, error
        self._draw_title()

    def know_services(self, names: Sequence[str]) -> None:
        """The services whose lines may come: their column is made just wide enough."""
        self._services = tuple(names)
        self.view.reshape(self.view.shape.for_services(self._services))
        self.view.colour(self._services)

    def choose_service(self, name: str | None) -> None:
        """Only this one's lines; ``None`` for all."""
        if name != self.view.shape.service:
            self.view.reshape(replace(self.view.shape, service=name).for_services(self._services))
            self._draw_title()

    def change(self, **changes: object) -> None:
        """Show other lines: fields of the shape and their new values."""
        self.view.reshape(replace(self.view.shape, **changes))
        self._draw_title()

    def do(self, what: str) -> None:
        """What a key asks for: one of the words below."""
        view, shape = self.view, self.view.shape
        actions: Mapping[str, Callable[[], None]] = {
            "follow": view.pause if view.is_following else view.follow,
            "wrap": lambda: self.change(is_wrapped=not shape.is_wrapped),
            "times": lambda: self.change(has_times=not shape.has_times),
            "next": lambda: view.jump(1),
            "previous": lambda: view.jump(-1),
            "hide": lambda: self.change(hides_rest=not shape.hides_rest),
            "invert": lambda: self.change(is_inverted=not shape.is_inverted),
            "tracebacks": view.toggle_tracebacks,
            "level": lambda: self.change(level=Level((shape.level + 1) % len(Level))),
        }
        actions[what]()

    def save(self) -> None:
        """Save the shown lines to a file in the current folder; the screen is told."""
        timestamp = self.context.now().strftime("%Y%m%dT%H%M%SZ")
        name = "-".join(part for part in (self.environment_name, self.view.shape.service, timestamp) if part)
        path = Path(f"{name.replace('/', '_')}.log").absolute()
        self.context.queries.save(path, self.view.text(), self)

    def clear_search(self) -> bool:
        """Show every line again; whether there was a search."""
        had_one = self.search.display or bool(self.view.shape.search)
        self.search.put_away()
        self.view.reshape(replace(self.view.shape, search=""))
        return had_one

    @on(Input.Changed, "#log-search")
    def search_typed(self, event: Input.Changed) -> None:
        """Search while the user types."""
        event.stop()
        self.view.reshape(replace(self.view.shape, search=event.value))

    @on(Input.Submitted, "#log-search")
    def search_kept(self, event: Input.Submitted) -> None:
        """Back to the lines, the search stays."""
        event.stop()
        self.search.display = bool(event.value)
        self.view.focus()

    @on(LogView.Changed)
    def badge_changed(self, event: LogView.Changed) -> None:
        """Lines came, or following was paused."""
        event.stop()
        self._draw_title()

    def _draw_title(self) -> None:
        view, width = self.view, self.size.width - 4
        if self._error is not None:
            self.query_one("#log-title", TextBlock).put(to_content(failure_summary(self._error)))
            return
        pieces = log_title(
            view.shape,
            width=width,
            shown=view.shown_count,
            held=view.held_count,
            is_following=view.is_following,
            has_ended=self._ended,
        )
        self.query_one("#log-title", TextBlock).put(to_content(pieces))
