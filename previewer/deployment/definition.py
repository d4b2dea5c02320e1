"""The release and the definition that an environment runs, and what may and must be told of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import ReadingChoice
from previewer.domain.environment.environment import Environment
from previewer.domain.isolation.isolate import Rewrite
from previewer.domain.labels import Ownership
from previewer.domain.progress import Noted, Report
from previewer.domain.release.release import Release
from previewer.domain.secrecy import Secrecy
from previewer.errors import NotFoundError
from previewer.session.session import Session


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


def definition_name(release: Release, environment: Environment) -> str:
    """As :func:`owned_definition_name`, of an environment as it was observed."""
    present = {service.name for service in environment.services}
    return owned_definition_name(release, environment.ownership, present)


def how_it_was_read(release: Release, environment: Environment) -> tuple[str, ReadingChoice]:
    """The name of the definition that an environment runs, and what the user chose about it."""
    name = definition_name(release, environment)
    return name, release.definitions[name].definition.choice


def owned_definition_name(release: Release, owner: Ownership, present: Collection[str]) -> str:
    """The definition that the labels name.

    Those of an older previewer do not: then it is the one of the role that has all services that are ``present``;
    another that has them; else the role's. Raises :class:`NotFoundError` where the release has none that fits.
    """
    if owner.definition is not None and owner.definition in release.definitions:
        return owner.definition
    by_name = {name: frozen.definition for name, frozen in release.definitions.items()}
    fitting = [name for name, definition in by_name.items() if set(present) <= set(definition.services)]
    of_role = [name for name, definition in by_name.items() if definition.role is owner.role]
    for name in (*(name for name in of_role if name in fitting), *fitting, *of_role):
        return name
    raise NotFoundError(
        f"the release has no definition for {owner.role.value}",
        where=owner.environment,
        hint=f"it has {', '.join(by_name)}",
    )


def new_secrecy(session: Session) -> Secrecy:
    """A way of showing values that is this run's own; variables that the settings let in are secrets."""
    return Secrecy(os.urandom(16), session.settings.allowed_variables.values())


SERVICES = "services"
MOST = 6
"""Keys that are named; of more only the number is said."""


def tell_rewrites(rewrites: Iterable[Rewrite], revision: str, *, report: Report) -> None:
    """Note what the definition says and isolation changed. Limits that it adds are expected and left out."""
    keys = list(dict.fromkeys(_key(rewrite) for rewrite in rewrites if rewrite.before is not None))
    if not keys:
        return
    more = f" and {len(keys) - MOST} more" if len(keys) > MOST else ""
    report(
        Noted(
            f"not as written, so that environments cannot meet: {', '.join(keys[:MOST])}{more}",
            hint=f"`previewer config {revision} --rewritten` says how and why",
        )
    )


def rewrite_lines(rewrites: Iterable[Rewrite]) -> tuple[str, ...]:
    """What does not run as written in the definition, with the reason: one line each, once."""
    return tuple(dict.fromkeys(f"{_key(r)}: {r.reason}" for r in rewrites if r.before is not None))


def _key(rewrite: Rewrite) -> str:
    """``web.ports`` for ``services.web.ports.0``; ``volumes.data`` for ``volumes.data.name``."""
    path = rewrite.path
    return ".".join(path[1:3] if path[0] == SERVICES else path[:2])
