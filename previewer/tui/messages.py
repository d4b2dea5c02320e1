"""What happened outside of the screens, told by the bridge: each message is a fact in the past tense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from textual.message import Message

from previewer.domain.commit.revision import Branch, BranchView, Commit
from previewer.domain.compose.definition import Role
from previewer.domain.engine.examination import EngineHappening
from previewer.domain.engine.usage import UsageSample
from previewer.domain.environment.environment import Environment
from previewer.domain.progress import Event
from previewer.domain.record.notes import FailedAttempt
from previewer.engine.protocol import LogLine
from previewer.errors import PreviewerError
from previewer.operations.data import ListedSnapshot
from previewer.operations.data_volumes import DataVolume
from previewer.operations.init import Start
from previewer.tui.bridge import Mailbox
from previewer.tui.first_use_jobs import Beginning
from previewer.tui.request import Proposal


class BranchesRead(Message):
    """Git answered."""

    def __init__(self, branches: Sequence[Branch]) -> None:
        super().__init__()
        self.branches = tuple(branches)

    def can_replace(self, message: Message) -> bool:
        """A newer answer makes an older one worthless."""
        return isinstance(message, BranchesRead)


class NamesRead(Message):
    """Git said what else has a name, and what became of the branches."""

    def __init__(self, named: Sequence[Branch], view: BranchView) -> None:
        super().__init__()
        self.named = tuple(named)
        """Tags and pull requests."""
        self.view = view

    def can_replace(self, message: Message) -> bool:
        """A newer answer makes an older one worthless."""
        return isinstance(message, NamesRead)


class BranchesFailed(Message):
    """Git could not answer."""

    def __init__(self, error: PreviewerError) -> None:
        super().__init__()
        self.error = error


class EnvironmentsRead(Message):
    """The engine answered."""

    def __init__(
        self,
        environments: Sequence[Environment],
        *,
        engine: str = "",
        faults: Sequence[str] = (),
        attempts: Sequence[FailedAttempt] = (),
        role_attempts: Mapping[Role, FailedAttempt] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.environments = tuple(environments)
        self.faults = tuple(faults)
        """What of the ledger was passed over, each with what helps."""
        self.engine = engine
        """What it is, for people: ``Docker 28.5.2``."""
        self.attempts = tuple(attempts)
        """Attempts to bring a branch up that failed, and that no later one has made good."""
        self.role_attempts = role_attempts
        """The same of staging and production."""

    def can_replace(self, message: Message) -> bool:
        """A newer answer makes an older one worthless."""
        return isinstance(message, EnvironmentsRead)


class EnvironmentsFailed(Message):
    """The engine could not answer."""

    def __init__(self, error: PreviewerError) -> None:
        super().__init__()
        self.error = error


class EngineStirred(Message):
    """Something happened to a container of ours."""

    def can_replace(self, message: Message) -> bool:
        """However many events: one look at the engine answers them all."""
        return isinstance(message, EngineStirred)


class EngineWatchEnded(Message):
    """The stream of events is over: the engine went away, or could not be asked."""


class PlanRead(Message):
    """The plan that a screen asked for is there."""

    def __init__(self, plan: Proposal) -> None:
        super().__init__()
        self.plan = plan


class PlanFailed(Message):
    """The plan that a screen asked for cannot be made."""

    def __init__(self, error: PreviewerError) -> None:
        super().__init__()
        self.error = error


class CommitsRead(Message):
    """A branch's commits are there."""

    def __init__(self, commits: Sequence[Commit]) -> None:
        super().__init__()
        self.commits = tuple(commits)


class CommitsFound(Message):
    """Commits of environments that belong to no branch here were looked up."""

    def __init__(self, commits: Sequence[Commit]) -> None:
        super().__init__()
        self.commits = tuple(commits)


class CommitsFailed(Message):
    """A branch's commits could not be read."""

    def __init__(self, error: PreviewerError) -> None:
        super().__init__()
        self.error = error


class LogsArrived(Message):
    """Lines lie in the mailbox. There is one such message at a time, however many lines come."""

    def __init__(self, mailbox: Mailbox[LogLine]) -> None:
        super().__init__()
        self.mailbox = mailbox


class LogsEnded(Message):
    """No more lines will come."""

    def __init__(self, error: PreviewerError | None = None) -> None:
        super().__init__()
        self.error = error
        """``None`` where the services just stopped."""


class UsageArrived(Message):
    """Samples of what containers use lie in the mailbox."""

    def __init__(self, mailbox: Mailbox[UsageSample]) -> None:
        super().__init__()
        self.mailbox = mailbox


class UsageEnded(Message):
    """There are no more samples of the containers that were asked for."""


class JobReported(Message):
    """Events of a running operation lie in the mailbox."""

    def __init__(self, number: int, mailbox: Mailbox[Event]) -> None:
        super().__init__()
        self.number = number
        self.mailbox = mailbox


class JobEnded(Message):
    """An operation is over."""

    def __init__(
        self,
        number: int,
        *,
        environment: str | None = None,
        outcome: Sequence[str] = (),
        error: PreviewerError | None = None,
    ) -> None:
        super().__init__()
        self.number = number
        self.environment = environment
        """What came up, if anything did."""
        self.outcome = tuple(outcome)
        """What came of it, a line each: URLs, names of what is gone."""
        self.error = error
        """``None`` where it succeeded."""


class TextCopied(Message):
    """Something is in a clipboard now, or should be."""

    def __init__(self, text: str, *, is_native: bool) -> None:
        super().__init__()
        self.text = text
        self.is_native = is_native
        """Whether the system's clipboard took it; otherwise the terminal is asked (OSC 52)."""


class UrlOpened(Message):
    """A browser was asked to open a URL."""

    def __init__(self, url: str, *, is_open: bool) -> None:
        super().__init__()
        self.url = url
        self.is_open = is_open
        """Whether there was one."""


class FileSaved(Message):
    """A file was written, or could not be."""

    def __init__(self, path: str, *, error: PreviewerError | None = None) -> None:
        super().__init__()
        self.path = path
        self.error = error


class BeginningRead(Message):
    """What a repository without definitions would run is known."""

    def __init__(self, beginning: Beginning) -> None:
        super().__init__()
        self.beginning = beginning


class StartRead(Message):
    """How HEAD begins is known."""

    def __init__(self, start: Start) -> None:
        super().__init__()
        self.start = start


class DataRead(Message):
    """The volumes of one environment are known, and the snapshots that there are."""

    def __init__(self, volumes: Sequence[DataVolume], snapshots: Sequence[ListedSnapshot]) -> None:
        super().__init__()
        self.volumes = tuple(volumes)
        self.snapshots = tuple(snapshots)


class DataMeasured(Message):
    """The engine has counted what was written to volumes."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        super().__init__()
        self.sizes = sizes
        """Bytes by the volume's key, without those that it cannot say it of."""


class EventsRead(Message):
    """What the engine remembers of an environment's containers is known."""

    def __init__(self, events: Sequence[EngineHappening]) -> None:
        super().__init__()
        self.events = tuple(events)
        """Oldest first."""
