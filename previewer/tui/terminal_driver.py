"""The way to the terminal and back: a terminal that has gone away blocks nothing, and escape is always a key."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from collections.abc import Iterable
from io import TextIOWrapper
from selectors import EVENT_READ, SelectSelector

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key

from previewer.tui.attention import RESTORE_TITLE, SAVE_TITLE

READ_SIZE = 4096
LOOK_EVERY = 0.1
"""Seconds between two looks at whether the interface ends."""


class TerminalDriver(LinuxDriver):
    """Textual's own, with another file to write to and another reader of keys."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        if self._file is not None:
            self._file = LastingFile(open(self._file.fileno(), "wb", closefd=False), encoding="utf-8")  # noqa: SIM115

    def start_application_mode(self) -> None:
        """Keep the terminal's title, to give it back."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.write(SAVE_TITLE)

    def stop_application_mode(self) -> None:
        """Give the title back too."""
        self.write(RESTORE_TITLE)
        super().stop_application_mode()

    def run_input_thread(self) -> None:
        """Read keys until the interface ends."""
        parser = KeyParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        with SelectSelector() as selector:
            selector.register(self.fileno, EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(LOOK_EVERY):
                    if not (typed := self._read()):
                        return  # the terminal is gone: it would be readable, with nothing, for ever
                    for message in parser.feed(decode(typed)):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, READ_SIZE)
        except OSError:
            return b""


class KeyParser(XTermParser):
    """Takes escape and a letter for two keys, however fast they come: no action of ours has an alt key.

    Textual makes alt+letter of them, and loses the escape before anything that is no letter.
    """

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        if alt:
            yield Key("escape", "\x1b")
        yield from super()._sequence_to_key_events(sequence)


class LastingFile(TextIOWrapper):
    """A text file that forgets what it cannot write: Textual's writer ends with the first write that fails.

    Whatever writes after that would wait for ever.
    """

    def write(self, text: str, /) -> int:
        """Write it, or do not."""
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Write what is still to be written, or do not."""
        try:
            super().flush()
        except OSError:
            return
