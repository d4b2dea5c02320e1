"""Who works for a branch or an environment now: the run that began last goes on, the others give way."""

from __future__ import annotations

import json

from previewer.domain.json_value import as_object, as_text, canonical_json
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """One run's."""

    commit: str
    """The full id of what it freezes or brings up."""
    actor: str
    """Who began it, for people."""
    token: str
    """Its operation's id: tells two runs apart."""
    is_ended: bool = False
    """Whether the run is over, and only those that began before it have not seen its claim yet."""


def gives_way(ours: Claim, stored: Claim | None) -> bool:
    """Whether a run is to stop, given the claim that is stored now.

    Runs overwrite each other's claims, so a foreign one began later. For the same commit both may go on: the one
    finds what the other has built. Nothing is stored where no two runs have met.
    """
    return stored is not None and stored.token != ours.token and stored.commit != ours.commit


def claim_to_json(claim: Claim) -> bytes:
    """The claim as it is stored."""
    return canonical_json(
        {"actor": claim.actor, "commit": claim.commit, "token": claim.token, "ended": claim.is_ended}
    )


def claim_from_json(content: bytes) -> Claim | None:
    """Read what :func:`claim_to_json` wrote; ``None`` for anything else."""
    try:
        value = as_object(json.loads(content))
        commit, actor, token = (as_text(value[key]) for key in ("commit", "actor", "token"))
        return Claim(commit, actor, token, is_ended=value["ended"] is True)
    except (ValueError, KeyError):
        return None
