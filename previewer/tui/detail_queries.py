"""Close looks that the screens request (drift, parity, containers, releases), and their results as messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.message import Message
from textual.message_pump import MessagePump

from previewer.deployment.drift import EnvironmentDrift, UnseenFiles, check_drift, merge_events
from previewer.deployment.touches import record_taints
from previewer.domain.compose.definition import Role
from previewer.domain.engine.examination import EngineHappening, ExaminedContainer
from previewer.domain.environment.environment import Environment, OverviewRow
from previewer.domain.environment.life import life_of
from previewer.domain.parity.compare import Parity
from previewer.domain.parity.difference import ParityDifference
from previewer.domain.policy.check import Explanation
from previewer.domain.record.notes import LedgerEntry
from previewer.engine.protocol import Stream
from previewer.errors import NotFoundError, PreviewerError
from previewer.operations.data import list_snapshots
from previewer.operations.data_volumes import DataVolume, list_volumes, own_bytes
from previewer.operations.declare import Declaration, commit_declaration, plan_declaration
from previewer.operations.diff import Difference, diff
from previewer.operations.init import check_init, plan_init, start_of
from previewer.operations.inspect import Inspection, inspect
from previewer.operations.lists import ListedRelease, list_history, list_releases
from previewer.operations.parity import Distance, RolesParity, compare, distance, parity_of_roles
from previewer.operations.probe import Probed, probe
from previewer.releases.definitions import explain_policy
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.tui.bridge import Bridge
from previewer.tui.first_use_jobs import Beginning
from previewer.tui.glance import Glance, GlanceScope, commits_apart, glance
from previewer.tui.messages import BeginningRead, DataMeasured, DataRead, EventsRead, StartRead
from previewer.tui.seen_touches import SeenTouches


class DriftsRead(Message):
    """Every environment was looked at."""

    def __init__(self, drifts: Sequence[EnvironmentDrift]) -> None:
        super().__init__()
        self.drifts = tuple(drifts)


class RolesParityRead(Message):
    """Staging and production were compared."""

    def __init__(self, parity: RolesParity, commits_ahead: int | None) -> None:
        super().__init__()
        self.parity = parity
        self.commits_ahead = commits_ahead
        """Commits that staging runs and production does not; ``None`` where that is not known."""


class GlanceRead(Message):
    """What is under the cursor of the home table was looked at."""

    def __init__(self, glance: Glance) -> None:
        super().__init__()
        self.glance = glance


class ReleasesRead(Message):
    """All that the repository keeps."""

    def __init__(self, releases: Sequence[ListedRelease]) -> None:
        super().__init__()
        self.releases = tuple(releases)


class DriftRead(Message):
    """One environment was looked at."""

    def __init__(self, drift: EnvironmentDrift, *, is_newly_tainted: bool) -> None:
        super().__init__()
        self.drift = drift
        self.is_newly_tainted = is_newly_tainted
        """Whether the ledger says since this look that it was touched."""


class TouchesSeen(Message):
    """Something happened on the engine that may matter."""

    def can_replace(self, message: Message) -> bool:
        """However many there are, one look answers them."""
        return isinstance(message, TouchesSeen)


class TouchesRead(Message):
    """What was done to the environments from outside is known."""

    def __init__(self, drifts: Sequence[EnvironmentDrift], noted: Sequence[str]) -> None:
        super().__init__()
        self.drifts = tuple(drifts)
        """The verdicts on those that were touched; what is in their file systems was not looked at."""
        self.noted = tuple(noted)
        """The names of those that are noted as tainted since this look."""


class TouchesEnded(Message):
    """The engine tells no more: it went away, or closed the stream."""


class ContainersRead(Message):
    """The containers of one environment were inspected."""

    def __init__(self, containers: Sequence[ExaminedContainer]) -> None:
        super().__init__()
        self.containers = tuple(containers)


class HistoryRead(Message):
    """The ledger answered."""

    def __init__(self, entries: Sequence[LedgerEntry]) -> None:
        super().__init__()
        self.entries = tuple(entries)


class InspectionRead(Message):
    """What is known of a release is there."""

    def __init__(self, inspection: Inspection) -> None:
        super().__init__()
        self.inspection = inspection


class PolicyRead(Message):
    """What the policy says about a commit's definitions is there."""

    def __init__(self, explanations: Mapping[str, Explanation]) -> None:
        super().__init__()
        self.explanations = explanations
        """By the definition's name."""


class ProbeEnded(Message):
    """The declared requests were sent to both sides of a comparison, or could not be."""

    def __init__(
        self, parity: Parity, probed: Sequence[Probed] = (), *, error: PreviewerError | None = None
    ) -> None:
        super().__init__()
        self.parity = parity
        """The very comparison that it was asked for."""
        self.probed = tuple(probed)
        self.error = error
        """Why they could not be."""


class ParityRead(Message):
    """Two sides were compared."""

    def __init__(self, parity: Parity, distance: Distance | None = None) -> None:
        super().__init__()
        self.parity = parity
        self.distance = distance


class DeclarationMade(Message):
    """What declares a difference was written, or could not be."""

    def __init__(
        self, declaration: Declaration | None, commit: str = "", *, error: PreviewerError | None = None
    ) -> None:
        super().__init__()
        self.declaration = declaration
        self.commit = commit
        """Its id; empty where it was not to be committed."""
        self.error = error


class DifferenceRead(Message):
    """What lies between two releases is known."""

    def __init__(self, difference: Difference) -> None:
        super().__init__()
        self.difference = difference


class QuestionFailed(Message):
    """There is no answer to what the receiver asked last."""

    def __init__(self, error: PreviewerError) -> None:
        super().__init__()
        self.error = error


MOST_ENTRIES = 300
"""Of an environment's history; the command line shows all of it."""


class DetailQueries:
    """Questions to one session; methods return at once. Answers are messages."""

    def __init__(self, session: Session, bridge: Bridge) -> None:
        self._session = session
        self._bridge = bridge
        self._touches = SeenTouches()

    def read_drifts(self, tell: MessagePump) -> None:
        """Look at every environment: :class:`DriftsRead`. Nothing is noted in the ledger."""
        self._ask("drifts", lambda: DriftsRead(check_drift(self._session, happenings=self._happenings())), tell)

    def read_touches(self, tell: MessagePump) -> None:
        """Look at what was done since the last time, and note environments as touched: :class:`TouchesRead`."""

        def call() -> Message:
            happenings, names = self._happenings(), self._touches.take_names()
            try:
                drifts = check_drift(self._session, names or (), files=UnseenFiles(), happenings=happenings)
            except NotFoundError:
                return TouchesRead((), ())  # taken down meanwhile
            self._touches.learn(happenings, drifts)
            noted = record_taints(self._session, drifts, happenings=happenings)
            return TouchesRead([drift for drift in drifts if drift.touches], noted)

        self._ask("touches read", call, tell)

    def read_roles_parity(self, environments: tuple[Environment, ...], tell: MessagePump) -> None:
        """Compare staging with production: :class:`RolesParityRead`."""

        def call() -> Message:
            found = parity_of_roles(self._session, environments)
            commits = {environment.role: environment.ownership.commit for environment in environments}
            ahead = None
            if Role.PRODUCTION in commits and Role.STAGING in commits:
                ahead = commits_apart(self._session, commits[Role.PRODUCTION], commits[Role.STAGING])
            return RolesParityRead(found, ahead)

        self._ask("roles", call, tell)

    def read_glance(self, row: OverviewRow, state: GlanceScope, tell: MessagePump) -> None:
        """Look at what is under the cursor of the home table: :class:`GlanceRead`."""
        self._ask("glance", lambda: GlanceRead(glance(self._session, row, state)), tell)

    def read_drift(self, environment: str, tell: MessagePump) -> None:
        """Look at one environment, and note it as tainted where it was touched: :class:`DriftRead`."""

        def call() -> Message:
            happenings = self._happenings()
            drifts = check_drift(self._session, [environment], happenings=happenings)
            noted = record_taints(self._session, drifts, happenings=happenings)
            return DriftRead(drifts[0], is_newly_tainted=bool(noted))

        self._ask("drift", call, tell)

    def follow_touches(self, tell: MessagePump) -> None:
        """Tell :class:`TouchesSeen` as things happen on the engine, :class:`TouchesEnded` at the end."""

        def arrived(batch: Sequence[EngineHappening]) -> Message | None:
            return TouchesSeen() if self._touches.take(batch) else None

        def open_stream() -> Stream[Sequence[EngineHappening]]:
            return self._session.examiner.watch_events()  # the first look at the engine may take a while

        self._bridge.follow(
            "touches",
            open_stream,
            tell=tell,
            arrived=arrived,
            ended=lambda _error: TouchesEnded(),
        )

    def read_containers(self, environment: Environment, tell: MessagePump) -> None:
        """Inspect the containers of an environment's generation: :class:`ContainersRead`."""

        def call() -> Message:
            owner = environment.ownership
            seen = self._session.examiner.examine(owner.installation).containers
            ours = (
                container
                for container in seen
                if container.ownership.environment == owner.environment
                and container.ownership.generation == owner.generation
            )
            return ContainersRead(sorted(ours, key=lambda one: (one.is_one_off, one.service, one.number)))

        self._ask("containers", call, tell)

    def read_data(self, environment: Environment, tell: MessagePump) -> None:
        """Answered with :class:`DataRead`."""
        session = self._session
        self._ask("data", lambda: DataRead(list_volumes(session, environment), list_snapshots(session)), tell)

    def measure_data(self, volumes: Sequence[DataVolume], tell: MessagePump) -> None:
        """Answered with :class:`DataMeasured`."""
        self._ask("data sizes", lambda: DataMeasured(own_bytes(self._session, volumes)), tell)

    def read_events(self, environment: Environment, tell: MessagePump) -> None:
        """Answered with :class:`EventsRead`: what the engine remembers, and what was heard of it before."""

        def call() -> Message:
            past = self._session.examiner.past_events(environment.created_at)
            return EventsRead(life_of(merge_events(self._touches.life(), past), environment.name))

        self._ask("events", call, tell)

    def read_history(self, environment: str, tell: MessagePump) -> None:
        """Answered with :class:`HistoryRead`."""

        def call() -> Message:
            return HistoryRead(list_history(self._session, environment=environment, limit=MOST_ENTRIES))

        self._ask("history", call, tell)

    def read_releases(self, tell: MessagePump) -> None:
        """Answered with :class:`ReleasesRead`."""
        self._ask("releases", lambda: ReleasesRead(list_releases(self._session)), tell)

    def read_release(self, release: str, tell: MessagePump) -> None:
        """Answered with :class:`InspectionRead`."""
        self._ask("release", lambda: InspectionRead(inspect(self._session, release)), tell)

    def read_policy(self, commit: str, definitions: Sequence[str], tell: MessagePump) -> None:
        """Answered with :class:`PolicyRead`."""

        def call() -> Message:
            return PolicyRead({name: explain_policy(self._session, commit, name=name) for name in definitions})

        self._ask("release", call, tell)

    def read_start(self, tell: MessagePump) -> None:
        """Answered with :class:`StartRead`."""
        self._ask("start", lambda: StartRead(start_of(self._session)), tell)

    def read_beginning(self, sources: Sequence[str], tell: MessagePump) -> None:
        """What HEAD lacks, and whether it would run with that: :class:`BeginningRead`."""

        def call() -> Message:
            plan = plan_init(self._session, sources)
            return BeginningRead(Beginning(plan, check_init(self._session, plan), tuple(sources)))

        self._ask("beginning", call, tell)

    def compare(self, left: str, right: str, tell: MessagePump) -> None:
        """Compare two sides, empty names for staging and production: :class:`ParityRead`."""

        def call() -> Message:
            parity = compare(self._session, left or None, right or None)
            return ParityRead(parity, distance(self._session, parity))

        self._ask("parity", call, tell)

    def declare(
        self, parity: Parity, difference: ParityDifference, reason: str, tell: MessagePump, *, commits: bool
    ) -> None:
        """Write what declares the difference, and commit it on demand: :class:`DeclarationMade`."""

        def call() -> Message:
            planned = plan_declaration(self._session, parity, difference, reason=reason)
            commit = commit_declaration(Run(self._session), planned).id if commits else ""
            return DeclarationMade(planned, commit)

        def failed(error: PreviewerError) -> Message:
            return DeclarationMade(None, error=error)

        self._bridge.ask("declaration", call, tell=tell, answered=_same, failed=failed)

    def probe(self, parity: Parity, tell: MessagePump) -> None:
        """Send the declared requests to both sides: :class:`ProbeEnded`."""
        self._bridge.ask(
            "probe",
            lambda: ProbeEnded(parity, probe(self._session, parity.left, parity.right)),
            tell=tell,
            answered=_same,
            failed=lambda error: ProbeEnded(parity, error=error),
        )

    def read_difference(self, old: str, new: str, tell: MessagePump) -> None:
        """Answered with :class:`DifferenceRead`."""
        self._ask("difference", lambda: DifferenceRead(diff(self._session, old, new)), tell)

    def _happenings(self) -> tuple[EngineHappening, ...]:
        return self._touches.happenings()

    def _ask(self, slot: str, call: Callable[[], Message], tell: MessagePump) -> None:
        """Every one is answered with its message, or with :class:`QuestionFailed`."""
        self._bridge.ask(slot, call, tell=tell, answered=_same, failed=_failed)


def _same(message: Message) -> Message:
    return message


def _failed(error: PreviewerError) -> Message:
    return QuestionFailed(error)
