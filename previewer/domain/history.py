"""An entry of the ledger: one thing that was done, by whom, to which environment, with which release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from previewer.domain.json_value import JsonObject, as_text
from previewer.domain.labels import format_time, parse_time


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


def entry_to_json(entry: LedgerEntry) -> JsonObject:
    """The entry as it is stored; absent values are left out."""
    found: dict[str, str | None] = {
        "action": entry.action,
        "at": format_time(entry.at),
        "actor": entry.actor,
        "environment": entry.environment,
        "release": entry.release,
        "commit": entry.commit,
        "detail": entry.detail or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def entry_from_json(value: JsonObject) -> LedgerEntry:
    """Read what :func:`entry_to_json` wrote."""
    return LedgerEntry(
        action=as_text(value["action"]),
        at=parse_time(as_text(value["at"])),
        actor=as_text(value["actor"]),
        environment=as_text(value.get("environment")) or None,
        release=as_text(value.get("release")) or None,
        commit=as_text(value.get("commit")) or None,
        detail=as_text(value.get("detail")),
    )
