"""How the interface ends: by a key, by a signal, or once what runs has ended. Nothing is left half done."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from textual.app import App

from previewer.tui.context import AppContext
from previewer.tui.screens.leave import LeaveScreen, Leaving

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Asked to end by these, it undoes what runs first."""


class Ending:
    """Belongs to the user interface's thread."""

    def __init__(self, app: App[int], context: AppContext) -> None:
        self._app = app
        self._desk = context
        self._is_wanted = False
        self._exit_code = 0

    def listen(self) -> None:
        """Take signals from now on. They come to the main thread; a test's application may run in another."""
        with suppress(RuntimeError, ValueError):
            for number in SIGNALS:
                asyncio.get_running_loop().add_signal_handler(number, self._by_signal, number)

    def ignore(self) -> None:
        """Leave signals to Python again."""
        for number in SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)

    def leave(self) -> None:
        """End; asks while operations run."""
        if not self._desk.running_works:
            self._app.exit(0)
        elif not any(isinstance(screen, LeaveScreen) for screen in self._app.screen_stack):
            self._app.push_screen(LeaveScreen(self._desk), self._chosen)

    def work_ended(self) -> None:
        """End now, if that was waited for."""
        if self._is_wanted and not self._desk.running_works:
            self._app.exit(self._exit_code)

    def _chosen(self, how: Leaving | None) -> None:
        if how is None:
            self._is_wanted = self._exit_code != 0  # a signal is not taken back
            return
        self._is_wanted = True
        if how is Leaving.CANCEL:
            for work in self._desk.running_works:
                work.cancellation.request()
        if self._desk.running_works:
            self._app.notify("previewer quits as soon as everything has ended", title="quitting", markup=False)
        self.work_ended()

    def _by_signal(self, number: int) -> None:
        """Undo what runs, then end as a program that the signal ended; a second one does not wait."""
        is_second, self._exit_code = self._exit_code != 0, 128 + number
        if is_second or not self._desk.running_works:
            self._app.exit(self._exit_code)
        else:
            self._chosen(Leaving.CANCEL)
