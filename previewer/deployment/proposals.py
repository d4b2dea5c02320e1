"""What a definition needs besides what a repository has, so that it runs: keys of ``x-previewer`` and settings."""

from __future__ import annotations

import itertools
import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from previewer.definition import load_named
from previewer.definition.discover import DOTENV
from previewer.definition.dotenv import read_dotenv
from previewer.definition.interpolation import OutsideValues
from previewer.definition.template import Key, environment_templates, one_line
from previewer.definition.values import MAX_ENV_FILE_BYTES
from previewer.domain.commit.files import FileTree
from previewer.domain.commit.revision import ResolvedRevision
from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.routes import DEBUGGERS, declared_routes
from previewer.domain.data.beginning import Lifetime, data_volumes, lifetimes
from previewer.domain.json_value import JsonObject
from previewer.domain.policy.check import Check, Finding, Verdict, check, refused
from previewer.domain.policy.mount_rules import host_mounts, reaches_engine
from previewer.errors import PreviewerError
from previewer.session.session import Session
from previewer.settings.model import REPOSITORY_FILE

PREVIEW = Role.PREVIEW.value
DATABASES = frozenset({"postgres", "mysql", "mariadb", "mongo", "redis"})
"""Names of images whose named volumes hold state that outlives a release."""


class Proposals(Struct, frozen=True):
    """What is proposed, each with its reason."""

    keys: tuple[Key, ...] = ()
    replaced: Mapping[str, str] = {}
    """Bind mounts of the host that ``[policy] replace`` is to turn into empty volumes: reasons by path."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """What is proposed, with its reason as the hint."""
        keys = [Check("proposal", Verdict.WARNING, f"x-previewer: {key.text}", key.reason) for key in self.keys]
        setting = f"{REPOSITORY_FILE}: [policy] replace ="
        for path, reason in self.replaced.items():
            keys.append(Check("proposal", Verdict.WARNING, f"{setting} {json.dumps([path])}", reason))
        return tuple(keys)

    @property
    def settings(self) -> Mapping[str, str]:
        """The file of settings that replaces them: text by path. It counts on the default branch alone."""
        if not self.replaced:
            return {}
        lines = "".join(
            f"    {json.dumps(path, ensure_ascii=False)},   # {one_line(reason)}\n"
            for path, reason in self.replaced.items()
        )
        return {REPOSITORY_FILE: _SETTINGS.format(lines=lines)}


def propose(session: Session, resolved: ResolvedRevision, tree: FileTree, sources: Sequence[str]) -> Proposals:
    """What ``envs/preview.yaml`` needs that begins with ``sources``; nothing where that cannot be read whatever
    is added."""
    definition, keys = _make_readable(session, tree, sources)
    if definition is None:
        return Proposals(keys)
    trust = session.trust(Role.PREVIEW, branch=resolved.branch, commit=resolved.commit.id)
    whole = session.references.resolve(definition)
    found = refused(check(whole, trust))
    replaced = dict(_replaced(whole, found))
    omitted = dict(_omitted(whole, found))
    if omitted and len(omitted) < len(definition.services):
        keys = (*keys, Key("omit", list(omitted), "; ".join(omitted.values())))
    if ports := dict(_serving_ports(whole, omitted)):
        reason = "the other ports are debuggers': nothing listens there until one is attached"
        keys = (*keys, Key("await_ports", {name: list(each) for name, each in ports.items()}, reason))
    if kept := dict(_database_volumes(whole, omitted)):
        reason = f"each release goes on with the data of {', '.join(dict.fromkeys(kept.values()))}"
        lifetime: JsonObject = dict.fromkeys(kept, Lifetime.ENVIRONMENT.value)
        keys = (*keys, Key("lifetime", lifetime, reason, roles=(Role.STAGING, Role.PRODUCTION)))
    return Proposals(keys, {} if tree.is_file(REPOSITORY_FILE) else replaced)


def _make_readable(
    session: Session, tree: FileTree, sources: Sequence[str]
) -> tuple[Definition | None, tuple[Key, ...]]:
    """The definition with services and values, and the keys that it needs for that; ``None`` where none help."""

    def load(*keys: Key) -> Definition | None:
        completed = tree.with_files(environment_templates(tree, sources, keys))
        references, given, project = session.references, session.config_mounts, session.project
        try:
            return load_named(completed, PREVIEW, references=references, config_mounts=given, project_name=project)
        except PreviewerError:
            return None

    definition = load()
    keys: tuple[Key, ...] = ()
    if definition is None or definition.warnings or not definition.services:
        with_example = load(_EXAMPLE)
        if _is_better(with_example, definition):
            definition, keys = with_example, (_EXAMPLE,)
    if definition is None or definition.services:
        return definition, keys
    for choices in _choices_of_profiles(tree, sources, definition.profiles_off):
        tried = []
        for profiles, others in itertools.product(choices, dict.fromkeys([keys, (_EXAMPLE,)])):
            chosen = (*others, Key("profiles", list(profiles), "every service is in a profile"))
            if (with_profiles := load(*chosen)) is not None:
                tried.append((with_profiles, chosen))
        best = max(tried, key=lambda each: len(each[0].services), default=None)
        if best is not None and best[0].services:
            return best
    return definition, keys


def _is_better(definition: Definition | None, other: Definition | None) -> bool:
    """Whether ``definition`` lacks less of what is to come from elsewhere."""
    if definition is None or other is None:
        return definition is not None
    return (not definition.services, len(definition.warnings)) < (not other.services, len(other.warnings))


def _choices_of_profiles(
    tree: FileTree, sources: Sequence[str], profiles: Sequence[str]
) -> Iterator[Sequence[tuple[str, ...]]]:
    """What may be switched on where nothing is on: the first of them that can be read, of several the largest.

    That is what the example of ``.env`` says, else all, else one of those that exclude each other.
    """
    path = posixpath.join(posixpath.dirname(sources[0]), DOTENV)
    file = path if tree.is_file(path) else OutsideValues(tree).find_example(path)
    if file is not None:
        content = tree.read(file, limit=MAX_ENV_FILE_BYTES)
        chosen = read_dotenv(content, file=file, lookup=lambda _: None).get("COMPOSE_PROFILES", "")
        yield [tuple(name for name in chosen.split(",") if name in profiles)]
    yield [tuple(profiles)]
    yield [(name,) for name in profiles]


def _replaced(definition: Definition, found: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    """Binds of the host that a service may do without, by path."""
    lines = {finding.path: finding for finding in found}
    for mount in host_mounts(definition):
        if mount.is_bind and mount.path in lines and not reaches_engine(mount.source):
            finding = lines[mount.path]
            yield mount.source, f"{finding.location}: of service {finding.service}"


def _omitted(definition: Definition, found: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    """Services that ask for what nothing can stand for: why, by name."""
    replaced = {
        mount.path for mount in host_mounts(definition) if mount.is_bind and not reaches_engine(mount.source)
    }
    for finding in found:
        if finding.service is not None and finding.path not in replaced:
            yield finding.service, f"{finding.location}: {finding.message.removeprefix('service ')}"


def _serving_ports(definition: Definition, omitted: Mapping[str, str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Ports to wait for, by service, where debuggers' are published besides."""
    if declared_routes(definition):
        return
    for name, service in definition.services.items():
        published = tuple(dict.fromkeys(port.target for port in service.ports if port.protocol == "tcp"))
        serving = tuple(port for port in published if port not in DEBUGGERS)
        if name not in omitted and len(serving) < len(published) and not service.has_healthcheck:
            yield name, serving


def _database_volumes(definition: Definition, omitted: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Volumes in which a database keeps its data, each with the service, unless lifetimes are said already."""
    if lifetimes(definition):
        return
    eligible = data_volumes(definition)
    for name, service in definition.services.items():
        image = (service.image or "").partition("@")[0].rpartition("/")[2].partition(":")[0]
        if name in omitted or image not in DATABASES:
            continue
        for mount in service.volumes:
            if mount.type == "volume" and mount.source in eligible:
                yield mount.source, name


_EXAMPLE = Key(
    "env_example", True, "what is not committed is taken from the committed example", roles=(Role.PREVIEW,)
)
_SETTINGS = """\
# What every branch is trusted with. This file counts on the default branch alone.
[policy]
# Bind mounts of the host that become empty volumes of each environment:
replace = [
{lines}]
"""
