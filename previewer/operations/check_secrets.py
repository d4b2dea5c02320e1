"""What a commit wants that is in no commit: which secrets can be had for it, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from previewer.domain.commit.revision import ResolvedRevision
from previewer.domain.compose.definition import Role
from previewer.domain.compose.references import find_references
from previewer.domain.deploy.request import DeployRequest
from previewer.errors import DefinitionError
from previewer.releases.definitions import choose_definition, read_definitions
from previewer.session.run import Run
from previewer.session.secrets import distrust_reason, read_secrets, with_secrets
from previewer.session.session import Session

GIVEN = "given"
MISSING = "missing"
REFUSED = "refused"
UNUSED = "unused"


class WantedSecret(Struct, frozen=True):
    """One value."""

    name: str
    """The variable; or what is said of the place that wants it."""
    state: str
    """``given``, ``missing``, ``refused`` (the commit is not trusted with it), or ``unused`` by the definition."""
    source: str = ""
    """Where its value comes from, as the settings say it; never the value."""
    where: str = ""
    """The file and line that wants it, where nothing gives it."""
    reason: str = ""
    """Why it is missing or refused."""


def check_secrets(session: Session, revision: str, role: Role) -> tuple[WantedSecret, ...]:
    """The secrets that the settings give ``role``, and whatever else the commit's definition wants."""
    resolved = session.source.resolve(revision)
    sources = session.settings.secrets.get(role, {})
    distrust = distrust_reason(session, branch=resolved.branch, commit=resolved.commit.id) if sources else None
    problems = {}
    if distrust is None:
        problems = {
            secret.name: secret.problem.message
            for secret in read_secrets(session, role, sources)[1]
            if secret.problem is not None
        }
    used, wanted = _look(session, resolved, role, is_complete=distrust is None and not problems)
    declared = []
    for name, source in sources.items():
        state = REFUSED if distrust else MISSING if name in problems else GIVEN
        if state == GIVEN and used is not None and name not in used:
            state = UNUSED
        declared.append(WantedSecret(name, state, source, reason=distrust or problems.get(name, "")))
    return (*declared, *wanted)


def _look(
    session: Session, resolved: ResolvedRevision, role: Role, *, is_complete: bool
) -> tuple[frozenset[str] | None, tuple[WantedSecret, ...]]:
    """The variables that the definition refers to, if it can be read; and what it wants that nothing gives."""
    commit = resolved.commit.id
    if is_complete:
        session = with_secrets(Run(session), role, branch=resolved.branch, commit=commit).session
    try:
        definitions = read_definitions(session, resolved, DeployRequest(role))
    except DefinitionError as error:
        return None, tuple(_wanted(error))
    definition = choose_definition(definitions, role, None)
    used = frozenset(found["name"] for found in find_references(definition.model))
    unset = (WantedSecret(warning, MISSING) for warning in definition.warnings if "is not set" in warning)
    return used, tuple(unset)


def _wanted(error: DefinitionError) -> Iterator[WantedSecret]:
    for line in error.details or (str(error),):
        where, _, what = line.partition(": ")
        yield WantedSecret(what or line, MISSING, where=where if what else "")
