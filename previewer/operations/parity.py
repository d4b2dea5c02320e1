"""Hold two things that run, or would run, beside each other."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from previewer.deployment.parity import default_trust, side_of_environment, side_of_release
from previewer.domain.commit.revision import ResolvedRevision, short_id
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.environment import Environment
from previewer.domain.parity.compare import Parity, compare_sides
from previewer.domain.parity.difference import Packages, ParitySide
from previewer.domain.release.attestation import Package
from previewer.errors import EngineUnreachableError, NotFoundError, PreviewerError
from previewer.operations.freeze import frozen_files
from previewer.records.environments import find_environment, list_environments
from previewer.releases.attest import read_attestations
from previewer.releases.definitions import read_definitions
from previewer.session.session import Session

GUARDED = (Role.STAGING, Role.PRODUCTION)
"""What is compared where nothing is named."""
_RELEASE_ID = re.compile(r"(sha256:)?[0-9a-f]{8,64}", re.IGNORECASE)


class RolesParity(Struct, frozen=True):
    """How staging and production stand to each other, for an overview."""

    parity: Parity | None
    """``None`` where they cannot be compared."""
    reason: str = ""
    """Why not; empty where they can."""


class Distance(Struct, frozen=True):
    """What lies between the commits of two sides; of each, at most :data:`MOST_APART` are counted."""

    ahead: int
    """Commits that only the left side has."""
    behind: int
    """Commits that only the right side has."""
    files: int
    """Files that differ."""


MOST_APART = 1000


def distance(session: Session, parity: Parity) -> Distance | None:
    """How far the sides' commits are from each other; ``None`` where the repository has not got both."""
    source, left, right = session.source, parity.left.commit, parity.right.commit
    if left == right:
        return Distance(0, 0, 0)
    if not (source.find_commit(left) and source.find_commit(right)):
        return None
    ahead, behind = (source.commits_between(*pair, limit=MOST_APART) for pair in ((right, left), (left, right)))
    return Distance(len(ahead), len(behind), len(source.changed_files(left, right)))


def compare(session: Session, left: str | None = None, right: str | None = None) -> Parity:
    """Compare two things: each an environment, ``REVISION:DEFINITION`` or ``RELEASE:DEFINITION``.

    A revision or release alone means its definition for previews. Without names, staging and production are
    compared: what runs, else what the default branch defines; with one, it is compared with production.
    Raises :class:`NotFoundError`.
    """
    sides = [
        resolve_side(session, text) if text is not None else _guarded_side(session, role)
        for text, role in zip((left, right), GUARDED, strict=True)
    ]
    parity = compare_sides(*sides)
    if not any(difference.path.endswith(".image") for difference in parity.differences):
        return parity
    known = [_with_packages(session, side) for side in sides]
    return compare_sides(*known)


def parity_of_roles(session: Session, environments: tuple[Environment, ...]) -> RolesParity:
    """Staging beside production, of ``environments`` as observed: no further look at the engine is taken."""
    found = {environment.role: environment for environment in environments if environment.role in GUARDED}
    missing = [role.value for role in GUARDED if role not in found]
    if missing:
        return RolesParity(None, f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not up")
    try:
        sides = [side_of_environment(session, found[role]) for role in GUARDED]
    except PreviewerError as error:
        return RolesParity(None, str(error))
    return RolesParity(compare_sides(*sides))


def resolve_side(session: Session, text: str) -> ParitySide:
    """The side that ``text`` names. Raises :class:`NotFoundError`."""
    head, colon, name = text.rpartition(":")
    if colon and head and not text.lower().startswith("sha256:" + name.lower()):
        return _side_of_definition(session, head, name)
    try:
        return side_of_environment(session, find_environment(session, text))
    except (NotFoundError, EngineUnreachableError) as no_environment:
        try:
            return _side_of_definition(session, text, None)
        except NotFoundError:
            if isinstance(no_environment, EngineUnreachableError):
                raise no_environment from None
            raise NotFoundError(
                "no such environment, revision or release",
                where=text,
                hint="name an environment, REVISION:DEFINITION or RELEASE:DEFINITION",
            ) from no_environment


def _guarded_side(session: Session, role: Role) -> ParitySide:
    try:
        running = [found for found in list_environments(session) if found.role is role]
    except EngineUnreachableError:
        running = []
    if len(running) == 1:
        return side_of_environment(session, running[0])
    if running:
        names = ", ".join(environment.name for environment in running)
        raise NotFoundError(f"there are several for {role.value}", where=names, hint="name the one that you mean")
    return _side_of_definition(session, session.source.default_branch().name or "HEAD", role.value)


def _side_of_definition(session: Session, head: str, name: str | None) -> ParitySide:
    """A definition of a release or a revision; ``None`` for the one that previews run."""
    wanted = name or Role.PREVIEW.value
    if _RELEASE_ID.fullmatch(head):
        try:
            release = session.ledger.load_release(head)
        except NotFoundError:
            if head.lower().startswith("sha256:"):
                raise
        else:
            return side_of_release(session, release, wanted, f"{short_id(release.id)}:{wanted}")
    return _side_of_revision(session, session.source.resolve(head), wanted, f"{head}:{wanted}")


def _side_of_revision(session: Session, resolved: ResolvedRevision, name: str, called: str) -> ParitySide:
    """The release's, where the commit was frozen as it reads now: then images are known by their digests."""
    try:
        definitions = read_definitions(session, resolved, DeployRequest(definition=name))
    except NotFoundError as error:
        raise NotFoundError(error.message, where=called, hint=error.hint) from error
    definition = next(definition for definition in definitions if definition.name == name)
    for release in session.ledger.releases_of(resolved.commit.id):
        frozen = release.definitions.get(name)
        if frozen is not None and session.references.alike(frozen.definition.model, definition.model):
            return side_of_release(session, release, name, called)
    return ParitySide(
        name=called,
        definition=definition,
        commit=resolved.commit.id,
        committed_at=resolved.commit.committed_at,
        files=frozen_files(session, resolved, (definition,)),
        trust=default_trust(session, definition, resolved.commit.id),
    )


def _with_packages(session: Session, side: ParitySide) -> ParitySide:
    """The side with what its images hold, as far as that was written down when they were frozen."""
    if not side.release:
        return side
    kept = read_attestations(session, session.ledger.load_release(side.release)).packages
    packages: dict[str, Packages] = {}
    for service, artifact in side.artifacts.items():
        if (known := kept.get(artifact.image)) is not None:
            packages[service] = _versions(known.packages)
    return replace(side, packages=packages)


def _versions(packages: Iterable[Package]) -> Packages:
    """Versions by package; all of them where one is installed several times."""
    found: dict[str, set[str]] = {}
    for package in packages:
        found.setdefault(f"{package.kind.value}/{package.name}", set()).add(package.version)
    return {name: ", ".join(sorted(versions)) for name, versions in found.items()}
