"""The release that an environment runs."""

from __future__ import annotations

from previewer.domain.environment import Environment
from previewer.domain.release import Release
from previewer.domain.revision import short_id
from previewer.errors import NotFoundError
from previewer.operations.session import Session


def release_of(session: Session, environment: Environment) -> Release:
    """What ``environment`` runs, from the ledger. Raises :class:`NotFoundError` where it is not kept here."""
    owner = environment.ownership
    try:
        return session.ledger.load_release(owner.release)
    except NotFoundError as error:
        wanted = owner.branch or short_id(owner.commit)
        raise NotFoundError(
            f"its release {short_id(owner.release)} is not kept here: another clone made it, or it was pruned",
            where=environment.name,
            hint=f"do this in the clone that made it; `previewer up {wanted}` freezes it here, too",
        ) from error
