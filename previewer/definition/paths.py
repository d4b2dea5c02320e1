"""Paths of the host that a definition names, and which of them are inside the commit's tree.

While a definition is loaded, the tree is mounted at ``TREE_ROOT``, so that every path can be made absolute
once, against the directory of the file that names it, and stays what it is when another file inherits it. A
path that climbs out of the tree keeps its ``..`` (``/.gittree/../x``). In the finished model, paths inside the
tree are relative to its root; ``../x``, ``/x``, ``~/x`` and ``C:\\x`` are outside and recognisable as such.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import TypeAlias

from previewer.definition.values import Table, Value, items_at, named_tables, table_at, tables_at
from previewer.errors import OutsideTreeError

TREE_ROOT = "/.gittree"
"""Where the tree is mounted; an unlikely name, so that no path of a real host is taken for one of the tree."""
HOME_SIGN = "~"
_REMOTE_PREFIXES = ("https://", "http://", "git://", "ssh://", "github.com/", "git@", "service:")
_WINDOWS_PATH = re.compile(r"[A-Za-z]:[\\/]|\\\\")

PathChange: TypeAlias = Callable[[str], str]


def is_remote(context: str) -> bool:
    """Whether a build context is a URL, or the image of another service, and no directory."""
    return "://" in context or context.startswith(_REMOTE_PREFIXES)


def is_outside_tree(path: str) -> bool:
    """Whether a path of a finished model leads out of the commit's tree."""
    return path == ".." or path.startswith(("/", HOME_SIGN, "../")) or _WINDOWS_PATH.match(path) is not None


def absolute_path(path: str, *, directory: str, home: str | None) -> str:
    """``path`` as seen from ``directory`` (absolute itself); ``~`` is ``home`` where that is known."""
    if path.startswith(HOME_SIGN) and home is not None:
        return posixpath.normpath(f"{home}/{path[1:]}")
    if not path or path.startswith(("/", HOME_SIGN)) or _WINDOWS_PATH.match(path):
        return path
    if not is_mounted(directory):
        return posixpath.normpath(f"{directory}/{path}")
    return mount(f"{unmount(directory)}/{path}")


def mount(path: str) -> str:
    """The absolute form of a path that is relative to the tree's root."""
    inside = posixpath.normpath(path) if path else "."
    return TREE_ROOT if inside == "." else f"{TREE_ROOT}/{inside}"


def is_mounted(path: str) -> bool:
    """Whether an absolute path begins at the tree's root (it may still climb out of it)."""
    return path == TREE_ROOT or path.startswith(f"{TREE_ROOT}/")


def unmount(path: str) -> str:
    """A path below ``TREE_ROOT`` relative to the tree's root (``.`` for the root); any other one unchanged."""
    if not is_mounted(path):
        return path
    return posixpath.normpath(path[len(TREE_ROOT) + 1 :] or ".")


def tree_path(path: str) -> str:
    """Where to look in the tree for an absolute path. Raises :class:`OutsideTreeError` for one outside it."""
    if not is_mounted(path):
        raise OutsideTreeError("this path is outside the commit's tree", where=path)
    return unmount(path)


def directory_of(path: str) -> str:
    """The directory of an absolute path."""
    return posixpath.dirname(path)


def change_paths(model: Table, change: PathChange) -> None:
    """Replace every path of the host in ``model`` (in long form) by what ``change`` makes of it, in place."""
    for _, service in named_tables(model, "services"):
        _change_service(service, change)
    for section in ("configs", "secrets"):
        for _, resource in named_tables(model, section):
            _change_key(resource, "file", change)
    for _, volume in named_tables(model, "volumes"):
        options = table_at(volume, "driver_opts")
        if volume.get("driver") == "local" and options.get("o") == "bind":
            _change_key(options, "device", change)


def _change_service(service: Table, change: PathChange) -> None:
    _change_build(table_at(service, "build"), change)
    for env_file in tables_at(service, "env_file"):
        _change_key(env_file, "path", change)
    if isinstance(service.get("label_file"), list):
        service["label_file"] = [_changed(item, change) for item in items_at(service, "label_file")]
    _change_key(table_at(service, "extends"), "file", change)
    for watch in tables_at(service, "develop", "watch"):
        _change_key(watch, "path", change)
    for volume in tables_at(service, "volumes"):
        if volume.get("type") == "bind":
            _change_key(volume, "source", change)


def _change_build(build: Table, change: PathChange) -> None:
    def change_context(context: str) -> str:
        return context if is_remote(context) else change(context)

    _change_key(build, "context", change_context)
    contexts = table_at(build, "additional_contexts")
    for name in contexts:
        _change_key(contexts, name, change_context)
    keys = build.get("ssh")
    if isinstance(keys, dict):
        for name in keys:
            _change_key(keys, name, change)
    elif isinstance(keys, list):
        build["ssh"] = [_change_ssh_key(key, change) for key in keys]


def _change_ssh_key(key: Value, change: PathChange) -> Value:
    """``ID=PATH``, the form of ``ssh`` in a finished model."""
    name, equals, path = str(key).partition("=")
    return f"{name}={change(path)}" if equals else key


def _change_key(table: Table, key: str, change: PathChange) -> None:
    if key in table:
        table[key] = _changed(table[key], change)


def _changed(value: Value, change: PathChange) -> Value:
    return change(value) if isinstance(value, str) else value
