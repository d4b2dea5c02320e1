"""A repository's git configuration, and remote URLs in one spelling."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from previewer.git.command import GitCommand

_SCP_LIKE = re.compile(r"(?:[^/@]+@)?(?P<host>\[[^\]]+\]|[^/:\[\]]{2,}):(?P<path>(?!//).+)")
"""``git@host:owner/name.git`` (git-clone(1), GIT URLS). A host of one letter would be a Windows drive."""


def normalise_remote_url(url: str) -> str | None:
    """``host/path`` without scheme, user, port, ``.git`` and trailing ``/``; the host in lower case.

    ``None`` for a path on this machine, which other clones need not share.
    """
    if "://" in url:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return None
        path = parts.path
        if parts.scheme == "file" or not host:
            return None
    else:
        match = _SCP_LIKE.fullmatch(url)
        if match is None:
            return None
        host, path = match["host"].strip("[]"), match["path"]
    return f"{host.lower()}/{repository_path(path)}"


def repository_path(path: str) -> str:
    """A repository's path without what may be there or not: slashes around it and ``.git``."""
    return path.strip("/").removesuffix(".git").rstrip("/")


STORE_KEY = "previewer.store"
"""The git setting of a repository that holds releases and no commits: ``previewer pull`` made it."""

OWN_SCOPES = ("local", "worktree")
"""Scopes of settings that the repository's own files hold or include."""


class GitSettings:
    """What ``git config`` says: system, user and repository files together.

    A file that the repository's own settings include from the working tree does not count: any branch can hold it.
    """

    def __init__(self, command: GitCommand, folders: Callable[[], tuple[str, str]] | None = None) -> None:
        """``folders`` gives the working tree and the repository's common folder, where there are both."""
        self._command = command
        self._folders = folders

    @cached_property
    def _records(self) -> tuple[tuple[str, str], ...]:
        fields = self._command.text("config", "--list", "-z", "--show-scope", "--show-origin").split("\0")
        records = []
        for scope, origin, record in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
            key, _, value = record.partition("\n")
            if scope not in OWN_SCOPES or not self._is_in_working_tree(origin):
                records.append((key, value))
        return tuple(records)

    def _is_in_working_tree(self, origin: str) -> bool:
        if self._folders is None or not origin.startswith("file:") or origin == "file:.git/config":
            return False
        location, shared = self._folders()
        path = Path(location, origin.removeprefix("file:")).resolve()
        return path.is_relative_to(Path(location).resolve()) and not path.is_relative_to(Path(shared).resolve())

    @cached_property
    def _values(self) -> dict[str, str]:
        return dict(self._records)

    def get(self, key: str) -> str | None:
        """The last value of a key (section and name in lower case, as git prints them); ``None`` without one."""
        return self._values.get(key) or None

    @cached_property
    def remotes(self) -> tuple[str, ...]:
        """The remotes' names, ``origin`` first, then sorted."""
        names = {
            key.removeprefix("remote.").removesuffix(".url")
            for key in self._values
            if key.startswith("remote.") and key.endswith(".url")
        }
        return tuple(sorted(names, key=lambda name: (name != "origin", name)))

    def all(self, key: str) -> tuple[str, ...]:
        """All values of a key, in the order in which git reads them."""
        return tuple(value for name, value in self._records if name == key)

    def fetch_targets(self, remote: str, reference: str) -> Iterator[str]:
        """The references that a fetch from ``remote`` keeps its ``reference`` in, as ``remote.*.fetch`` says."""
        for refspec in self.all(f"remote.{remote}.fetch"):
            source, _, target = refspec.lstrip("+").partition(":")
            before, star, after = source.partition("*")
            if not target or not (reference == source or star):
                continue
            if not star:
                yield target
            elif reference.startswith(before) and reference.endswith(after):
                yield target.replace("*", reference[len(before) : len(reference) - len(after)])

    @property
    def is_store(self) -> bool:
        """Whether the repository holds releases without their commits."""
        return self.get(STORE_KEY) == "true"

    @property
    def is_partial_clone(self) -> bool:
        """Whether objects are fetched when they are first asked for."""
        promises = (key for key in self._values if key.startswith("remote.") and key.endswith(".promisor"))
        return self.get("extensions.partialclone") is not None or any(map(self.get, promises))
