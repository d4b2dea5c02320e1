"""An entry of the ledger: one thing that was done, by whom, to which environment, with which release."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from previewer.domain.json_value import JsonObject, JsonValue, as_object, as_text
from previewer.domain.labels import format_time, parse_time
from previewer.domain.notes import Notes, notes_from_json, notes_to_json
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line of history. It is never changed; what it says stays true."""

    action: str
    """``freeze``, ``up``, ``replace``, ``down``, …"""
    at: datetime
    """Aware, UTC, whole seconds."""
    actor: str
    """``ada@laptop``."""
    environment: str | None = None
    """``None`` for what concerns no environment, a freeze say."""
    release: str | None = None
    commit: str | None = None
    detail: str = ""
    began: datetime | None = None
    """When what was done began, where containers were started or stopped for it; ``at`` is when it was over."""
    notes: Notes = field(default_factory=dict)
    """What is true of environments from now on, by name; of others nothing changes."""


def entry_to_json(entry: LedgerEntry) -> JsonObject:
    """The entry as it is stored; absent values are left out."""
    found: dict[str, JsonValue] = {
        "action": entry.action,
        "at": format_time(entry.at),
        "actor": entry.actor,
        "environment": entry.environment,
        "release": entry.release,
        "commit": entry.commit,
        "detail": entry.detail or None,
        "began": format_time(entry.began) if entry.began else None,
        "notes": notes_to_json(entry.notes) or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def entry_from_json(value: JsonObject) -> LedgerEntry:
    """Read what :func:`entry_to_json` wrote."""
    began = as_text(value.get("began"))
    return LedgerEntry(
        action=as_text(value["action"]),
        at=parse_time(as_text(value["at"])),
        actor=as_text(value["actor"]),
        environment=as_text(value.get("environment")) or None,
        release=as_text(value.get("release")) or None,
        commit=as_text(value.get("commit")) or None,
        detail=as_text(value.get("detail")),
        began=parse_time(began) if began else None,
        notes=notes_from_json(as_object(value.get("notes"))),
    )
