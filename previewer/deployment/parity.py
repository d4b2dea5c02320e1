"""What is compared with something else: an environment, or a definition of a release."""

from __future__ import annotations

from msgspec.structs import replace

from previewer.deployment.data import see_data
from previewer.deployment.definition import definition_name, release_of
from previewer.domain.compose.definition import Definition
from previewer.domain.engine.observation import told_data
from previewer.domain.environment.environment import Environment
from previewer.domain.parity.difference import ParitySide
from previewer.domain.policy.trust import Trust
from previewer.domain.release.release import Release
from previewer.errors import NotFoundError
from previewer.session.session import Session


def side_of_environment(session: Session, environment: Environment) -> ParitySide:
    """What an environment runs, as one side of a comparison. Raises :class:`PreviewerError`."""
    release = release_of(session, environment)
    side = side_of_release(session, release, definition_name(release, environment), environment.name)
    owner = environment.ownership
    trust = session.trust(owner.role, branch=owner.branch, commit=owner.commit)
    now = session.clock()
    made = {s.id: now - s.created_at for s in see_data(session).snapshots} if environment.data else {}
    data = tuple(told_data(v.key, v.origin, v.snapshot, made.get(v.snapshot)) for v in environment.data)
    services = frozenset(service.name for service in environment.services)
    return replace(side, trust=trust, services=services, data=data)


def side_of_release(session: Session, release: Release, name: str, called: str) -> ParitySide:
    """A definition of a release, under the name that the user knows it by. Raises :class:`NotFoundError`."""
    if name not in release.definitions:
        known = ", ".join(release.definitions)
        raise NotFoundError(f"the release has no definition {name!r}", where=release.id, hint=f"it has {known}")
    frozen = release.definitions[name]
    return ParitySide(
        name=called,
        definition=frozen.definition,
        commit=release.commit,
        committed_at=release.committed_at,
        artifacts=frozen.artifacts,
        files=release.files,
        trust=default_trust(session, frozen.definition, release.commit),
        release=release.id,
    )


def default_trust(session: Session, definition: Definition, commit: str) -> Trust:
    """What the definition is trusted with on the default branch: where it runs, its branch decides."""
    return session.trust(definition.role, branch=session.source.default_branch().name, commit=commit)
