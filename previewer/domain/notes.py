"""What is true of an environment and cannot be a label, because it changes after the objects were made.

Notes live in the ledger: every entry may bring the new notes of environments, and the newest ones are kept beside
the newest entry, so that reading them costs one look however long the history is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.domain.labels import format_time, parse_time
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class KnownGood:
    """A release that stayed healthy and untouched in an environment until another one took its place."""

    release: str
    """Its id."""
    commit: str
    generation: int
    """The one that ran it."""
    until: datetime
    """When it was replaced; aware, UTC."""


@dataclass(frozen=True, slots=True)
class EnvironmentNotes:
    """What the ledger says of one environment. The default says nothing.

    ``expires_at``, ``asleep_since``, ``stopped`` and ``tainted`` are about ``generation`` and end with it.
    ``pinned`` is about the environment and ends with that; ``kept`` and ``known_good`` outlive both.
    """

    generation: int = 0
    """The generation that was live when this was written; of an environment that is gone, the last one."""
    expires_at: datetime | None = None
    """Instead of what the labels say; ``None`` where they hold."""
    pinned: bool = False
    """It never expires, whatever else says so."""
    asleep_since: datetime | None = None
    """When its containers were stopped on purpose; ``None`` for an environment that is awake."""
    tainted: str = ""
    """Why nobody is to trust it any more: who touched it first, and how; empty for an untouched one."""
    kept: tuple[int, ...] = ()
    """Generations that are stopped and kept to roll back to; no part of what runs."""
    known_good: tuple[KnownGood, ...] = ()
    """Newest first."""
    stopped: tuple[str, ...] = ()
    """The containers, by name, that were stopped to let it sleep: those that start when it wakes. If it is awake:
    those that a rollback is about to stop, until it has come to its end."""

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
            generation=generation, pinned=self.pinned, kept=self.kept, known_good=self.known_good
        )


NOTHING_NOTED = EnvironmentNotes()
Notes = Mapping[str, EnvironmentNotes]
"""By environment."""


def notes_to_json(notes: Notes) -> JsonObject:
    """The notes as they are stored."""
    return {name: _to_json(said) for name, said in notes.items()}


def merge_notes(before: Notes, news: Notes) -> Notes:
    """What is true after ``news``; environments of which nothing is said any more are left out."""
    return {name: said for name, said in {**before, **news}.items() if not said.is_empty}


def notes_from_json(value: JsonObject) -> Notes:
    """Read what :func:`notes_to_json` wrote. Raises :class:`ValueError` or :class:`KeyError` for anything else."""
    return {name: _from_json(as_object(said)) for name, said in value.items()}


def _to_json(notes: EnvironmentNotes) -> JsonObject:
    found: dict[str, JsonValue] = {
        "generation": notes.generation,
        "expires_at": format_time(notes.expires_at) if notes.expires_at else None,
        "pinned": notes.pinned or None,
        "asleep_since": format_time(notes.asleep_since) if notes.asleep_since else None,
        "stopped": list(notes.stopped) or None,
        "tainted": notes.tainted or None,
        "kept": list(notes.kept) or None,
        "known_good": [_good_to_json(good) for good in notes.known_good] or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _from_json(value: JsonObject) -> EnvironmentNotes:
    expires, asleep = as_text(value.get("expires_at")), as_text(value.get("asleep_since"))
    return EnvironmentNotes(
        generation=_number(value["generation"]),
        expires_at=parse_time(expires) if expires else None,
        pinned=value.get("pinned") is True,
        asleep_since=parse_time(asleep) if asleep else None,
        stopped=tuple(as_text(name) for name in as_list(value.get("stopped"))),
        tainted=as_text(value.get("tainted")),
        kept=tuple(_number(generation) for generation in as_list(value.get("kept"))),
        known_good=tuple(_good_from_json(as_object(good)) for good in as_list(value.get("known_good"))),
    )


def _good_to_json(good: KnownGood) -> JsonObject:
    return {
        "release": good.release,
        "commit": good.commit,
        "generation": good.generation,
        "until": format_time(good.until),
    }


def _good_from_json(value: JsonObject) -> KnownGood:
    return KnownGood(
        release=as_text(value["release"]),
        commit=as_text(value["commit"]),
        generation=_number(value["generation"]),
        until=parse_time(as_text(value["until"])),
    )


def _number(value: JsonValue) -> int:
    if isinstance(value, int):
        return value
    raise ValueError(f"not a generation: {value!r}")
