"""Keep environments in step with branches until interrupted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue

from msgspec import Struct, field
from msgspec.structs import replace

from previewer.deployment.capacity import is_there_any_capacity
from previewer.domain.deploy.watching import (
    Attempt,
    Cancel,
    Follow,
    Make,
    Progress,
    Remove,
    Skip,
    WatchAction,
    WatchRules,
    decide,
    find_skips,
)
from previewer.domain.progress import Noted
from previewer.errors import (
    CancelledError,
    CapacityError,
    EngineError,
    EngineUnreachableError,
    LockedError,
    NotFoundError,
    PreviewerError,
    SourceError,
    UsageError,
)
from previewer.operations.watch.idle import IdleWatch
from previewer.operations.watch.job import JobEnded, WatchJob, describe
from previewer.operations.watch.queue import WatchQueue, remember_failure, remembered_attempts
from previewer.operations.watch.touches import watch_taints
from previewer.records.environments import list_environments
from previewer.session.run import Run
from previewer.session.session import Session

LOOK_SECONDS = 1.0
"""How often the times of the repository's reference files are looked at."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 120.0
"""Seconds until the next attempt where the engine or the remote does not answer: doubled each time."""
PASSING = (EngineUnreachableError, LockedError, CapacityError, NotFoundError, SourceError)
"""What may be better in a moment, and says nothing about the commit."""


class WatchOptions(Struct, frozen=True):
    """What is watched, and how."""

    patterns: tuple[str, ...] = ()
    """Globs of branches; empty for the setting."""
    remote: str | None = None
    """Whose branches; ``None`` for the local ones."""
    interval: float = 60.0
    """Seconds between two looks at the remote and at the engine."""
    once: bool = False
    """End when everything is in step."""
    limit: int | None = None
    """Environments that are brought up at the same time; ``None`` for the setting."""


class WatchResult(Struct):
    """What a watch has done."""

    up: list[str] = field(default_factory=list)
    """Environments that were brought up or replaced, in that order."""
    removed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def plan_watch(session: Session, options: WatchOptions) -> tuple[str, ...]:
    """What :func:`watch` would do first, one line each. Nothing is fetched."""
    rules = _rules(session, options)
    branches = session.source.branch_view(remote=options.remote, about=rules.covers)
    environments = list_environments(session)
    attempts = remembered_attempts(session, rules, branches.tips, environments)
    actions = decide(branches, environments, rules, session.clock(), attempts)
    skips = find_skips(branches, environments, rules, attempts)
    begun = [describe(action) for action in actions if not isinstance(action, Cancel)]
    return (*begun, *(describe(skip) for skip in skips))


def watch(run: Run, options: WatchOptions) -> WatchResult:
    """Make, replace and remove previews as branches come, move and go, until ``cancellation`` is requested.

    An engine or a remote that does not answer is waited for, and so are settings that make sense again. A branch
    that cannot be brought up is told, and tried again when it has another commit; what there is no room for waits
    for some. What is left alone is told once. An interruption undoes what is being brought up, no more.
    Raises :class:`UsageError` where no branch is named, and :class:`NotFoundError` for no such remote.
    """
    return _Watch(run, options).follow()


class _Wake:
    """The user interrupted."""


class _Watch:
    def __init__(self, run: Run, options: WatchOptions) -> None:
        self._run = run
        self._session = run.session
        self._options = options
        self._rules = _rules(run.session, options)
        self._messages: SimpleQueue[JobEnded | _Wake] = SimpleQueue()
        self._jobs: dict[str, WatchJob] = {}
        self._attempts: dict[str, Attempt] = {}
        self._later: dict[str, tuple[Attempt, float]] = {}
        """What is to be tried again, and when: for reasons that may be gone by then."""
        self._queue = WatchQueue(None if options.once else options.interval)
        self._told: set[tuple[str, str, Progress | None]] = set()
        """Which skips of which commits."""
        self._result = WatchResult()
        self._pause = 0.0
        self._fetch_at = 0.0
        self._stamp = ""
        self._idle: IdleWatch | None = None

    def follow(self) -> WatchResult:
        forget = self._run.cancellation.on_request(lambda: self._messages.put(_Wake()))
        if not self._options.once:
            watch_taints(self._run)
            self._idle = IdleWatch(self._run, self._rules)
        try:
            while not self._run.cancellation.requested:
                if self._look() and self._options.once and not self._jobs:
                    break
                self._wait()
        finally:
            forget()
            self._stop()
        return self._result

    def _look(self) -> bool:
        """Look at both sides once and begin what is to be done; whether there was nothing to be done."""
        try:
            actions = self._decide()
        except CancelledError:
            return False  # interrupted while it was fetching
        except (EngineError, SourceError, UsageError) as error:
            self._back_off(error)
            return False
        if self._pause:
            self._pause = 0.0
            self._run.report(Noted("git and the engine answer again"))
        for action in actions:
            self._begin(action)
        return not actions

    def _decide(self) -> tuple[WatchAction, ...]:
        self._fetch()
        if (stamp := self._session.source.refs_fingerprint()) != self._stamp:
            self._stamp = stamp
            self._session.reread_settings()
            self._rules = _rules(self._session, self._options)
            if self._idle is not None:
                self._idle.rules = self._rules
        branches = self._session.source.branch_view(remote=self._options.remote, about=self._rules.covers)
        environments = list_environments(self._session)
        known = remembered_attempts(self._session, self._rules, branches.tips, environments)
        if self._queue.is_due and not is_there_any_capacity(self._session):
            self._queue.stay_full()
        has_capacity = not self._queue.is_full
        held = {**known, **self._held(), **self._queue.attempts(0), **self._running()}
        self._tell(find_skips(branches, environments, self._rules, held, has_capacity=has_capacity))
        free = self._rules.limit - len(self._jobs)
        self._attempts = {**known, **self._held(), **self._queue.attempts(free), **self._running()}
        now = self._session.clock()
        return decide(branches, environments, self._rules, now, self._attempts, has_capacity=has_capacity)

    def _tell(self, skips: Sequence[Skip]) -> None:
        """Each only once, and none that was told when it failed; those that wait for room together."""
        waiting = {skip.environment: skip for skip in skips if skip.progress is Progress.WAITING}
        attempts = {name: Attempt(skip.branch, skip.commit, Progress.WAITING) for name, skip in waiting.items()}
        if newcomers := self._queue.line_up(attempts):
            branches = ", ".join(waiting[name].branch for name in newcomers)
            self._run.report(Noted(f"no room for {branches}", hint=waiting[newcomers[0]].hint))
        for skip in skips:
            key = (skip.environment, skip.commit, skip.progress)
            if key not in self._told and skip.progress is not Progress.WAITING:
                self._told.add(key)
                self._run.report(Noted(describe(skip), hint=skip.hint))

    def _fetch(self) -> None:
        if self._options.remote is not None and time.monotonic() >= self._fetch_at:
            self._session.source.fetch(self._options.remote, cancellation=self._run.cancellation)
            self._fetch_at = time.monotonic() + self._options.interval

    def _running(self) -> dict[str, Attempt]:
        return {name: attempt for name, attempt in self._attempts.items() if name in self._jobs}

    def _held(self) -> dict[str, Attempt]:
        """What is not to be tried again yet."""
        now = time.monotonic()
        self._later = {name: entry for name, entry in self._later.items() if self._options.once or entry[1] > now}
        return {name: attempt for name, (attempt, _at) in self._later.items()}

    def _begin(self, action: WatchAction) -> None:
        if isinstance(action, Cancel):
            job = self._jobs[action.environment]
            if not job.is_cancelled:
                self._run.report(Noted(f"{action.environment} is no longer brought up: {action.cause}"))
                job.cancel()
            return
        commit = action.commit if isinstance(action, Make | Follow) else ""
        self._attempts[action.environment] = Attempt(action.branch, commit, Progress.RUNNING)
        remote = self._options.remote
        self._jobs[action.environment] = WatchJob(
            self._run,
            action,
            revision=f"refs/heads/{action.branch}" if remote is None else f"refs/remotes/{remote}/{action.branch}",
            tell=self._messages.put,
        )

    def _wait(self) -> None:
        """Until a job ends, a reference changes, the user interrupts or it is time for the next look."""
        deadline = time.monotonic() + (self._pause or self._options.interval)
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = self._messages.get(timeout=min(LOOK_SECONDS, left))
            except Empty:
                if not self._pause and self._session.source.refs_fingerprint() != self._stamp:
                    return
                continue
            if isinstance(message, JobEnded):
                self._end(message)
            if not self._pause or self._run.cancellation.requested:
                return

    def _end(self, ended: JobEnded) -> None:
        name, error = ended.action.environment, ended.error
        self._jobs.pop(name).wait()
        attempt = self._attempts.pop(name)
        self._queue.leave(name)
        if isinstance(ended.action, Remove):
            self._queue.make_room()
        if error is None:
            (self._result.removed if isinstance(ended.action, Remove) else self._result.up).append(name)
        elif not isinstance(error, CancelledError):
            self._result.failed.append(name)
            self._fail(ended.action, attempt, error)

    def _fail(self, action: Make | Follow | Remove, attempt: Attempt, error: PreviewerError) -> None:
        name = action.environment
        is_full = isinstance(error, CapacityError)
        failed = replace(attempt, progress=Progress.WAITING if is_full else Progress.FAILED)
        self._told.add((name, attempt.commit, failed.progress))
        if is_full:
            self._queue.turn_away(name, failed)
            return
        self._later[name] = (failed, time.monotonic() + self._options.interval)
        if isinstance(error, EngineUnreachableError) and not self._options.once:
            self._back_off(error)
        if not isinstance(action, Remove) and not isinstance(error, PASSING):
            self._remember(name, failed, error)

    def _remember(self, name: str, failed: Attempt, error: PreviewerError) -> None:
        """What cannot be written, on a full disk say, is tried again instead."""
        try:
            remember_failure(self._session, name, failed, error)
        except SourceError as unwritten:
            self._run.report(
                Noted(f"the failure of {name} could not be recorded: {unwritten}", hint=unwritten.hint or "")
            )

    def _back_off(self, error: PreviewerError) -> None:
        """Try again later, each time after twice as long."""
        if self._options.once:
            raise error
        if isinstance(error, EngineUnreachableError):
            self._session.disconnect()
        self._pause = min(LONGEST_PAUSE, self._pause * 2 or FIRST_PAUSE)
        self._run.report(Noted(f"{error}; trying again in {self._pause:g} seconds", hint=error.hint or ""))

    def _stop(self) -> None:
        """Undo what is being brought up; what is being removed goes."""
        for job in self._jobs.values():
            job.cancel()
        for job in self._jobs.values():
            job.wait()


def _rules(session: Session, options: WatchOptions) -> WatchRules:
    patterns = options.patterns or session.settings.watch_branches
    if not patterns:
        raise UsageError(
            "no branches to watch",
            hint="say --branches 'feature/*', or set `watch.branches` in previewer.toml",
        )
    limit = options.limit if options.limit is not None else session.settings.watch_limit
    return WatchRules(session.project, patterns, limit)
