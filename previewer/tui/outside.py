"""What the application hands to the system that it runs on: a shell, the clipboard, a browser."""

from __future__ import annotations

from textual import on
from textual.app import SuspendNotSupported

from previewer.errors import PreviewerError
from previewer.present.safe_text import plain
from previewer.tui import messages as told
from previewer.tui import screen_requests
from previewer.tui.live import LiveApp
from previewer.tui.present.notices import failure_summary
from previewer.tui.present.text import text_of


class OutsideApp(LiveApp):
    """The part of the application that does so."""

    @on(screen_requests.ShellRequested)
    def shell_requested(self, message: screen_requests.ShellRequested) -> None:
        """Hand the terminal over until the shell ends."""
        title = f"debug {message.environment} {message.service}"

        def say(words: str) -> None:
            self.error_console.out(plain(words), highlight=False)

        try:
            with self.suspend():
                say(f"making a copy of {message.service} of {message.environment}; a shell opens in it …")
                code = self.context.queries.open_shell(message.environment, message.service, say)
        except SuspendNotSupported:
            command = f"previewer debug {message.environment} {message.service}"
            self.tell(f"this terminal cannot be handed over: {command}", title=title, severity="warning")
        except PreviewerError as error:
            self.tell(text_of(failure_summary(error)), title=title, severity="error")
        else:
            self.tell(f"the shell ended with {code}, and the copy is gone", title=title)
        self.refresh_app_state()

    @on(screen_requests.CopyRequested)
    def copy_requested(self, message: screen_requests.CopyRequested) -> None:
        """Try the system's clipboard."""
        self.context.queries.copy(message.text, self)

    @on(told.TextCopied)
    def text_copied(self, message: told.TextCopied) -> None:
        """Where the system has no clipboard, ask the terminal."""
        if not message.is_native:
            self.copy_to_clipboard(message.text)
        lines = message.text.count("\n")
        what = plain(message.text) if lines == 0 else f"{lines} lines"
        how = "" if message.is_native else " (through the terminal)"
        self.tell(f"{what}", title=f"copied{how}")

    @on(screen_requests.BrowseRequested)
    def browse_requested(self, message: screen_requests.BrowseRequested) -> None:
        """Ask a browser."""
        self.context.queries.open_url(message.url, self)

    @on(told.UrlOpened)
    def url_opened(self, message: told.UrlOpened) -> None:
        """Say so, or give the URL to copy."""
        if message.is_open:
            self.tell(message.url, title="opened in the browser")
        else:
            key = self.context.key_of("copy")
            self.tell(f"{message.url} · {key} copies it", title="no browser here", severity="warning")
