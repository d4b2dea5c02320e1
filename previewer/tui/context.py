"""What every screen works with: the state of the application, the gateway to operations, the clocks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.commit.revision import Branch, BranchView, Commit, RefKind
from previewer.domain.compose.definition import Role
from previewer.domain.engine.usage import Usage, UsageBoard
from previewer.domain.environment.environment import Environment, OverviewRow, branch_of, overview
from previewer.domain.naming import environment_name
from previewer.domain.record.notes import FailedAttempt
from previewer.errors import PreviewerError
from previewer.operations.init import Start
from previewer.operations.parity import RolesParity
from previewer.session.session import Session
from previewer.tui.actions import BY_ID, key_name
from previewer.tui.bridge import Bridge
from previewer.tui.detail_queries import DetailQueries
from previewer.tui.job import Job
from previewer.tui.memory import Memory
from previewer.tui.queries import Queries


class AppState(Struct, frozen=True):
    """The newest answers of git and of the engine."""

    branches: tuple[Branch, ...] | None = None
    """``None`` until git has answered."""
    named: tuple[Branch, ...] = ()
    """Tags and pull requests."""
    view: BranchView = field(default_factory=BranchView)
    """What became of the branches: merged, gone, which one is the default."""
    source_error: PreviewerError | None = None
    environments: tuple[Environment, ...] | None = None
    """``None`` until the engine has answered; the last known ones while it does not answer any more."""
    read_at: datetime | None = None
    """When the engine answered last."""
    engine: str = ""
    """What engine it is, for people; empty until it has answered."""
    engine_error: PreviewerError | None = None
    """Why environments could not be read just now: mostly no engine answers, but git or a setting can fail too."""

    commits: Mapping[str, Commit] = field(default_factory=dict)
    """Commits by full id: those that environments run and no branch here points at."""
    attempts: Mapping[str, FailedAttempt] = field(default_factory=dict)
    """By branch: the last attempt to bring it up, where that failed."""
    role_attempts: Mapping[Role, FailedAttempt] = field(default_factory=dict)
    """The last attempts to bring up staging and production, where that failed and neither is there."""
    drifts: Mapping[str, EnvironmentDrift] = field(default_factory=dict)
    """The differences that the last look found, by environment."""
    start: Start | None = None
    """What HEAD says of how it is run; asked for only while nothing runs."""
    roles_parity: RolesParity | None = None
    """How staging and production stand to each other; ``None`` until that is known."""
    commits_ahead: int | None = None
    """Commits that staging runs and production does not; ``None`` where that is not known."""

    def branch_of(self, environment: Environment) -> Branch | None:
        """The branch that an environment is of, a remote one where there is no other."""
        return branch_of(environment, self.branches or ())

    def branch_tried_for(self, environment: str, project: str) -> Branch | None:
        """The branch that an environment that did not come up was for."""
        tried = (branch for branch in self.branches or () if branch.name in self.attempts)
        return next((branch for branch in tried if environment_name(project, branch.name) == environment), None)

    def attempt_for(self, environment: str, project: str) -> FailedAttempt | None:
        """The last attempt to bring up an environment that is not there, by its name."""
        for role, attempt in self.role_attempts.items():
            if environment_name(project, role.value) == environment:
                return attempt
        branch = self.branch_tried_for(environment, project)
        return self.attempts.get(branch.name) if branch is not None else None

    @property
    def rows(self) -> tuple[OverviewRow, ...]:
        """Branches beside environments, then tags and pull requests, with the environments of theirs."""
        rows = overview(self.branches or (), self.environments or (), self.commits)
        named = {branch.commit: branch for branch in reversed(self.named)}
        placed = set[str]()
        found: list[OverviewRow] = []
        for row in rows:
            environment = row.environment
            tag = None
            if row.branch is None and environment is not None and environment.ownership.branch is None:
                tag = named.get(environment.ownership.commit)
            if tag is not None:
                placed.add(tag.name)
            attempt = self.attempts.get(row.branch.name) if row.branch and environment is None else None
            found.append(OverviewRow(tag, environment) if tag is not None else replace(row, attempt=attempt))
        return (*found, *(OverviewRow(branch, None) for branch in self.named if branch.name not in placed))

    def tag_of(self, commit: str) -> str | None:
        """The name of a tag of this commit."""
        return next((one.name for one in self.named if one.commit == commit and one.kind is RefKind.TAG), None)

    def environment(self, name: str) -> Environment | None:
        """The environment of this name."""
        return next((found for found in self.environments or () if found.name == name), None)

    @property
    def unknown_commits(self) -> tuple[str, ...]:
        """The ids of commits that environments without a branch here run, and that were not looked up yet."""
        if self.branches is None or self.environments is None:
            return ()
        rows = overview(self.branches, self.environments)
        ids = {row.environment.ownership.commit for row in rows if row.environment and not row.branch}
        return tuple(sorted(ids.difference(self.commits)))

    def with_touches(self, drifts: Iterable[EnvironmentDrift]) -> AppState:
        """With what was found of touches, before what is known of file systems, which was not looked at."""
        merged = dict(self.drifts)
        for drift in drifts:
            before = merged.get(drift.environment.name)
            rest = [one for one in before.findings if one not in drift.findings] if before is not None else []
            merged[drift.environment.name] = replace(drift, findings=(*drift.findings, *rest))
        return self if merged == self.drifts else replace(self, drifts=merged)

    def has_younger_than(self, span: timedelta, now: datetime) -> bool:
        """Whether something with an age is younger than ``span``, or expires within it."""
        ends = (e.expires_at - now for e in self.environments or () if e.expires_at is not None)
        begins = [branch.committed_at for branch in (self.branches or ())[:1]]  # the newest
        begins += [e.notes.asleep_since or e.created_at for e in self.environments or ()]
        return any(now - begin < span for begin in begins) or any(timedelta() < end < span for end in ends)

    def drift(self, environment: Environment) -> EnvironmentDrift | None:
        """What was found of this very generation; ``None`` before the first look."""
        found = self.drifts.get(environment.name)
        is_same = found is not None and found.environment.ownership.generation == environment.ownership.generation
        return found if is_same else None


UNDO_TIMEOUT = 120.0
"""Seconds that operations may take to undo what they made, should the interface itself end unexpectedly."""


class AppContext:
    """Belongs to the user interface's thread."""

    def __init__(
        self,
        session: Session,
        *,
        keymap: Mapping[str, str] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        memory: Memory | None = None,
        docker_host: str | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.docker_host, self.environment = docker_host, environment
        """What trials open their own sessions with: the engine's address and the user's variables."""
        self.session = session
        self.memory = memory or Memory()
        """What the user chose here, now and before."""
        self.bridge = Bridge()
        self.queries = Queries(session, self.bridge)
        self.detail_queries = DetailQueries(session, self.bridge)
        self.keymap = dict(keymap or {})
        """Keys by action, where the user wants others than the registry's."""
        self.monotonic = monotonic
        """Seconds, for running times."""
        self.usage = UsageBoard()
        """What the containers that are in sight use."""
        self.works: dict[int, Job] = {}
        """Jobs by number, oldest first."""

    def now(self) -> datetime:
        """The time, for ages."""
        return self.session.clock()

    def key_of(self, action: str) -> str:
        """The key of an action as it is written, the user's own where there is one."""
        if own := self.keymap.get(action):
            return key_name(own.split(",")[0].strip())
        return BY_ID[action].key

    def keys_of(self, action: str) -> str:
        """All keys of an action, as they are written."""
        if own := self.keymap.get(action):
            return " ".join(key_name(key.strip()) for key in own.split(","))
        return " ".join(key_name(key) for key in BY_ID[action].keys.split(","))

    def usage_of(self, environment: Environment) -> Usage | None:
        """What an environment uses now; ``None`` while that is not known."""
        return self.usage.of(
            container.name for service in environment.services for container in service.containers
        )

    def begin_work(
        self,
        *,
        verb: str,
        subject: str,
        branch: str | None = None,
        environments: tuple[str, ...] = (),
        progress_label: str = "at work",
        command: str = "",
        steps: int = 0,
    ) -> Job:
        """Note down an operation that is about to be started."""
        number = len(self.works) + 1
        self.works[number] = Job(
            number, verb, subject, branch, environments, self.monotonic(), progress_label, command, steps
        )
        return self.works[number]

    @property
    def running_works(self) -> tuple[Job, ...]:
        """The operations that have not ended, oldest first."""
        return tuple(job for job in self.works.values() if job.is_running)

    def undo_running_works(self) -> None:
        """Have the operations that run stop and undo what they began, and wait for that."""
        for job in self.running_works:
            job.cancellation.request()
        self.bridge.wait_for_operations(UNDO_TIMEOUT)

    def work_on(self, *, branch: str | None, environment: str | None) -> Job | None:
        """The running operation that a row of the home table shows."""
        for job in reversed(self.running_works):
            if environment in job.environments if job.environments else (branch and branch == job.branch):
                return job
        return None
