"""Read a commit's definitions and hold them against the policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from previewer.domain.definition import Definition, Role
from previewer.domain.isolation import Rewrite, isolate
from previewer.domain.policy.check import Explanation, Finding, check, explain, raise_for
from previewer.domain.progress import Noted
from previewer.domain.revision import ResolvedRevision
from previewer.domain.served_files import serve_files
from previewer.domain.tree_files import digest_tree_files, tree_sources
from previewer.errors import NotFoundError, PreviewerError
from previewer.frozen import dataclass
from previewer.operations.session import Session


@dataclass(frozen=True, slots=True)
class DefinitionOptions:
    """How a definition is to be read; the default is the commit's own ``preview``."""

    name: str = "preview"
    files: tuple[str, ...] = ()
    """Compose files of the commit, instead of those that are discovered."""
    profiles: tuple[str, ...] = ()
    variables: Mapping[str, str] | None = None
    """For interpolation; ``None`` for those of the caller's environment that the settings allow."""
    env_files: tuple[str, ...] = ()
    """Of the commit; they replace the project directory's ``.env``."""
    check_policy: bool = True


@dataclass(frozen=True, slots=True)
class ReadDefinition:
    """A definition, what isolation makes of it, and what the policy says."""

    definition: Definition
    """As ``docker compose config`` would print it."""
    isolated: Definition
    """As it would run: isolated, with files of the commit in a volume."""
    rewrites: tuple[Rewrite, ...]
    """What differs between the two, and why."""
    findings: tuple[Finding, ...]
    """What the policy has to say; none of it refused, unless the policy was not to be checked."""


def read_definition(session: Session, revision: str, options: DefinitionOptions) -> ReadDefinition:
    """One definition of a revision. Raises :class:`PolicyError` for what its branch is not trusted with."""
    from previewer.definition import discover_files, load_definition, load_named

    resolved = session.source.resolve(revision)
    tree = session.source.tree(resolved.commit.id)
    variables = session.settings.allowed_variables if options.variables is None else options.variables
    if options.files or options.env_files:
        definition = load_definition(
            tree,
            files=options.files or discover_files(tree, options.name),
            variables=variables,
            env_files=options.env_files,
            profiles=options.profiles,
            name=options.name,
        )
    else:
        definition = load_named(
            tree,
            options.name,
            variables=variables,
            profiles=options.profiles,
            project_name=session.project,
        )
    findings = _check(session, resolved, definition, definition.role)
    if options.check_policy:
        raise_for(findings)
    running, rewrites = as_it_runs(session, resolved, definition, definition.role)
    return ReadDefinition(definition, running, rewrites, findings)


def as_it_runs(
    session: Session, resolved: ResolvedRevision, definition: Definition, role: Role
) -> tuple[Definition, tuple[Rewrite, ...]]:
    """What an environment in ``role`` makes of a definition: isolated, with the commit's files in a volume; and
    what that rewrites."""
    trust = session.trust(role, branch=resolved.branch, commit=resolved.commit.id)
    isolated = isolate(definition, role=role, trust=trust)
    tree = session.source.tree(resolved.commit.id)
    served = serve_files(isolated.definition, digest_tree_files(tree, tree_sources(definition)), lambda: tree)
    return served.definition, (*isolated.rewrites, *served.rewrites)


def read_definitions(session: Session, resolved: ResolvedRevision) -> tuple[Definition, ...]:
    """All definitions of a commit, each held against the policy of its role; they refer to the user's variables.

    Raises :class:`NotFoundError` where the commit has none, and :class:`PolicyError`.
    """
    found = session.readings.definitions(
        resolved.commit.id,
        session.project,
        session.references.marked,
        read=lambda: _read_all(session, resolved),
    )
    raise_for([finding for d in found for finding in _check(session, resolved, d, d.role)])
    return found


def _read_all(session: Session, resolved: ResolvedRevision) -> tuple[Definition, ...]:
    from previewer.definition import definition_names, how_to_begin, load_named  # it takes its time to load

    tree = session.source.tree(resolved.commit.id)
    names = definition_names(tree)
    if not names:
        raise NotFoundError(
            "the commit has no environment definition",
            where=resolved.commit.short,
            hint=how_to_begin(tree),
        )
    references = session.references
    return tuple(load_named(tree, name, references=references, project_name=session.project) for name in names)


def distrust(session: Session) -> Noted | None:
    """Why no branch decides on trust here; ``None`` where one does, or none could: releases were only pulled."""
    default = session.settings.default_branch
    if default is None or default.commit is not None or not default.hint:
        return None
    return Noted(f"no branch's settings are trusted: {default.reason}", default.hint)


def choose_definition(definitions: Sequence[Definition], role: Role, name: str | None) -> Definition:
    """The definition called ``name``, else the role's, else (for previews) the first.

    Raises :class:`NotFoundError` with the names that there are.
    """
    by_name = {definition.name: definition for definition in definitions}
    known = ", ".join(by_name) or "none"
    if name is not None:
        if name not in by_name:
            raise NotFoundError(f"no definition {name!r}", hint=f"there is {known}")
        return by_name[name]
    for definition in definitions:
        if definition.role is role:
            return definition
    if role is Role.PREVIEW and definitions:
        return definitions[0]
    raise NotFoundError(f"no definition for {role.value}", hint=f"add envs/{role.value}.yaml; there is {known}")


def enforce_policy(session: Session, resolved: ResolvedRevision, definition: Definition, role: Role) -> None:
    """Raise :class:`PolicyError` if ``definition`` may not run in ``role``, whatever it calls itself."""
    raise_for(_check(session, resolved, definition, role))


def explain_policy(session: Session, revision: str, *, name: str = "preview") -> Explanation:
    """Which rules were looked at for a revision, and what they allowed because of which line."""
    from previewer.definition import load_named
    from previewer.operations.releasing.named_images import judge_dockerfiles, read_named_images

    resolved = session.source.resolve(revision)
    tree = session.source.tree(resolved.commit.id)
    variables = session.settings.allowed_variables
    definition = load_named(tree, name, variables=variables, project_name=session.project)
    trust = session.trust(definition.role, branch=resolved.branch, commit=resolved.commit.id)
    try:
        images = read_named_images(session, resolved, definition)
    except PreviewerError as error:  # freezing will say it too; what the definition asks for is told all the same
        return explain(definition, trust, unread=str(error))
    return explain(
        definition,
        trust,
        dockerfiles=judge_dockerfiles(images, definition, trust),
        images=[image.request[0] for image in images],
    )


def _check(
    session: Session, resolved: ResolvedRevision, definition: Definition, role: Role
) -> tuple[Finding, ...]:
    definition = session.references.resolve(definition)
    return check(definition, session.trust(role, branch=resolved.branch, commit=resolved.commit.id))
