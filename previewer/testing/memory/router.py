"""A router in memory: what it was told, and what a host name leads to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from previewer.domain.routing.route_files import LINKS, Link, RouterFiles
from previewer.engine.protocol import Stream
from previewer.engine.router import RouterSpec, RouterState, configuration_digest
from previewer.errors import ObjectNotFoundError


class MemoryRouter:
    """As :class:`previewer.engine.router.Router` describes it."""

    def __init__(self, *, reason: str = "it is not wanted in this test") -> None:
        self.reason = reason
        """Why none can be started without a download."""
        self.running: RouterSpec | None = None
        self.lines: Sequence[str] = ()
        """Of its log."""
        self.files: dict[str, bytes | Link] = {}
        """What was written."""

    def find(self, name: str, *, measured: bool = False) -> RouterState | None:
        """The router, if it was started under this name."""
        del measured
        if self.running is None or self.running.name != name:
            return None
        spec = self.running
        digest = configuration_digest(spec.configuration)
        return RouterState(name, spec.port, has_tls=spec.has_tls, is_running=True, image="memory", digest=digest)

    def reason_against(self, image: str = "") -> str:
        """Why none could be started."""
        del image
        return self.reason

    def start(self, spec: RouterSpec, *, may_pull: bool) -> None:
        """It answers at once."""
        del may_pull
        self.running = spec

    def write(self, name: str, files: RouterFiles) -> None:
        """Keep them."""
        if self.find(name) is None:
            raise ObjectNotFoundError("No such container", where=f"container {name}")
        self.files |= files

    def remove(self, name: str) -> bool:
        """Forget it, and its files."""
        was_there = self.find(name) is not None
        self.running, self.files = None, {}
        return was_there

    def authority(self, name: str) -> bytes:
        """It has none."""
        raise ObjectNotFoundError("No such file", where=name)

    def accepts(self, host: str, port: int) -> bool:
        """Whatever there is in memory does."""
        return bool(host and port)

    def logs(self, name: str, *, tail: int | None, follow: bool) -> Stream[Sequence[str]]:
        """The newest of its lines, which a test gives it."""
        del follow
        if self.find(name) is None:
            raise ObjectNotFoundError("No such container", where=f"container {name}")
        return _Lines(self.lines[-tail:] if tail else ())

    def leads(self, host: str, place: str = "") -> str:
        """Where a host name leads, or a place below it (``1/api/``); empty for nowhere."""
        link = self.files.get(f"{host}/{LINKS[0]}")
        start = f"{link.target.replace('../', '')}/{place}=" if isinstance(link, Link) else "="
        return next((path.removeprefix(start) for path in self.files if path.startswith(start)), "")

    def page(self, host: str, status: int) -> str:
        """The page that a host name has for an HTTP status."""
        content = self.files[f"{host}/page-{status}.html"]
        return content.decode() if isinstance(content, bytes) else ""


class _Lines:
    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def __iter__(self) -> Iterator[Sequence[str]]:
        return iter([self._lines])

    def close(self) -> None:
        """Nothing to end."""
