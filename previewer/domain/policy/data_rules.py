"""The rule about data of what runs, which is asked for by a user and not by a definition."""

from __future__ import annotations

from previewer.domain.data.snapshots import Snapshot
from previewer.domain.policy.rule import Rule
from previewer.domain.policy.trust import Trust
from previewer.errors import PolicyError

RAW_DATA = Rule(
    id="raw-data",
    forbids="unmasked data of another environment, and data out of a file",
    why="it may be of real people, and the code of a branch may do anything with it",
    instead="use seeds, or `previewer data snapshot ENVIRONMENT --mask`",
    subject="the environment that it was taken of, `imported` for a file's",
    find=lambda _definition, _trust: (),
)
DATA_RULES = (RAW_DATA,)
IMPORTED = "imported"


def refuse_raw_data(snapshot: Snapshot, trust: Trust, *, environment: str) -> None:
    """Raise :class:`PolicyError` where ``environment`` is not to have what ``snapshot`` holds."""
    if not snapshot.is_raw or snapshot.environment == environment:
        return
    subject = snapshot.environment or IMPORTED
    if trust.grant_for(RAW_DATA.id, (subject,)) is None:
        raise PolicyError(
            f"{RAW_DATA.id}: this is unmasked data, {snapshot.origin}",
            where=environment,
            hint=f'{RAW_DATA.instead}; or allow = ["{RAW_DATA.id}:{subject}"] under [policy.{trust.role.value}]'
            " in previewer.toml on the default branch",
        )
