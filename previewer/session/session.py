"""What an operation works with: the repository, the engine, the ledger, the settings."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from msgspec.structs import replace

from previewer.background import begin
from previewer.domain.compose.references import References
from previewer.domain.isolation.change import LOOPBACK
from previewer.errors import NotFoundError, SourceError, UsageError
from previewer.ledger.protocol import Fault
from previewer.session.reservations import CapacityReservations
from previewer.settings.model import PUBLISH_AUTO, PUBLISH_LOOPBACK

if TYPE_CHECKING:
    from previewer.domain.compose.definition import Role
    from previewer.domain.policy.trust import Grant, Trust
    from previewer.domain.record.notes import Notes
    from previewer.domain.release.release import Release
    from previewer.engine.examiner import Debugger, Examiner
    from previewer.engine.protocol import Engine, NodeProbe
    from previewer.engine.router import Router
    from previewer.engine.tunnel import PortTunnel
    from previewer.freeze.protocol import Images
    from previewer.ledger.protocol import Ledger
    from previewer.session.readings import Readings
    from previewer.settings.model import Settings
    from previewer.source.protocol import Source


SECRETS = "secrets of "
"""What begins the names of those among the user's files of variables that stand for secrets of a role."""
T = TypeVar("T")


class EngineClients(Protocol):
    """Both stages' view of one engine over one connection."""

    @property
    def engine(self) -> Engine:
        """The run stage's."""
        ...

    @property
    def images(self) -> Images:
        """The build stage's."""
        ...

    @property
    def examiner(self) -> Examiner:
        """A close look at it, for drift and parity."""
        ...

    @property
    def debugger(self) -> Debugger:
        """Copies of its services, to look into."""
        ...

    @property
    def router(self) -> Router:
        """What leads host names to its environments."""
        ...

    @property
    def probe(self) -> NodeProbe | None:
        """A look from its machines; ``None`` where it is a single one."""
        ...

    def image_sizes(self, images: Collection[str]) -> Mapping[str, int]:
        """Bytes by image (config digest), as the engine counts them; of those that it holds."""
        ...

    def forward(self, places: Iterable[tuple[str, int]]) -> PortTunnel:
        """Ports of this machine that lead to hosts and ports as the engine's machine reaches them."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class Session:
    """One user's work on one repository with one engine.

    Settings, ledger and engine are opened on first use: what needs only git never waits for the engine, and
    listing branches costs one git process.
    """

    def __init__(
        self,
        *,
        source: Source,
        open_ledger: Callable[[], Ledger],
        read_settings: Callable[[], Settings],
        connect: Callable[[], EngineClients],
        open_readings: Callable[[], Readings],
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        assumed: str = "",
        is_chosen: bool = True,
        on_close: Callable[[], None] = lambda: None,
        read_key: Callable[[], bytes] = lambda: b"",
        find_secret: Callable[[str], str] = lambda _source: "",
    ) -> None:
        """``on_close`` is called when the session ends."""
        self.assumed = assumed
        """What users must know where there is no repository; empty in one."""
        self.is_chosen = is_chosen
        """Whether the user said, or stands in, what the project is."""
        self._on_close = on_close
        self.config_mounts: Mapping[str, Mapping[str, str]] = {}
        """Variables of the user's own environment files, by the path that the user named; and secrets."""
        self.source = source
        self.clock = clock
        """The time now: aware, UTC."""
        self.adjust: Callable[[Settings], Settings] = lambda settings: settings
        """What a part of an operation changes about the settings."""
        self.find_secret = find_secret
        """The value that a source of the settings' gives. Raises :class:`PreviewerError`."""
        self.new_id = new_id
        """A new operation's id."""
        self.capacity_reservations = CapacityReservations()
        """Reservations for the environments that this session brings up."""
        self._ledger = _Once(open_ledger)
        self._unread: list[Fault] = []
        self._settings = _Once(read_settings)
        self._readings = _Once(open_readings)
        self._room = _Once(connect)
        self._key = _Once(read_key)

    def new_operation(self) -> str:
        """The id of a run that is about to make something: it tells which clone's it is."""
        return self._clone + self.new_id()

    def began(self, operation: str) -> bool:
        """Whether a run of this very clone has that id. Of those that hold no lock, none is at work any more."""
        return operation.startswith(self._clone)

    @property
    def _clone(self) -> str:
        """The id of this clone on this machine, shared by its working trees: eight hexadecimal digits, a dash."""
        place = f"{socket.gethostname()}:{self.source.shared_folder}"
        return f"{hashlib.sha256(place.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}-"

    @property
    def project(self) -> str:
        """The project's name: the settings', else what the repository is called."""
        return self.settings.project or self.source.project

    @property
    def ledger(self) -> Ledger:
        """Releases, history and locks."""
        return self._ledger.get()

    def known_notes(self) -> Notes:
        """What the ledger says of environments; nothing where it cannot be read, which is among :attr:`faults`.

        Looking at what runs, and removing it, does not depend on the ledger.
        """
        try:
            return self.ledger.notes()
        except SourceError as error:
            self._pass_over(f"{error}; what it says of environments is not known", error.hint)
            return {}

    def known_release(self, release_id: str) -> Release | None:
        """A release by its full id; ``None`` where it is not kept here or (a fault) broken."""
        try:
            return self.ledger.load_release(release_id)
        except NotFoundError:
            return None
        except SourceError as error:
            self._pass_over(f"a release is left out: {error}", error.hint)
            return None

    def _pass_over(self, message: str, hint: str | None) -> None:
        fault = Fault(message, hint or "")
        self._unread += [fault] if fault not in self._unread else []

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What of the ledger was passed over so far because it could not be read."""
        passed = self._ledger.peek()
        return tuple(dict.fromkeys((*(passed.faults if passed else ()), *self._unread)))

    @property
    def settings(self) -> Settings:
        """The user's and the default branch's settings, with the values that the user gave in files.

        Raises :class:`UsageError` for ones that make no sense.
        """
        settings = self.adjust(self._settings.get())
        if not self.config_mounts:
            return settings
        return replace(settings, allowed_variables={**settings.allowed_variables, **self.given_values})

    @property
    def given_values(self) -> Mapping[str, str]:
        """The variables of all files that the user gave."""
        return {name: value for values in self.config_mounts.values() for name, value in values.items()}

    def give_environment_file(self, path: str) -> None:
        """Let definitions use the variables of an environment file of this machine; they are kept as references.

        Raises :class:`UsageError` for a file that cannot be read, or that gives a variable another value than one
        given before: definitions refer to variables by name.
        """
        from previewer.definition.dotenv import read_dotenv

        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise UsageError(
                f"the environment file cannot be read: {error.strerror}",
                where=path,
                hint="name a file of the commit, by its path in it, or one of this machine",
            ) from error
        values = read_dotenv(content, file=path, lookup=self._settings.get().allowed_variables.get)
        known = {
            name: value
            for file, given in self.config_mounts.items()
            if file != path and not file.startswith(SECRETS)
            for name, value in given.items()
        }
        if differing := sorted(name for name, value in values.items() if known.get(name, value) != value):
            raise UsageError(f"another file gives {', '.join(differing)} another value", where=path)
        self.config_mounts = {**self.config_mounts, path: values}

    def trust(self, role: Role, *, branch: str | None, commit: str) -> Trust:
        """What a commit (full id) of ``branch`` is trusted with in ``role``: every decision on trust asks here.

        A branch's name counts only where that branch really holds the commit: anything may be checked out under
        the name ``main``. Commits of the default branch may name any image: they have been reviewed.
        """
        rules = self.settings.trust
        unpushed: tuple[Grant, ...] = ()
        if branch is not None and rules.names(branch, role) and not self.source.is_on_branch(commit, branch):
            unpushed = tuple(grant for grant in rules.trust(role, branch).grants if grant.branches)
            branch = None
        trust = replace(rules.trust(role, branch), unpushed=unpushed)
        default = self.settings.default_branch
        if trust.images is not None and default is not None and default.name is not None:
            is_merged = self.source.is_on_branch(commit, default.name)
            trust = replace(trust, images=None) if is_merged else trust
        return trust

    def cache_scope(self, *, branch: str | None, commit: str) -> str:
        """Whose caches a build of a commit (full id) of ``branch`` shares, as a name that no other repository has.

        The default branch and each branch that is trusted by its name have their own; all others share one.
        """
        default = self.source.default_branch().name
        rules = self.settings.trust
        is_trusted = branch == default or any(rules.names(branch or "", role) for role in rules.limits)
        own = branch if branch and is_trusted and self.source.is_on_branch(commit, branch) else ""
        return hashlib.sha256(f"{self.source.installation} {own}".encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def publish_address(self) -> str:
        """The host address that ports without a fixed one are published at. It may ask the engine."""
        chosen = self.settings.publish
        if chosen == PUBLISH_AUTO:
            return self.engine.capabilities.reach or LOOPBACK
        return LOOPBACK if chosen == PUBLISH_LOOPBACK else chosen

    @property
    def references(self) -> References:
        """What this user's variables are kept as."""
        return References(self._key.get(), self.settings.allowed_variables)

    @property
    def readings(self) -> Readings:
        """What definitions were found to be before."""
        return self._readings.get()

    @property
    def engine(self) -> Engine:
        """The engine, for the run stage. Raises :class:`EngineUnreachableError`, and tries again next time."""
        return self._room.get().engine

    def prefetch_engine(self, *, makes: bool) -> None:
        """Connect in the background, where the engine will be needed; ``makes`` is whether to make something.

        Raises nothing: using the engine raises what is wrong.
        """

        def connect() -> None:
            engine = self.engine
            if makes:
                engine.get_ready()

        begin(connect, name="previewer-connect")

    @property
    def images(self) -> Images:
        """The engine's images, for the build stage. Raises :class:`EngineUnreachableError`."""
        return self._room.get().images

    def image_sizes(self, images: Collection[str]) -> Mapping[str, int]:
        """Bytes by image (config digest), as the engine counts them; of those that it holds.

        It does not bring the build stage along. Raises :class:`EngineUnreachableError`.
        """
        return self._room.get().image_sizes(images)

    @property
    def examiner(self) -> Examiner:
        """A close look at the engine. Raises :class:`EngineUnreachableError`."""
        return self._room.get().examiner

    @property
    def debugger(self) -> Debugger:
        """Copies of the engine's services. Raises :class:`EngineUnreachableError`."""
        return self._room.get().debugger

    @property
    def router(self) -> Router:
        """The engine's router. Raises :class:`EngineUnreachableError`."""
        return self._room.get().router

    def forward(self, places: Iterable[tuple[str, int]]) -> PortTunnel:
        """Ports of this machine that lead to its. Raises :class:`UnsupportedError` where ssh is not the way."""
        return self._room.get().forward(places)

    @property
    def probe(self) -> NodeProbe | None:
        """A look from the engine's machines; ``None`` where it is one. Raises :class:`EngineUnreachableError`."""
        return self._room.get().probe

    def reread_settings(self) -> None:
        """Read the settings again at the next use: the default branch may have others by now."""
        self._settings.forget()

    def disconnect(self) -> None:
        """End the engine's connection, if there is one; the next use makes a new one."""
        if (clients := self._room.forget()) is not None:
            clients.close()

    def close(self) -> None:
        """End git processes and the engine's connection."""
        self.disconnect()
        self.source.close()
        self._on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Once(Generic[T]):
    """A value that is made on first use, once, whichever thread comes first.

    A failure is raised for all callers that waited for the attempt, and for no later one.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._value: T | None = None
        self._failures = 0
        self._failure: Exception | None = None
        self._lock = threading.Lock()

    def get(self) -> T:
        failures = self._failures
        with self._lock:
            if self._value is None:
                if self._failure is not None and self._failures > failures:
                    raise self._failure
                self._value = self._try()
            return self._value

    def _try(self) -> T:
        try:
            return self._make()
        except Exception as error:
            self._failure = error
            self._failures += 1
            raise

    def peek(self) -> T | None:
        """The value, if it was made already."""
        return self._value

    def forget(self) -> T | None:
        with self._lock:
            value, self._value = self._value, None
            return value
