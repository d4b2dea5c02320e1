"""What is true of an environment and cannot be a label, because it changes after the objects were made.

Notes live in the ledger: every entry may bring the new notes of environments, and the newest ones are kept beside
the newest entry, so that reading them costs one look however long the history is.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from previewer.domain.stored import Instant


class KnownGood(msgspec.Struct, frozen=True):
    """A release that stayed healthy and untouched in an environment until another one took its place."""

    release: str
    """The release's id."""
    commit: str
    generation: int
    """The one that ran it."""
    until: Instant
    """When it was replaced."""


class Share(msgspec.Struct, frozen=True):
    """A host name that others were given, until a time. Its password, if it has one, is the router's alone."""

    url: str
    target: str
    """The environment's own host name."""
    until: Instant
    is_locked: bool = False
    """Whether it asks for a password."""
    is_tunnel: bool = False
    """Whether the host name is one that a tunnel has elsewhere, not one of the router's domain."""


class FailedAttempt(msgspec.Struct, frozen=True):
    """An attempt to let the environment run a commit that failed, and was undone."""

    commit: str
    branch: str | None
    """The one that it was for; ``None`` for a bare commit."""
    at: Instant
    reason: str
    """In one line, without the values of secrets: ``store: it ended with exit code 1``."""


class EnvironmentNotes(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the ledger says of one environment. The default says nothing.

    ``expires_at``, ``asleep_since``, ``stopped`` and ``tainted`` are about ``generation`` and end with it.
    ``pinned`` and ``shares`` are the environment's and end with that; ``kept`` and ``known_good`` outlive both.
    """

    generation: int = msgspec.field(default_factory=int)  # written even where it is 0
    """The generation that was live when this was written; of an environment that is gone, the last one."""
    expires_at: Instant | None = None
    """Instead of what the labels say, and on their clock; ``None`` where they hold."""
    pinned: bool = False
    """It never expires, whatever else says so."""
    asleep_since: Instant | None = None
    """When its containers were stopped on purpose; ``None`` for an environment that is awake."""
    tainted: str = ""
    """Why it must no longer be trusted: who touched it first, and how; empty for an untouched one."""
    kept: tuple[int, ...] = ()
    """Generations that are stopped and kept to roll back to; no part of what runs."""
    known_good: tuple[KnownGood, ...] = ()
    """Known-good releases, newest first."""
    shares: tuple[Share, ...] = ()
    """What is shared of it; those whose time is over count no more."""
    stopped: tuple[str, ...] = ()
    """The containers, by name, that were stopped to let it sleep: those that start when it wakes. If it is awake:
    those that a rollback is about to stop, until it has come to its end."""
    failed: FailedAttempt | None = None
    """The last attempt, where it failed: a generation that comes up, or the removal, ends it."""

    @property
    def gave_way(self) -> tuple[str, ...]:
        """The containers that a rollback has stopped, or was about to, and did not say what became of it."""
        return self.stopped if self.asleep_since is None else ()

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return self == NOTHING_NOTED

    def of_generation(self, generation: int) -> EnvironmentNotes:
        """What of this holds while ``generation`` is the live one."""
        if generation == self.generation:
            return self
        return EnvironmentNotes(
            generation=generation,
            pinned=self.pinned,
            kept=self.kept,
            known_good=self.known_good,
            shares=self.shares,
        )


NOTHING_NOTED = EnvironmentNotes()
Notes = Mapping[str, EnvironmentNotes]
"""Notes by environment."""


def merge_notes(before: Notes, news: Notes) -> Notes:
    """What is true after ``news``; environments of which nothing is said any more are left out."""
    return {name: note for name, note in {**before, **news}.items() if not note.is_empty}


class LedgerEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of history. It is never changed; what it says stays true."""

    action: str
    """``freeze``, ``up``, ``replace``, ``down``, …"""
    at: Instant
    actor: str
    """User and machine: ``ada@laptop``."""
    environment: str | None = None
    """``None`` for what concerns no environment, a freeze say."""
    release: str | None = None
    commit: str | None = None
    detail: str = ""
    began: Instant | None = None
    """When what was done began, where containers were started or stopped for it; ``at`` is when it was over."""
    engine_ahead: int = 0
    """Milliseconds by which the engine's clock was ahead of the one that ``at`` and ``began`` are of."""
    digests: Mapping[str, str] = msgspec.field(default_factory=dict)
    """SHA-256 of what was written down about the release, by file: where that is edited, it is found."""
    notes: Notes = msgspec.field(default_factory=dict)
    """What is true of environments from now on, by name; of others nothing changes."""


class RunLease(msgspec.Struct, frozen=True):
    """One run's."""

    commit: str
    """The full id of what it freezes or brings up."""
    actor: str
    """Who began it, for people."""
    token: str
    """Its operation's id: tells two runs apart."""
    is_ended: bool = msgspec.field(name="ended", default=False)
    """Whether the run is over, and only those that began before it have not seen its claim yet."""


def is_superseded(own: RunLease, stored: RunLease | None) -> bool:
    """Whether a run is to stop, given the claim that is stored now.

    Runs overwrite each other's claims, so a foreign one began later. For the same commit both may go on: the one
    finds what the other has built. Nothing is stored where no two runs have met.
    """
    return stored is not None and stored.token != own.token and stored.commit != own.commit
