"""Read a commit's definitions and hold them against the policy."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from msgspec import Struct, structs
from msgspec.structs import replace

from previewer.domain.commit.files import FileTree
from previewer.domain.commit.revision import ResolvedRevision
from previewer.domain.compose.definition import DEFAULT_CHOICE, Definition, ReadingChoice, Role, role_of_name
from previewer.domain.compose.mounted_files import digest_tree_files, tree_sources
from previewer.domain.deploy.request import ANY_PREVIEW, DeployRequest
from previewer.domain.isolation.isolate import Rewrite
from previewer.domain.json_value import JsonObject
from previewer.domain.policy.check import Explanation, Finding, check, check_image, explain, raise_for, refused
from previewer.domain.policy.trust import Trust
from previewer.domain.progress import Noted
from previewer.errors import DefinitionError, NotFoundError, OutsideTreeError, PreviewerError
from previewer.freeze.planned_images import NamedImage, Permit, read_planned_images
from previewer.session.release_files import isolated_for, serve_isolated
from previewer.session.session import Session

DEFAULT_NAME = "preview"


class DefinitionOptions(Struct, frozen=True):
    """How a definition is to be read; the default is the commit's own ``preview``."""

    name: str = "preview"
    choice: ReadingChoice = DEFAULT_CHOICE
    """Its environment files may be ones of the user's machine too."""
    variables: Mapping[str, str] | None = None
    """Variables for interpolation; ``None`` for those of the caller's environment that the settings allow."""
    check_policy: bool = True
    is_rewritten: bool = False
    """Whether it is wanted as it would run: isolated, with files of the commit in volumes."""


class ReadDefinition(Struct, frozen=True):
    """A definition, and what the policy says."""

    definition: Definition
    """The definition as ``docker compose config`` would print it, or as it would run."""
    rewrites: tuple[Rewrite, ...]
    """What differs between the two, and why; nothing in the first."""
    findings: tuple[Finding, ...]
    """What the policy has to say; none of it refused, unless the policy was not to be checked."""


def read_definition(session: Session, revision: str, options: DefinitionOptions) -> ReadDefinition:
    """One definition of a revision. Raises :class:`PolicyError` for what its branch is not trusted with."""
    from previewer.definition import load_named

    resolved = session.source.resolve(revision)
    tree = session.source.tree(resolved.commit.id)
    choice = _take_given_files(session, tree, options.choice)
    allowed = session.settings.allowed_variables
    definition = load_named(
        tree,
        options.name,
        variables=allowed if options.variables is None else {**options.variables, **session.given_values},
        config_mounts=session.config_mounts,
        project_name=None if choice.files or choice.env_files else session.project,
        choice=choice,
    )
    findings = _check(session, resolved, definition, definition.role)
    if options.check_policy:
        raise_for(findings)
    if not options.is_rewritten:
        return ReadDefinition(definition, (), findings)
    running, rewrites = as_it_runs(session, resolved, definition, definition.role)
    return ReadDefinition(running, rewrites, findings)


def as_it_runs(
    session: Session, resolved: ResolvedRevision, definition: Definition, role: Role
) -> tuple[Definition, tuple[Rewrite, ...]]:
    """What an environment in ``role`` makes of a definition: isolated, with the commit's files in a volume; and
    what that rewrites."""
    isolated = isolated_for(session, definition, role, branch=resolved.branch, commit=resolved.commit.id)
    tree = session.source.tree(resolved.commit.id)
    served = serve_isolated(isolated, digest_tree_files(tree, tree_sources(definition)), lambda: tree)
    return served.definition, served.rewrites


def read_definitions(
    session: Session, resolved: ResolvedRevision, request: DeployRequest = ANY_PREVIEW
) -> tuple[Definition, ...]:
    """The definitions of a commit, each held against the policy of its role; they refer to the user's variables.

    One that was not asked for is left out where it cannot be read, or its role refuses it. Raises
    :class:`NotFoundError` where the commit has none, and :class:`PolicyError`.
    """
    tree = session.source.tree(resolved.commit.id)
    request = replace(request, choice=_take_given_files(session, tree, request.choice))
    definitions = session.readings.definitions(
        resolved.commit.id,
        session.project,
        {"variables": dict(session.references.marked), "request": _basis(session, request)},
        read=lambda: _read_all(session, tree, resolved, request),
    )
    chosen = _find_definition(definitions, request.role, request.definition)
    findings = {d.name: _check(session, resolved, d, d.role) for d in definitions}
    raise_for([finding for d in definitions if chosen in (None, d) for finding in findings[d.name]])
    return tuple(definition for definition in definitions if not refused(findings[definition.name]))


def _basis(session: Session, request: DeployRequest) -> JsonObject:
    """All that a reading depends on besides the commit and variables."""
    choice = request.choice
    return {
        "role": request.role.value,
        "name": request.definition,
        "files": list(choice.files),
        "profiles": list(choice.profiles),
        "env_files": list(choice.env_files),
        "takes_examples": choice.takes_examples,
        "given": {path: sorted(values) for path, values in session.config_mounts.items()},
    }


def _take_given_files(session: Session, tree: FileTree, choice: ReadingChoice) -> ReadingChoice:
    """Read the environment files that are not the commit's from the user's machine; what is left is the choice."""
    committed = [path for path in choice.env_files if _is_committed(tree, path)]
    for path in choice.env_files:
        if path not in committed:
            session.give_environment_file(path)
    return structs.replace(choice, env_files=tuple(committed))


def _is_committed(tree: FileTree, path: str) -> bool:
    try:
        return tree.is_file(posixpath.normpath(path))
    except OutsideTreeError:
        return False


def _read_all(
    session: Session, tree: FileTree, resolved: ResolvedRevision, request: DeployRequest
) -> tuple[Definition, ...]:
    from previewer.definition import load_named  # it takes its time to load
    from previewer.definition.discover import definition_names, how_to_begin

    names = definition_names(tree) or ((request.definition or DEFAULT_NAME,) if request.choice.files else ())
    if not names:
        raise NotFoundError(
            "the commit has no environment definition",
            where=resolved.commit.short,
            hint=how_to_begin(tree),
        )

    def load(name: str, choice: ReadingChoice = DEFAULT_CHOICE) -> Definition:
        references, given = session.references, session.config_mounts
        return load_named(
            tree, name, references=references, config_mounts=given, project_name=session.project, choice=choice
        )

    first = request.definition or _named_for(names, request.role)
    if first not in names:
        raise NotFoundError(f"no definition {first!r}", hint=f"there is {', '.join(names)}")
    read: dict[str, Definition] = {}
    for name in names:
        try:
            read[name] = load(name, request.choice if name == first else DEFAULT_CHOICE)
        except DefinitionError:
            if name == first:
                raise
    chosen = choose_definition(list(read.values()), request.role, request.definition)
    if chosen.name != first and request.choice != DEFAULT_CHOICE:  # its file says that it is for the role
        read[first], read[chosen.name] = load(first), load(chosen.name, request.choice)
    return tuple(read.values())


def _named_for(names: Sequence[str], role: Role) -> str:
    """The definition whose name says that it is for ``role``; the first where none says so."""
    return next((name for name in names if role_of_name(name) is role), names[0])


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
    if (found := _find_definition(definitions, role, name)) is not None:
        return found
    known = ", ".join(definition.name for definition in definitions) or "none"
    if name is not None:
        raise NotFoundError(f"no definition {name!r}", hint=f"there is {known}")
    raise NotFoundError(f"no definition for {role.value}", hint=f"add envs/{role.value}.yaml; there is {known}")


def _find_definition(definitions: Sequence[Definition], role: Role, name: str | None) -> Definition | None:
    if name is not None:
        return next((definition for definition in definitions if definition.name == name), None)
    of_role = next((definition for definition in definitions if definition.role is role), None)
    return of_role or (definitions[0] if role is Role.PREVIEW and definitions else None)


def give_files(session: Session, env_files: Sequence[str]) -> None:
    """Let releases use the variables of environment files of this machine. Raises :class:`UsageError`."""
    for path in env_files:
        session.give_environment_file(path)


def refuse_empty(definition: Definition) -> None:
    """Raise :class:`DefinitionError` for a definition without a service, with the profiles that it has."""
    if definition.services:
        return
    if not (profiles := definition.profiles_off):
        raise DefinitionError("there is no service in it", where=str(definition.locate(("services",))))
    raise DefinitionError(
        f"every service is in a profile, and none of {', '.join(profiles)} is on",
        where=str(definition.locate(("services",))),
        hint=f"`--profile {profiles[0]}` switches it on, `x-previewer: {{profiles: [{profiles[0]}]}}` for good",
    )


def enforce_policy(session: Session, resolved: ResolvedRevision, definition: Definition, role: Role) -> None:
    """Raise :class:`PolicyError` if ``definition`` may not run in ``role``, whatever it calls itself."""
    raise_for(_check(session, resolved, definition, role))


def explain_policy(session: Session, revision: str, *, name: str = "preview") -> Explanation:
    """Which rules were looked at for a revision, and what they allowed because of which line."""
    from previewer.definition import load_named

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


ANY_PLATFORM = "linux/amd64"
"""The platform for reading what a Dockerfile names where no engine is asked."""


def permit_images(session: Session, resolved: ResolvedRevision, definitions: Sequence[Definition]) -> Permit:
    """Hold every image of a freeze against the policy, each by the trust of its definition's role."""
    trusts = {
        d.name: session.trust(d.role, branch=resolved.branch, commit=resolved.commit.id) for d in definitions
    }

    def permit(images: Sequence[tuple[NamedImage, str]]) -> None:
        findings = (
            _judge(image, trusts[image.definition], owner if owner != session.project else "")
            for image, owner in images
        )
        raise_for([finding for finding in dict.fromkeys(findings) if finding is not None])

    return permit


def read_named_images(
    session: Session, resolved: ResolvedRevision, definition: Definition
) -> tuple[NamedImage, ...]:
    """Every image that one definition and its Dockerfiles name. Raises what reading those raises."""
    tree = session.source.tree(resolved.commit.id).with_submodules
    variables = session.settings.allowed_variables
    return read_planned_images(
        tree, [definition], commit=resolved.commit.id, platform=ANY_PLATFORM, variables=variables
    ).named


def judge_dockerfiles(images: Sequence[NamedImage], definition: Definition, trust: Trust) -> tuple[Finding, ...]:
    """What the policy says about images that Dockerfiles name; it judges the definition's own besides."""
    written = {definition.locate(("services", name, "image")) for name in definition.services}
    findings = (_judge(image, trust, "") for image in images if image.location not in written)
    return tuple(finding for finding in findings if finding is not None)


def _judge(image: NamedImage, trust: Trust, owner: str) -> Finding | None:
    return check_image(image.request[0], trust, location=image.location, reader=image.reader, owner=owner)
