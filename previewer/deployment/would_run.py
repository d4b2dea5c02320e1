"""Say whether a definition would run, without building or running anything of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence

from previewer.definition import load_named
from previewer.definition.discover import definition_names
from previewer.domain.commit.files import FileTree
from previewer.domain.commit.revision import ResolvedRevision
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.mounted_files import digest_tree_files, tree_sources
from previewer.domain.compose.served_files import serve_files
from previewer.domain.policy.check import Check, Finding, Verdict, check, refused
from previewer.domain.policy.mount_rules import host_mounts
from previewer.errors import PreviewerError
from previewer.releases.definitions import judge_dockerfiles, read_named_images
from previewer.session.release_files import read_contents
from previewer.session.session import Session
from previewer.settings.model import REPOSITORY_FILE


def would_run(
    session: Session, resolved: ResolvedRevision, tree: FileTree, *, replaced: Collection[str] = ()
) -> tuple[Check, ...]:
    """What hinders the first definition of ``tree`` from running for the branch of ``resolved``.

    The definition itself, the policy, Dockerfiles, and files and variables that are wanted. ``replaced`` are bind
    mounts of the host that settings, which the default branch does not have yet, turn into empty volumes.
    """
    try:
        name = (definition_names(tree) or ("preview",))[0]
        references, given = session.references, session.config_mounts
        definition = load_named(
            tree, name, references=references, config_mounts=given, project_name=session.project
        )
    except PreviewerError as error:
        return (_failed("definition", error),)
    services = ", ".join(definition.services)
    return (
        Check("definition", Verdict.OK, f"{name} runs {services}")
        if services
        else Check("definition", Verdict.FAILED, f"{name} has no service that takes part", "look at its profiles"),
        *(Check("definition", Verdict.WARNING, warning) for warning in definition.warnings),
        *_policy(session, resolved, definition, replaced),
        *_guarded("files", lambda: _files(session, definition, tree)),
        *_variables(session, definition),
    )


def _policy(
    session: Session, resolved: ResolvedRevision, definition: Definition, replaced: Collection[str]
) -> Iterator[Check]:
    trust = session.trust(definition.role, branch=resolved.branch, commit=resolved.commit.id)
    whole = session.references.resolve(definition)
    going = {mount.path for mount in host_mounts(whole) if mount.is_bind and mount.source in replaced}
    found = [finding for finding in refused(check(whole, trust)) if finding.path not in going]
    yield from map(_refused, found)
    try:
        images = read_named_images(session, resolved, definition)
        in_dockerfiles = refused(judge_dockerfiles(images, definition, trust))
    except PreviewerError as error:
        yield _failed("images", error)
        return
    yield from map(_refused, in_dockerfiles)
    yield from _proposals(whole, found)
    if not found and not in_dockerfiles:
        once = f" once {REPOSITORY_FILE} is on the default branch" if going else ""
        yield Check("policy", Verdict.OK, f"nothing is refused for {definition.role.value}{once}")


def _proposals(definition: Definition, found: Sequence[Finding]) -> Iterator[Check]:
    """The keys that leave out what is refused: in the definition, or for every branch in the settings."""
    services = sorted({finding.service for finding in found if finding.service})
    paths = {finding.path for finding in found}
    binds = sorted({mount.source for mount in host_mounts(definition) if mount.is_bind and mount.path in paths})
    if services:
        detail = f"where a preview does without: `omit: [{', '.join(services)}]` under x-previewer"
        if binds:
            detail += (
                f"; or `replace = {json.dumps(binds)}` under [policy] in previewer.toml on the default branch"
            )
        yield Check("proposal", Verdict.WARNING, detail)


def _refused(finding: Finding) -> Check:
    return Check("policy", Verdict.FAILED, finding.line, finding.hint)


def _files(session: Session, definition: Definition, tree: FileTree) -> Iterator[Check]:
    """Files of the commit that services bind, and those that are configs and secrets."""
    served = serve_files(definition, digest_tree_files(tree, tree_sources(definition)), lambda: tree)
    for service in dict.fromkeys(content.service for content in served.contents.values() if content.service):
        paths = sorted(
            "the whole commit" if path == "." else path
            for content in served.contents.values()
            if content.service == service
            for path in content.sources.values()
        )
        if paths:
            what = f"{service} may write to {', '.join(paths)}: it has a copy of its own"
            yield Check("files", Verdict.OK, f"{what}, which goes with the environment")
    for line in served.left_out:
        yield Check("files", Verdict.WARNING, line, "commit it, or take the mount out")
    read_contents(session.references.resolve(definition), tree, session.settings.allowed_variables)


def _variables(session: Session, definition: Definition) -> Iterator[Check]:
    if missing := session.references.missing(definition):
        hint = "set them, and name them under `variables` in previewer.toml on the default branch"
        yield Check("variables", Verdict.FAILED, f"not set: {', '.join(missing)}", hint)


def _guarded(name: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from look()
    except PreviewerError as error:
        yield _failed(name, error)


def _failed(name: str, error: PreviewerError) -> Check:
    return Check(name, Verdict.FAILED, "; ".join((str(error), *error.details)), error.hint or "")
