"""The interface in a browser of this machine, by textual-serve: on the loopback address, for who has the token.

textual-serve itself lets everybody in who reaches its port: every user of the machine, and every web page in a
browser on it. So each request, the WebSocket's too, has to carry a cookie, which only the printed URL gives, and
to name this server as the host and as the page that it comes from.
"""

from __future__ import annotations

import secrets
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from textual_serve.server import Server

from previewer.domain.isolation.change import LOOPBACK
from previewer.errors import UsageError

TOKEN = "token"  # noqa: S105
"""The parameter of the URL that is printed."""
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class GuardedServer(Server):
    """Starts one process of the command for each page that is open."""

    def __init__(self, command: str, *, port: int, token: str) -> None:
        super().__init__(
            command, host=LOOPBACK, port=port, title="previewer", public_url=f"http://{LOOPBACK}:{port}"
        )
        self._token = token
        self.cookie = f"previewer-{port}"
        """Cookies belong to a host and not to one of its ports."""

    async def on_startup(self, app: web.Application) -> None:
        """Nothing is said before it listens."""
        del app

    def run(self, listener: socket.socket, say: Callable[[str], None]) -> None:
        """Serve on ``listener`` until SIGINT or SIGTERM; ``say`` is told the URL once it listens."""
        url = f"{self.public_url}/?{TOKEN}={self._token}"
        web.run_app(self._make_app(), sock=listener, print=lambda *_words: say(url), access_log=None)

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        is_own_host = request.host == f"{LOOPBACK}:{self.port}"
        if not is_own_host or request.headers.get("Origin", self.public_url) != self.public_url:
            raise web.HTTPForbidden(text="this is not the address of previewer\n")
        if self._is_token(request.query.get(TOKEN, "")):
            found = web.HTTPFound("/")
            found.set_cookie(self.cookie, self._token, httponly=True, samesite="Strict", path="/")
            raise found
        if not self._is_token(request.cookies.get(self.cookie, "")):
            raise web.HTTPForbidden(text="open the URL that previewer --serve printed: it has the token\n")
        return await handler(request)

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self._token.encode())


def serve(arguments: Sequence[str], *, port: int, say: Callable[[str], None]) -> int:
    """Serve the interface that the command line ``arguments`` opens, until ctrl+c; ``say`` is told its URL.

    Port 0 stands for a free one. Raises :class:`UsageError` where the port is taken.
    """
    command = shlex.join((sys.executable, "-m", "previewer", *arguments))
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            message = f"port {port} cannot be used: {error.strerror}"
            raise UsageError(message, hint="--serve takes a free one") from error
        bound = int(listener.getsockname()[1])
        GuardedServer(command, port=bound, token=secrets.token_urlsafe(32)).run(listener, say)
    return 0
