"""Which of its release's definitions an environment runs."""

from __future__ import annotations

from collections.abc import Collection

from previewer.domain.definition import ReadingChoice
from previewer.domain.environment import Environment
from previewer.domain.labels import Ownership
from previewer.domain.release import Release
from previewer.errors import NotFoundError


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
