"""Who holds a lock, and whether that process still lives."""

from __future__ import annotations

import json
from datetime import datetime

from previewer.domain.json_value import JsonObject, as_object, as_text, canonical_json
from previewer.domain.labels import format_time, parse_time
from previewer.frozen import dataclass
from previewer.ledger.process_identity import ProcessIdentity, is_dead


@dataclass(frozen=True, slots=True)
class LockOwner:
    """Who holds a lock, where, since when and why."""

    actor: str
    process: ProcessIdentity
    since: datetime
    """Aware, UTC, whole seconds."""
    purpose: str
    """``up shop-main``, for people."""
    token: str
    """Random: tells apart two locks that one process took in one second."""

    @property
    def is_dead(self) -> bool:
        """Whether the owner certainly does not exist any more."""
        return is_dead(self.process)

    def describe(self) -> tuple[str, ...]:
        """Lines for people."""
        return (
            f"held by {self.actor}, process {self.process.pid} on {self.process.host}",
            f"since {format_time(self.since)}",
            f"to {self.purpose}",
        )


def owner_to_json(owner: LockOwner) -> bytes:
    """The owner as it is stored."""
    process: JsonObject = {
        "host": owner.process.host,
        "machine": owner.process.machine,
        "boot": owner.process.boot,
        "namespace": owner.process.namespace,
        "pid": owner.process.pid,
        "started": owner.process.started,
    }
    return canonical_json(
        {
            "actor": owner.actor,
            "process": process,
            "since": format_time(owner.since),
            "purpose": owner.purpose,
            "token": owner.token,
        }
    )


def owner_from_json(content: bytes) -> LockOwner | None:
    """Read what :func:`owner_to_json` wrote; ``None`` for anything else."""
    try:
        value = as_object(json.loads(content))
        process = as_object(value["process"])
        pid = process["pid"]
        return LockOwner(
            actor=as_text(value["actor"]),
            process=ProcessIdentity(
                host=as_text(process["host"]),
                machine=as_text(process["machine"]),
                boot=as_text(process["boot"]),
                namespace=as_text(process["namespace"]),
                pid=pid if isinstance(pid, int) else 0,
                started=as_text(process["started"]),
            ),
            since=parse_time(as_text(value["since"])),
            purpose=as_text(value["purpose"]),
            token=as_text(value["token"]),
        )
    except (ValueError, KeyError):
        return None
