"""Files that a service reads: mounts of the commit, configs and secrets, and what each contains."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

from previewer.domain.commit.files import FileTree, TreeEntry
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.resources import FileResource
from previewer.domain.compose.service import FileReference, Service
from previewer.domain.json_value import JsonValue, digest_of
from previewer.errors import DefinitionError

_FILE_NAME = re.compile(
    r"\.env(\..+)?|\.\w+rc|\.ht(access|passwd)|\.git(config|ignore|modules)|\.netrc|(brew|caddy|docker|gem|just|make|pip|proc|rake|task)file|localtime|timezone"
    r"|.+\.(acl|bash|bin|cer|cfg|cjs|cnf|conf|config|crt|css|csv|db|dist|dump|env|example|exe|gz|hcl|html?|ini|j2|jar"
    r"|js|json5?|jsonc|key|local|lock|log|lua|md|mjs|p12|pem|php|pid|pl|properties|pub|py|rb|rules|sample|sh|sock"
    r"|sql|sqlite3?|tar|template|tgz|tmpl|toml|tpl|ts|txt|vcl|war|xml|ya?ml|zip)",
    re.IGNORECASE,
)
"""Names that files have and folders for data do not."""


def is_in_tree(path: str) -> bool:
    """Whether a path of a definition names something in the commit's tree."""
    if not path or path.startswith(("/", "~", "\\")) or path[1:3] in (":\\", ":/"):
        return False
    return posixpath.normpath(path).split("/", 1)[0] != ".."


def looks_like_file(path: str) -> bool:
    """Whether a path that is not in the commit is, by its name, a file's and no folder for data."""
    name = posixpath.basename(path)
    return not path.endswith("/") and _FILE_NAME.fullmatch(name) is not None


def tree_sources(definition: Definition) -> tuple[str, ...]:
    """Every path of the tree that a service mounts or that a config or secret is read from, once, sorted."""
    return tuple(sorted({*mounted_sources(definition), *_described(definition)}))


def mounted_sources(definition: Definition) -> Iterator[str]:
    """The paths of the tree that services mount, in the order of the definition."""
    for service in definition.services.values():
        for mount in service.volumes:
            if mount.type == "bind" and is_in_tree(mount.source):
                yield mount.source


def digest_tree_files(tree: FileTree, sources: Collection[str]) -> Mapping[str, str]:
    """The digests of those ``sources`` that the commit has: equal for equal content, whatever the commit."""
    digests: dict[str, str] = {}
    for source in sorted(sources):
        entries: list[JsonValue] = [[e.path, e.kind.value, e.object_id] for e in tree.below(source)]
        if entries:
            digests[source] = digest_of(entries)
    return digests


def served_entries(tree: FileTree, sources: Collection[str]) -> tuple[TreeEntry, ...]:
    """What of ``tree`` it takes to read ``sources``: the files and the links to them; sorted by path."""
    entries = {e.path: e for source in sources for e in (*tree.followed(source), *tree.below(source))}
    return tuple(entries[path] for path in sorted(entries))


def served_tree(tree: FileTree, sources: Collection[str]) -> FileTree:
    """A tree of nothing but :func:`served_entries`."""
    entries = served_entries(tree, sources)
    by_id = {entry.object_id: entry for entry in entries}
    return FileTree(entries, lambda object_id: tree.read_entry(by_id[object_id]))


def file_references(definition: Definition, service: Service) -> Iterator[tuple[str, FileResource | None]]:
    """The configs and secrets that ``service`` uses: ``configs/KEY`` and how the definition describes it."""
    for kind, entries in (("configs", service.configs), ("secrets", service.secrets)):
        for entry in entries:
            yield f"{kind}/{entry.source}", definition.served[kind].get(entry.source)


def _described(definition: Definition) -> Iterator[str]:
    for service in definition.services.values():
        for _reference, described in file_references(definition, service):
            if described is not None and is_in_tree(described.file):
                yield described.file


def config_content(
    definition: Definition, reference: str, tree: FileTree, variables: Mapping[str, str], *, limit: int
) -> bytes:
    """The content of ``configs/KEY`` or ``secrets/KEY`` (Compose Specification, "configs" and "secrets").

    Raises :class:`DefinitionError` for a file that the commit does not have and for a variable that is not set,
    :class:`NotFoundError` for a file of more than ``limit`` bytes.
    """
    kind, key = reference.split("/", 1)
    described = definition.served[kind].get(key) or FileResource(key, {})
    where = str(definition.locate((kind, key)))
    if described.content is not None:
        return described.content.encode()
    if file := described.file:
        if not is_in_tree(file) or not tree.is_file(file):
            raise DefinitionError(
                f"the commit has no file {file}",
                where=where,
                hint="`environment` gives it from a variable instead",
            )
        return tree.read(file, limit=limit)
    variable = described.environment
    if variable not in variables:
        raise DefinitionError(
            f"{reference} comes from the variable {variable or '(none named)'}, which is not set",
            where=where,
            hint="set it, and name it under `variables` in previewer.toml on the default branch",
        )
    return variables[variable].encode("utf-8", "surrogateescape")


DEFAULT_FOLDERS = {"secrets": "/run/secrets/", "configs": "/"}
"""Where they stand unless the service says another target, by the key of the service."""
DEFAULT_MODE = 0o444


class ConfigMount(Struct, frozen=True):
    """One config or secret of one service."""

    reference: str
    """Whose content it has: ``configs/KEY`` or ``secrets/KEY``."""
    path: str
    """Absolute, in the container."""
    mode: int = DEFAULT_MODE
    uid: int = 0
    gid: int = 0


def config_mounts(service: Service) -> tuple[ConfigMount, ...]:
    """The secrets, then the configs of ``service``. Raises :class:`DefinitionError` for a number that is none."""
    return tuple(_given_files(service))


def _given_files(service: Service) -> Iterator[ConfigMount]:
    for kind, entries in (("secrets", service.secrets), ("configs", service.configs)):
        for entry in entries:
            target = entry.target or entry.source
            yield ConfigMount(
                reference=f"{kind}/{entry.source}",
                path=target if target.startswith("/") else DEFAULT_FOLDERS[kind] + target,
                mode=_number(service, kind, entry, "mode", base=8, otherwise=DEFAULT_MODE),
                uid=_number(service, kind, entry, "uid", base=10, otherwise=0),
                gid=_number(service, kind, entry, "gid", base=10, otherwise=0),
            )


def _number(service: Service, kind: str, entry: FileReference, key: str, *, base: int, otherwise: int) -> int:
    """A number, or its digits to ``base`` in a text: modes are written in octal, owners by their number."""
    value: int | str = getattr(entry, key)
    if isinstance(value, int) or not value:
        return otherwise if value == "" else int(value)
    try:
        return int(value, base)
    except ValueError:
        raise DefinitionError(
            f"{kind}: the {key} {value!r} of {entry.source} is not a number",
            where=f"service {service.name}",
            hint="only the image knows the names of users; write the number" if key != "mode" else "write 0440",
        ) from None


LARGEST_ID = (1 << 31) - 1
"""What an engine takes for a user or a group."""


class FileOwner(NamedTuple):
    """The numbers of a user and a group."""

    uid: int = 0
    gid: int = 0


ROOT = FileOwner()


def find_owner(user: str, passwd: str = "", group: str = "") -> FileOwner:
    """Whom ``USER``, ``UID`` or ``USER:GROUP`` means where ``/etc/passwd`` and ``/etc/group`` say this.

    As an engine reads it: without a group it is the user's own, a number need not be in either file. Root for what
    is in neither; the container will not start then.
    """
    name, _, group_name = user.partition(":")
    account = next((row for row in _rows(passwd, 4) if name in (row[0], row[2])), None)
    uid = _user_number(account[2] if account else name)
    if uid is None:
        return ROOT
    if not group_name:
        return FileOwner(uid, (_user_number(account[3]) if account else None) or 0)
    found = next((row for row in _rows(group, 3) if group_name in (row[0], row[2])), None)
    return FileOwner(uid, _user_number(found[2] if found else group_name) or 0)


def needs_names(user: str) -> bool:
    """Whether the image's files have to be asked who ``user`` is."""
    name, _, group = user.partition(":")
    return not (name.isdecimal() and group.isdecimal())


def _rows(text: str, least: int) -> Iterator[list[str]]:
    return (row for line in text.splitlines() if len(row := line.split(":")) >= least)


def _user_number(text: str) -> int | None:
    return (
        int(text) if text.isascii() and text.isdecimal() and len(text) < 11 and int(text) <= LARGEST_ID else None
    )
